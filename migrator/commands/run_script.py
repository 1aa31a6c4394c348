"""Which file the SCRIPT of `migrate run` is."""

from __future__ import annotations

from pathlib import Path

from migrator.errors import UsageError


def find_script(name: str, cwd: Path) -> Path:
    """A script of the user's own, as seen from `cwd`. Raises `UsageError` when Python could not run it."""
    path = cwd / name
    if not path.exists():
        raise UsageError(f"there is no script {name} in {cwd}", hint="name a file, or a module with -m")
    _check_python(path, name)
    return path


def find_ported_script(name: str, output: Path, cwd: Path) -> tuple[Path, str]:
    """A script of the output of migrate at `output`, and what is to be said about the choice; mostly "".

    `name` is looked for in the output first; a path from `cwd` into the output does too. Raises `UsageError` for a
    script that is not in the output.
    """
    ported, here = output / name, cwd / name
    if ported.exists():
        _check_python(ported, name)
        also = here.exists() and not here.samefile(ported)
        return (
            ported,
            f"there are two {name}: this runs the one in {output}, not the one in this folder" if also else "",
        )
    if here.exists() and here.resolve().is_relative_to(output):
        _check_python(here, name)
        return here, ""
    there = ", ".join(sorted(path.name for path in output.glob("*.py"))[:6]) or "none at its top"
    raise UsageError(
        f"there is no script {name} in the migrated output {output}",
        hint=f"its scripts: {there}; leave TARGET out to run a script from elsewhere",
    )


def _check_python(path: Path, name: str) -> None:
    if path.is_dir():
        if not (path / "__main__.py").is_file():
            raise UsageError(f"{name} is a folder without a __main__.py", hint="name a script in it")
        return
    with path.open("rb") as file:
        first = file.readline(200)
    if first.startswith(b"#!") and b"python" not in first:
        raise UsageError(
            f"{name} is not a Python script: it begins with {first.decode('utf-8', 'replace').strip()}",
            hint="run the trainer that it starts; --print shows the environment that a shell script has to set",
        )
