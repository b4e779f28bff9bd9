"""Entries by name: ``W1[bill_length_mm,5]`` and ``out[3,Adelie]`` beside numbers.

Columns name the inputs, classes the outputs; a name with odd characters stands in quotes. Knows
what stands between brackets, and which axes have names; knows no run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from chainrule.errors import SpecError

Names = Sequence[str] | None
"""What the entries along an axis are called, if they have names."""

PART = re.compile(r"""\s*(?:'(?P<one>[^']*)'|"(?P<two>[^"]*)"|(?P<plain>[^,'"]+?))\s*(?:,|$)""")
NUMBER = re.compile(r"-?\d+")
PLAIN = re.compile(r"[^\s,'\"\[\]][^,'\"\[\]]*")
FEW = 8
"""Names that an error lists."""


@dataclass(frozen=True)
class Part:
    """What stands between two commas: a number, or a name."""

    text: str
    quoted: bool

    @property
    def number(self) -> int | None:
        """The number, unless it is a name; what looks like a number is one unless quoted."""
        is_number = not self.quoted and NUMBER.fullmatch(self.text)
        return int(self.text) if is_number else None


def parts_of(index: str) -> list[Part] | None:
    """Return what stands between brackets, part by part; None if it cannot be read.

    Examples
    --------
    >>> [part.text for part in parts_of("3, 'length, mm'")]
    ['3', 'length, mm']
    >>> parts_of("3,'length") is None
    True
    """
    found, place = list[Part](), 0
    while place < len(index):
        part = PART.match(index, place)
        if part is None:
            return None
        text = next(t for t in (part["one"], part["two"], part["plain"]) if t is not None)
        found.append(Part(text, part["plain"] is None))
        place = part.end()
    return found


def quoted(name: str) -> str:
    """Return a name as it is typed between brackets.

    Examples
    --------
    >>> quoted("bill_length_mm"), quoted("length, mm"), quoted("7")
    ('bill_length_mm', "'length, mm'", "'7'")
    """
    if PLAIN.fullmatch(name) and name == name.strip() and not NUMBER.fullmatch(name):
        return name
    return f'"{name}"' if "'" in name else f"'{name}'"


def axis_names(
    shapes: Mapping[str, Sequence[int]], columns: Names, classes: Names, layers: Sequence[str]
) -> dict[str, tuple[Names, ...]]:
    """Return the names along each axis of each array that has any.

    Parameters
    ----------
    shapes : mapping of str to sequence of int
        The arrays by name: ``x``, ``out``, parameters, ``z1`` ...
    columns : sequence of str, optional
        What the inputs are called.
    classes : sequence of str, optional
        What the outputs are called.
    layers : sequence of str
        The weights of the layers, from the inputs on.

    Examples
    --------
    >>> axis_names({"W1": (2, 3), "x": (9, 2)}, ["a", "b"], None, ["W1"])
    {'W1': (('a', 'b'), None), 'x': (None, ('a', 'b'))}
    """
    first, last = (layers[0], layers[-1]) if layers else ("", "")
    inputs = {"x", first}
    outputs = {"out", "y", last, f"b{last[1:]}", f"z{last[1:]}", f"h{last[1:]}"}
    found: dict[str, tuple[Names, ...]] = {}
    for name, shape in shapes.items():
        names: list[Names] = [None] * len(shape)
        if columns and name in inputs and len(shape) == 2:
            axis = 1 if name == "x" else 0
            names[axis] = tuple(columns) if shape[axis] == len(columns) else None
        if classes and name in outputs and shape and shape[-1] == len(classes):
            names[-1] = tuple(classes)
        if any(names):
            found[name] = tuple(names)
    return found


def resolved(
    asked: str,
    parts: Sequence[Part],
    names: Sequence[Names],
    chosen: Callable[[int, Sequence[int]], int | None] = lambda axis, places: None,
) -> tuple[int, ...]:
    """Return the index that numbers and names stand for.

    Parameters
    ----------
    asked : str
        The whole question, for errors.
    parts : sequence of Part
        What stands between the brackets.
    names : sequence of names or None
        What the entries along each axis are called; axes left out have none.
    chosen : callable
        Given an axis and several places that a name may mean, which one it is here, if that is
        clear.

    Raises
    ------
    SpecError
        If a name is not known, or means several entries; with those that are near.
    """
    found = []
    for axis, part in enumerate(parts):
        number = part.number
        if number is not None:
            found.append(number)
            continue
        known = names[axis] if axis < len(names) else None
        if known is None:
            raise SpecError(_no_names(asked, part, names))
        places = _meant(part.text, known)
        place = places[0] if len(places) == 1 else chosen(axis, places) if places else None
        if place is None:
            raise SpecError(_refused(asked, part, known, places))
        found.append(place)
    return tuple(found)


def told(index: Sequence[int], names: Sequence[Names]) -> list[str]:
    """Return the names that an index has, axis by axis.

    Examples
    --------
    >>> told((1, 0), (None, ("Adelie", "Gentoo")))
    ['Adelie']
    """
    return [known[i] for i, known in zip(index, names, strict=False) if known]


def _meant(text: str, names: Sequence[str]) -> list[int]:
    """Return the places a name may mean: itself, else in other case, else what a column became."""
    rules: tuple[Callable[[str], bool], ...] = (
        lambda name: name == text,
        lambda name: name.casefold() == text.casefold(),
        lambda name: name.startswith((f"{text}=", f"{text} missing")),
    )
    for rule in rules:
        places = [k for k, name in enumerate(names) if rule(name)]
        if places:
            return places
    return []


def _near(text: str, names: Sequence[str]) -> list[str]:
    """Return the names like a text, the likest first; of columns of words, their columns."""
    whole = {name: name.casefold() for name in names}
    for form in (whole, {name: text.partition("=")[0] for name, text in whole.items()}):
        near = get_close_matches(text, list(dict.fromkeys(form.values())), n=3)
        found = [name for one in near for name in names if form[name] == one]
        found += [name for name in names if text in form[name] and name not in found]
        if found:
            return found
    return []


def _no_names(asked: str, part: Part, names: Sequence[Names]) -> str:
    named = [f"axis {axis}" for axis, one in enumerate(names) if one]
    where = f"; of this array only {' and '.join(named)} has names" if named else ""
    return (
        f"{asked!r} was asked for, but {part.text!r} is no whole number{where}; an entry is "
        "written such as W1[0,2], counted from 0."
    )


def _refused(asked: str, part: Part, names: Sequence[str], places: Sequence[int]) -> str:
    if places:
        these = ", ".join(f"{quoted(names[k])} ({k})" for k in places[:FEW])
        more = f" and {len(places) - FEW} more" if len(places) > FEW else ""
        return (
            f"{part.text!r} in {asked!r} means {len(places)} entries: {these}{more}.\n  Ask for "
            "one of them, by name or number."
        )
    some = _near(part.text.casefold(), names)
    shown = [quoted(name) for name in (some or names)[:FEW]]
    more = f" ... ({len(names)} names)" if not some and len(names) > FEW else ""
    said = f"did you mean {', '.join(shown)}?" if some else f"there are {', '.join(shown)}{more}."
    return f"nothing is called {part.text!r} in {asked!r}; {said}"
