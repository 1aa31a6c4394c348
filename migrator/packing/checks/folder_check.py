"""Whether what stands in and beside a packed folder belongs to its shards: metadata, manifest, checksums."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from migrator.packing.checks.fault_log import FaultLog
from migrator.packing.checks.folder_counts import Counts, file_faults, manifest_faults, metadata_faults, read_facts
from migrator.packing.inputs import Inputs
from migrator.packing.manifest import MANIFEST, metadata_path
from migrator.packing.parallel import ordered
from migrator.packing.progress import Progress
from migrator.packing.writing import file_digest


def check_metadata(folder: Path, counts: Counts, log: FaultLog) -> None:
    """The file that trainers read, beside the folder: beside a link to it, or beside the folder itself."""
    places = [metadata_path(Path(os.path.abspath(folder))), metadata_path(folder.resolve())]  # noqa: PTH100 - keeps links
    path = next((place for place in places if place.exists()), places[0])
    metadata, wrong = read_facts(path)
    for what in [wrong] if wrong else metadata_faults(metadata, counts):
        log.note(what, path.name)


def known_manifest(folder: Path, log: FaultLog) -> Mapping[str, Any] | None:
    """What our own packer wrote down, or None: others write nothing of the kind."""
    path = folder / MANIFEST
    if not path.exists():
        return None
    facts, wrong = read_facts(path)
    if wrong:
        log.note(wrong, MANIFEST)
    return None if wrong else facts


def check_files(
    manifest: Mapping[str, Any], inputs: Inputs, counts: Counts, log: FaultLog, workers: int, progress: Progress
) -> None:
    """The manifest's counts, and every file it lists by its checksum."""
    digests: dict[str, str] = {}
    for path, digest in zip(inputs.paths, ordered(file_digest, inputs.paths, workers), strict=True):
        digests[path.name] = digest
        progress("checksums", len(digests), len(inputs.paths))
    for what in manifest_faults(manifest, counts):
        log.note(what, MANIFEST)
    for file, what in file_faults(manifest, counts, digests):
        log.note(what, file or MANIFEST)
