"""How much memory this process holds, and will hold at its peak.

Knows the operating system's figures; knows nothing of networks.
"""

from __future__ import annotations

import sys
from pathlib import Path


def resident_bytes() -> int | None:
    """Return the bytes of memory that the process holds now; None where it cannot be asked."""
    try:
        import resource

        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * resource.getpagesize()
    except (ImportError, OSError):
        return None


def highest_bytes() -> int | None:
    """Return the most memory that the process has held so far; None where it cannot be asked.

    Linux is asked by /proc: the figure of getrusage also counts the process that started this one.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(x.split()[1]) * 1024 for x in lines if x.startswith("VmHWM:"))
    except (OSError, StopIteration):
        pass
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def expected_peak(added: int) -> int | None:
    """Return the peak of the process if so many bytes are added to what it holds now.

    Parameters
    ----------
    added : int
        Bytes that are still to be allocated.

    Examples
    --------
    >>> peak = expected_peak(10**9)
    >>> peak is None or peak > 10**9
    True
    """
    now, highest = resident_bytes(), highest_bytes()
    if now is None or highest is None:
        return None
    return max(highest, now + added)
