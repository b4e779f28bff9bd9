"""Memory: saying that something will not fit before it is tried.

Knows bytes and this machine's free memory; knows nothing of tables.
"""

from __future__ import annotations

from pathlib import Path

from chainrule.errors import DataError

_MEMINFO = Path("/proc/meminfo")
_STATUS = Path("/proc/self/status")


def available_memory() -> int | None:
    """Return how many bytes can be taken without swapping; None where the system does not say.

    Examples
    --------
    >>> available_memory() is None or available_memory() > 0
    True
    """
    free = _kilobytes(_MEMINFO, "MemAvailable:")
    limit = _address_space()
    known = [count for count in (free, limit) if count is not None]
    return min(known, default=None)


def _address_space() -> int | None:
    """Return what is left of the address space that this process may have (ulimit -v)."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    taken = _kilobytes(_STATUS, "VmSize:")
    if most == resource.RLIM_INFINITY or taken is None:
        return None
    return max(most - taken, 0)


def _kilobytes(place: Path, name: str) -> int | None:
    """Return a figure that the system writes in kB, as bytes; None where it does not say."""
    try:
        lines = place.read_text(errors="replace").splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(name)]
    return int(found[0]) * 1024 if found else None


def check_memory(needed: int, purpose: str, hint: str = "Take fewer rows or columns.") -> None:
    """Refuse what would need more than nine tenths of the memory that is free."""
    available = available_memory()
    if available is not None and needed > 0.9 * available:
        raise DataError(
            f"{purpose} would need {_gib(needed)}, but only {_gib(available)} are free.\n  {hint}"
        )


def _gib(count: int) -> str:
    return f"{count / 2**30:.3g} GiB" if count >= 2**27 else f"{count / 2**20:.3g} MiB"
