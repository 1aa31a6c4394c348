"""Text of files made safe to show."""

from __future__ import annotations


def visible(text: str) -> str:
    """Return `text` with control characters as symbols, so that no file can steer the terminal that shows it."""
    return text.translate(_SYMBOLS)


# ESC as U+241B and so on; tab and newline stay. C1 controls and the marks that reorder text have no symbols.
_SYMBOLS = {code: 0x2400 + code for code in range(32) if code not in (9, 10)}
_SYMBOLS |= dict.fromkeys([127], 0x2421)
_SYMBOLS |= dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD)
