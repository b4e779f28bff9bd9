r"""Notations: how a course, a book of matrices and a book of errors write the same things.

One class a notation; each names values, entries and derivatives. Knows names; knows no derivation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from chainrule.errors import SpecError, shown
from chainrule.explain.derive.maths import Maths, put
from chainrule.explain.formula import in_brackets
from chainrule.explain.symbols import indexed, upright

Name = Literal["course", "matrix", "matrix-columns", "delta"]
NAMED = re.compile(r"([A-Za-z]+?)(\d*)")


@dataclass(frozen=True)
class Notation:
    """How things are written; this is that of the course, and the ground of the others.

    Attributes
    ----------
    name : str
        Its name.
    entries, matrices : bool
        Whether formulas are given entry by entry, and for all rows at once.
    columns : bool
        Whether a row of the table is a column of a matrix.
    """

    name: str = "course"
    entries: bool = True
    matrices: bool = True
    columns: bool = False

    def value(self, name: str) -> Maths:
        """Return a value as a whole."""
        return Maths(name, upright(name))

    def entry(self, name: str, *index: str) -> Maths:
        """Return one entry of a value."""
        inside = f"[{','.join(index)}]" if index else ""
        return Maths(name + inside, indexed(name, inside))

    def slope(self, name: str) -> Maths:
        """Return the derivative of L by a value as a whole."""
        return put("dL/d%s", r"\frac{\partial L}{\partial %s}", self.value(name))

    def slope_entry(self, name: str, *index: str) -> Maths:
        """Return the derivative of L by one entry."""
        return put("dL/d%s", r"\frac{\partial L}{\partial %s}", self.entry(name, *index))

    def partial(self, top: Maths, below: Maths) -> Maths:
        """Return a local derivative."""
        return put("d%s/d%s", r"\frac{\partial %s}{\partial %s}", top, below)

    def turned(self, value: Maths) -> Maths:
        """Return a matrix with rows and columns changed."""
        plain = re.fullmatch(r"\w+", value.text) is not None
        typed = value.text if plain else f"({value.text})"
        if plain and value.latex.endswith(")}"):  # the number of a layer stands above already
            return Maths(f"{typed}^T", rf"{value.latex[:-1]} \top}}")
        set_ = value.latex if plain else in_brackets(value.latex)
        return Maths(f"{typed}^T", rf"{set_}^{{\top}}")

    def applied(self, function: str, value: Maths, primes: int = 0) -> Maths:
        """Return a function of a value."""
        name = upright(function) if len(function) > 1 else function
        prime = "'" * primes
        return Maths(f"{function}{prime}({value.text})", f"{name}{prime}{in_brackets(value.latex)}")


@dataclass(frozen=True)
class Matrices(Notation):
    """Denominators are whole matrices, in capitals."""

    name: str = "matrix"
    entries: bool = False

    def value(self, name: str) -> Maths:
        """Return a value as a capital with the number of its layer."""
        word, number = _parts(name)
        if word == "b" or name in ("L", "l", "w"):
            capital = word
        else:
            capital = word.capitalize() if len(word) > 1 else word.upper()
        base = upright(capital)
        return Maths(f"{capital}{number}", f"{base}_{{{number}}}" if number else base)

    def entry(self, name: str, *index: str) -> Maths:
        """Return one entry: the matrix with its indices."""
        whole = self.value(name)
        inside = f"[{','.join(index)}]" if index else ""
        return Maths(whole.text + inside, whole.latex + inside)


@dataclass(frozen=True)
class Deltas(Notation):
    """The errors of books: delta of layer l is the derivative of L by its pre-activation.

    Attributes
    ----------
    errors : tuple of (str, int)
        The name of each layer's pre-activation, and the layer's number.
    outputs : tuple of (str, int)
        The name of what comes out of each layer, and the layer's number.
    """

    name: str = "delta"
    errors: tuple[tuple[str, int], ...] = ()
    outputs: tuple[tuple[str, int], ...] = ()

    def value(self, name: str) -> Maths:
        """Return a value with the number of its layer above: a for what comes out of a layer."""
        number: int | str | None = dict(self.outputs).get(name)
        word = "a" if number is not None else ""
        if number is None:
            word, number = _parts(name)
        base = upright(word)
        return Maths(f"{word}{number}", f"{base}^{{({number})}}" if number != "" else base)

    def entry(self, name: str, *index: str) -> Maths:
        """Return one entry: indices below."""
        return _below(self.value(name), index)

    def slope(self, name: str) -> Maths:
        """Return delta for a pre-activation, else the derivative."""
        number = dict(self.errors).get(name)
        if number is None:
            return super().slope(name)
        return Maths(f"delta{number}", rf"\delta^{{({number})}}")

    def slope_entry(self, name: str, *index: str) -> Maths:
        """Return delta with indices, else the derivative."""
        if name not in dict(self.errors):
            return super().slope_entry(name, *index)
        return _below(self.slope(name), index)


def _below(whole: Maths, index: tuple[str, ...]) -> Maths:
    if not index:
        return whole
    inside = ",".join(index)
    return Maths(f"{whole.text}[{inside}]", f"{whole.latex}_{{{inside}}}")


def _parts(name: str) -> tuple[str, str]:
    """Return the letters of a name and the number behind them."""
    found = NAMED.fullmatch(name)
    return (found[1], found[2]) if found else (name, "")


NAMES = ("course", "matrix", "matrix-columns", "delta")


def find_notation(name: str, layers: tuple[tuple[str, str, int], ...]) -> Notation:
    """Return a notation by its name, for layers of pre-activation, output and number.

    Raises
    ------
    SpecError
        If there is none of that name.
    """
    if name == "course":
        return Notation()
    if name in ("matrix", "matrix-columns"):
        return Matrices(name=name, columns=name == "matrix-columns")
    if name == "delta":
        errors = tuple((z, number) for z, _, number in layers)
        return Deltas(errors=errors, outputs=tuple((out, number) for _, out, number in layers))
    raise SpecError(f"notation {shown(name)} was asked for; there are {', '.join(NAMES)}.")
