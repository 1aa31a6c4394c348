"""Sets of whole numbers as the bits of one: the next number below or above another is found at once, not looked for."""

from __future__ import annotations

from collections.abc import Iterable


def bit_set(numbers: Iterable[int]) -> int:
    """Bit n is set for every number n, all from 0 up."""
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


def lowest(numbers: int) -> int:
    """-1 for the empty set."""
    return (numbers & -numbers).bit_length() - 1


def highest(numbers: int) -> int:
    """-1 for the empty set."""
    return numbers.bit_length() - 1


def up_to(numbers: int, most: int) -> int:
    """Those that are not higher."""
    return numbers & ((2 << most) - 1)


def lowest_from(numbers: int, least: int) -> int:
    """The lowest that is not lower; -1 where there is none."""
    above = lowest(numbers >> least)
    return least + above if above >= 0 else -1
