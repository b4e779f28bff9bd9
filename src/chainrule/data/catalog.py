"""Tables that come with the package, and what is known about them.

Knows the folder `tables` beside it; knows nothing of reading or training.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from chainrule.data.columns import some
from chainrule.errors import DataError

_FOLDER = Path(__file__).parent / "tables"


@dataclass(frozen=True)
class Manifest:
    """What is known about a shipped table.

    Attributes
    ----------
    title : str
        What it is.
    licence : str
        Under which terms it may be used.
    source : str
        Where it comes from.
    citation : str
        Who collected it, and where they describe it.
    target : str
        The column to predict.
    missing : tuple of str
        Words that stand for a missing value.
    drop : tuple of str
        Columns that are no inputs.
    """

    title: str
    licence: str
    source: str
    citation: str
    target: str
    missing: tuple[str, ...]
    drop: tuple[str, ...]


def shipped(name: str = "penguins") -> tuple[Path, Manifest]:
    """Return the path of a shipped table and its manifest.

    Parameters
    ----------
    name : str
        Name of the table.

    Examples
    --------
    >>> path, manifest = shipped("penguins")
    >>> path.name, manifest.target, manifest.missing
    ('penguins.csv', 'species', ('NA',))
    """
    known = sorted(path.stem for path in _FOLDER.glob("*.toml"))
    if name not in known:
        raise DataError(f"No table {name!r} comes with the package; there are: {some(known)}.")
    fields = tomllib.loads((_FOLDER / f"{name}.toml").read_text("utf-8"))
    fields = {
        key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()
    }
    return _FOLDER / f"{name}.csv", Manifest(**fields)
