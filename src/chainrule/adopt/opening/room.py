"""Whether the weights of a file fit into memory, asked before any are read.

Knows sizes; opens nothing.
"""

from __future__ import annotations

from chainrule.data.memory import check_memory

TIMES = 3
"""As read, as float64, and one of them on its way."""


def check_room(size: int, where: str) -> None:
    """Raise unless so many bytes of weights can be held as they are and as float64."""
    check_memory(TIMES * size, f"reading {where}", "Use a machine with more memory.")
