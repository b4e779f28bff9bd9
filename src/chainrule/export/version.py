"""Who wrote an export.

Knows the installed package; knows nothing of runs.
"""

from importlib.metadata import PackageNotFoundError, version


def written_by() -> str:
    """Return the version of chainrule that is installed.

    Examples
    --------
    >>> isinstance(written_by(), str)
    True
    """
    try:
        return version("chainrule")
    except PackageNotFoundError:
        return "unknown"
