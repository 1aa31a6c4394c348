"""The upstream that travels with this package, for trying everything without a network."""

from __future__ import annotations

from dataclasses import replace

from migrator.core.tree import Mode, Tree
from migrator.errors import UpstreamError
from migrator.repo.folders import read_files, walk
from migrator.repo.pins import EmbeddedPin


def read_embedded(pin: EmbeddedPin) -> Tree:
    """Return the folder's files. The executable bit comes from the pin alone, because a wheel may lose it."""
    if not pin.folder.is_dir():
        raise UpstreamError(f"{pin.name}: the folder {pin.folder} is missing", hint="install migrator again")
    tree = read_files(pin.folder, walk(pin.folder))
    if absent := sorted(set(pin.executable) - set(tree)):
        raise UpstreamError(f"{pin.name}: there is no {absent[0]} to make executable")
    modes = {path: Mode.EXECUTABLE if path in pin.executable else Mode.FILE for path in tree}
    return {path: e if e.mode is Mode.LINK else replace(e, mode=modes[path]) for path, e in tree.items()}
