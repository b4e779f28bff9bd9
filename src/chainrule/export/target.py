"""What a target of an export is, the registry of all of them, and the one door to them.

Knows names and endings; each form is a file in `targets`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from chainrule.errors import DivergenceError, SpecError, shown
from chainrule.files.single import check_free, write_single
from chainrule.train import Record


@dataclass(frozen=True, eq=False)
class Subject:
    """What is exported.

    Attributes
    ----------
    record : Record
        The training.
    preparation : Preparation or None
        How a table becomes inputs, and outputs become labels or numbers in their own unit.
    """

    record: Record
    preparation: Any = None


@dataclass(frozen=True)
class Port:
    """What goes into an exported model, or comes out of it, under a name.

    Attributes
    ----------
    name : str
        By which it is fed or fetched.
    kind : str
        What it holds: double, float, int64, string.
    shape : tuple of str or int
        Its lengths; "rows" is open.
    words : str
        What it means.
    """

    name: str
    kind: str
    shape: tuple[str | int, ...]
    words: str


Write = Callable[[Subject], Iterable[bytes]]
Tell = Callable[[Subject], Mapping[str, Sequence[Port]]]


def nothing_to_tell(subject: Subject) -> Mapping[str, Sequence[Port]]:
    """Return no ports: a target without inputs and outputs."""
    return {}


@dataclass(frozen=True)
class Target:
    """A form that a run can be written in.

    Attributes
    ----------
    name : str
        What it is asked for by.
    ending : str
        The ending of its files.
    summary : str
        What it is, in one sentence.
    write : callable
        Subject to the bytes of the file, piece by piece.
    needs_model : bool
        Whether it is of no use for a run that diverged.
    needs_rows : bool
        Whether the rows of the training must be at hand.
    tell : callable
        Subject to the model's ports, by "inputs" and "outputs"; none where it has no such names.
    """

    name: str
    ending: str
    summary: str
    write: Write
    needs_model: bool = True
    needs_rows: bool = False
    tell: Tell = nothing_to_tell


_found: dict[str, Target] = {}


def target(
    name: str,
    ending: str,
    summary: str,
    *,
    needs_model: bool = True,
    needs_rows: bool = False,
    tell: Tell = nothing_to_tell,
) -> Callable[[Write], Write]:
    """Register the function below it as what writes a target.

    Parameters
    ----------
    name, ending, summary, needs_model, needs_rows, tell
        See `Target`.
    """

    def register(write: Write) -> Write:
        _found[name] = Target(name, ending, summary, write, needs_model, needs_rows, tell)
        return write

    return register


def targets() -> dict[str, Target]:
    """Return every target by name.

    Examples
    --------
    >>> "json" in targets()
    True
    """
    folder = import_module("chainrule.export.targets")
    for module in iter_modules(folder.__path__):
        import_module(f"{folder.__name__}.{module.name}")
    return dict(sorted(_found.items()))


def find_target(to: str | None, path: str | os.PathLike[str]) -> Target:
    """Return the target of a name; without one, that of the path's ending.

    Parameters
    ----------
    to : str or None
        The name of a target.
    path : path
        Where it is to go; of targets with one ending the one of the shortest name is meant.

    Raises
    ------
    SpecError
        If there is none.

    Examples
    --------
    >>> find_target(None, "weights.npz").name
    'npz'
    """
    known = targets()
    if to is not None:
        if isinstance(to, str) and to in known:
            return known[to]
        raise SpecError(f"there is no export to {shown(to)}; there are {', '.join(known)}.")
    ending = Path(path).suffix.lower()
    for one in sorted(known.values(), key=lambda one: len(one.name)):
        if one.ending == ending:
            return one
    found = f"{os.fspath(path)!r} names none" if os.fspath(path) else "neither was given"
    listed = ", ".join(f"{one.ending} ({one.name})" for one in known.values())
    raise SpecError(
        f"the form of an export is asked for by name (--to) or by the ending of its file (--out); "
        f"{found}.\n  There are {listed}."
    )


def export(
    subject: Subject,
    path: str | os.PathLike[str],
    to: str | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write a run in another form; the file appears complete or not at all.

    Parameters
    ----------
    subject : Subject
        What is exported.
    path : path
        The file.
    to : str, optional
        The name of a target; by the path's ending unless given.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    SpecError, FileRefused, DivergenceError
        If there is no such target, the file cannot be written, or there is no model.
    """
    found, place = find_target(to, path), Path(path)
    check_free(place, overwrite=overwrite)
    trouble = subject.record.trouble
    if trouble is not None and found.needs_model:
        raise DivergenceError(
            f"export to {found.name} was asked for, and this run diverged at step {trouble.step} "
            f"({trouble.fact}): it has no model.\n  Train again with a smaller rate.",
            step=trouble.step,
            tensor=trouble.tensor,
        )
    return write_single(place, found.write(subject), overwrite=overwrite)
