"""What programs can ask about a chip: its name and its memory.

Names: those that the bridge's users compare with, and what programs of optimum-habana and lightning-habana test for.
Sizes: Gaudi Architecture and Intel's product pages (HBM 32, 96 and 128 GB, SRAM 24, 48 and 96 MB, 8, 24 and 64 TPCs);
they are taken in powers of two, less whatever a real card's driver keeps for itself, which is not documented.
`synapse_type` is the number of the chip in Intel's public synapse_common_types.h.
"""

from __future__ import annotations

from dataclasses import dataclass

from migrator.core.target import Chip
from migrator.emulator.profile import current

_GIB = 1024**3
_MIB = 1024**2


@dataclass(frozen=True)
class Card:
    """Facts about one card; memory in bytes."""

    name: str
    memory: int
    sram: int
    tensor_cores: int
    synapse_type: int


_CARDS = {
    Chip.GAUDI: Card("GAUDI", 32 * _GIB, 24 * _MIB, 8, 2),
    Chip.GAUDI2: Card("GAUDI2", 96 * _GIB, 48 * _MIB, 24, 4),
    Chip.GAUDI3: Card("GAUDI3", 128 * _GIB, 96 * _MIB, 64, 5),
}


def current_card() -> Card:
    """The card that this process's profile asks for."""
    return _CARDS[current().chip]
