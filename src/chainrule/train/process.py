"""How much memory this process holds, and will hold at its peak.

Knows the operating system's figures; knows nothing of networks.
"""

from __future__ import annotations

from pathlib import Path

STATUS = Path("/proc/self/status")
"""Where Linux tells the figures of this process alone (getrusage counts its parent's, too)."""


def resident_bytes() -> int | None:
    """Return the bytes of memory that the process holds now; None where it cannot be asked."""
    return _figure("VmRSS:")


def highest_bytes() -> int | None:
    """Return the most memory that the process has held so far; None where it cannot be asked."""
    return _figure("VmHWM:")


def _figure(name: str) -> int | None:
    try:
        lines = STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), None)


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
