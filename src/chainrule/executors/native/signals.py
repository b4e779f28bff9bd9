"""What a step and its caller tell each other: numbers of 8 bytes in a row, and why a step ended.

Knows nothing but their order.
"""

from __future__ import annotations

from enum import IntEnum


class Stop(IntEnum):
    """Why a step or a loop ended."""

    DONE = 0
    LOSS = 1
    REFUSED = 2
    FAILED = 3


class IO(IntEnum):
    """The numbers that a step reads and writes: each 8 bytes, in this order."""

    X = 0
    Y = 1
    W = 2
    LOSS = 3
    PENALTY = 4
    LIMIT = 5
    STEP = 6
    CALLBACK = 7
    THREAD = 8
    THREADS = 9
    MEETING = 10
    YIELD = 11
