"""The API map as it stands on disk: every TOML file in patches/api_map/."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from migrator.core.api_map import ApiMap, build, parse
from migrator.errors import UsageError
from migrator.resources import find_data
from migrator.toml_file import read_toml


def read_api_map(folder: Path) -> ApiMap:
    """Return the map of all TOML files in `folder`. `UsageError` when there is none or an entry is wrong."""
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise UsageError(f"{folder}: no API map there", hint="the package is incomplete: install it again")
    return build(entry for file in files for entry in parse(read_toml(file), file.name))


@cache
def load_api_map() -> ApiMap:
    """The map in force: the package's, or the user's own in `MIGRATE_DATA`."""
    return read_api_map(find_data("patches/api_map"))
