"""A layer of whole files written here."""

from __future__ import annotations

from migrator.core.added_file import added_file
from migrator.core.layers import FilesLayer
from migrator.core.rule_layer import DriftError
from migrator.core.steps import LayerResult, Step
from migrator.core.tree import Entry, Mode, Tree, check_link, check_path
from migrator.core.udiff_content import parents


def apply_files(layer: FilesLayer, tree: Tree) -> LayerResult:
    """Add the layer's files. One that exists already is drift: the layer would hide what upstream wrote."""
    steps: list[Step] = []
    folders = {folder for known in tree for folder in parents(known)}
    files = {**layer.files, **{f"{name}.py": module for name, module in layer.modules.items()}}
    for number, (path, entry) in enumerate(sorted(files.items()), 1):
        _check_free(layer, path, entry, tree, folders)
        steps.append(added_file(path, entry.data, layer.name, layer.reason, layer.source, number))
    return LayerResult({**tree, **files}, tuple(steps))


def _check_free(layer: FilesLayer, path: str, entry: Entry, tree: Tree, folders: set[str]) -> None:
    """Raise unless the path can be added: it is neither there nor a folder, and no file or link stands above it."""
    check_path(path)
    if entry.mode is Mode.LINK:
        check_link(path, entry.data)
    taken = path in tree or path in folders
    above = next((folder for folder in parents(path) if folder in tree), None)
    if taken or above is not None:
        raise DriftError(
            f"layer {layer.name!r}: {path if taken else above} exists already"
            + ("" if taken else ", and is no folder"),
            hint="upstream has a file of that name now; rename the added one, or write a diff against it",
        )
