"""The files of an input."""

from __future__ import annotations

from pathlib import Path

from migrator.errors import UsageError

_HINT = "give a folder of HDF5 shards, or one shard"


def shard_files(folder: Path) -> list[Path]:
    """The shards of a folder, or the one file, in the order of their names. Raises `UsageError` for none."""
    try:
        if folder.is_file():
            return [folder]
        if not folder.is_dir():
            raise UsageError(f"{folder} does not exist", hint=_HINT)
        found = sorted(path for path in folder.iterdir() if path.suffix in (".hdf5", ".h5") and path.is_file())
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror}") from error
    if not found:
        raise UsageError(f"{folder} holds no *.hdf5 or *.h5 file", hint=_HINT)
    return found


def training_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """The shards to train on, and those passed over: where names say `training`, upstream's trainers take no others.

    NVIDIA's data scripts write training and test shards into one folder. Raises `UsageError` for none.
    """
    found = shard_files(folder)
    named = [path for path in found if "training" in path.name]
    return (named, [path for path in found if path not in named]) if named else (found, [])
