"""Memory that was freed is used again instead of being given back to the system, which has to clear it each time.

Arrays of a MiB or so come and go thousands of times; a fifth of the time of packing was the system's, clearing their
pages. The C library of Linux keeps freed blocks up to the size of the largest that was ever mapped and freed, 32 MiB at
most, and twice that at the end of its heaps (mallopt(3), M_MMAP_THRESHOLD). Other libraries ignore it.
"""

from __future__ import annotations

import numpy as np

_LARGEST = 2**25 - 2**16  # with what the library adds, still below the most that it takes as a hint


def keep_freed_memory() -> None:
    """For the rest of this process."""
    np.empty(_LARGEST, np.uint8)
