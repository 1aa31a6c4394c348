"""What was found and what was done about it, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(str, Enum):
    """The class of a change or a finding.

    The first three are the classes of Gaudi's own migration logs: `match` (same call under another name),
    `modified` (arguments or structure changed), `mismatch` (no counterpart: removed or replaced by nothing).
    Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Model_Porting/GPU_Migration_Toolkit/GPU_Migration_Toolkit.html
    """

    MATCH = "match"
    MODIFIED = "modified"
    MISMATCH = "mismatch"
    MANUAL = "manual"
    UNSUPPORTED = "unsupported"

    @property
    def label(self) -> str:
        """The name in the text log, for instance `hpu_match`."""
        return f"hpu_{self.value}"


@dataclass(frozen=True)
class Finding:
    """Something that was left for a person: `line` is 1-based, in the file as it is after the stage."""

    kind: Kind
    file: str
    line: int
    api: str
    message: str
    advice: str = ""
    rule: str = ""


@dataclass(frozen=True)
class LineRange:
    """`count` lines from the 1-based line `start`; count 0 is the gap before line `start`."""

    start: int
    count: int

    @property
    def stop(self) -> int:
        """The first line after the range."""
        return self.start + self.count


@dataclass(frozen=True)
class Change:
    """One contiguous change of one file by one layer, with its explanation.

    `before` is in the file as the stage found it, `after` in the file as the stage leaves it. Changes that
    belong together (an import and the call that needs it) share `fix`, a number within the stage.
    """

    stage: str
    layer: str
    file: str
    before: LineRange
    after: LineRange
    rule: str
    kind: Kind
    text_before: str
    text_after: str
    reason: str
    source: str
    fix: int = 0
    old_file: str = ""  # the path before a rename
