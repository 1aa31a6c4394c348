"""The API map as it stands on disk: every TOML file in patches/api_map/."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from migrator.core.api_map import ApiMap, build, parse
from migrator.core.toolkit_names import build_toolkit, parse_toolkit
from migrator.errors import UsageError
from migrator.resources import find_data
from migrator.toml_file import read_toml


def read_api_map(folder: Path) -> ApiMap:
    """Return the map of all TOML files in `folder`. `UsageError` when there is none or an entry is wrong."""
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise UsageError(f"{folder}: no API map there", hint="the package is incomplete: install it again")
    documents = {file.name: read_toml(file) for file in files}
    known = (
        group for name, document in documents.items() for group in parse_toolkit(document.get("toolkit", []), name)
    )
    entries = (entry for name, document in documents.items() for entry in parse(document, name))
    return build(entries, build_toolkit(known))


@cache
def load_api_map() -> ApiMap:
    """The map in force: the package's, or the user's own in `MIGRATE_DATA`."""
    return read_api_map(find_data("patches/api_map"))
