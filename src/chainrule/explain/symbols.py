r"""Symbols: the LaTeX of names as they are typed on the command line.

``W1[0,2]`` is set as ``W1`` upright with the same indices, never in a second notation. Knows the
shape of names; knows no network.
"""

from __future__ import annotations

import re

SPECIAL = {
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_",
    "%": r"\%", "^": r"\hat{\ }", "~": r"\sim ",
}  # fmt: skip
TOKEN = re.compile(
    r"d(?P<top>\w[\w.]*(?:\[[^\]]*\])?)/d(?P<below>\w[\w.]*(?:\[[^\]]*\])?)"
    r"|(?P<name>[A-Za-z][\w.]*)(?P<prime>'*)(?P<index>\[[^\]]*\])?"
    r"|(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
    r"|(?P<product>\s*\*\s*)|(?P<arrow>\s*<-\s*)|(?P<space>\s+)|(?P<other>.)"
)


def escaped(text: str) -> str:
    """Return words for use inside LaTeX's text mode."""
    special = {**SPECIAL, "\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}
    return "".join(special.get(c, c) for c in text)


def upright(name: str) -> str:
    r"""Return a name of a value as LaTeX: one letter as it is, more of them upright.

    Examples
    --------
    >>> upright("L"), upright("W1")
    ('L', '\\mathrm{W1}')
    """
    safe = "".join(SPECIAL.get(c, c) for c in name)
    return safe if len(name) == 1 else rf"\mathrm{{{safe}}}"


def indexed(name: str, index: str) -> str:
    r"""Return a name with its index in brackets.

    Examples
    --------
    >>> indexed("W1", "[0,2]")
    '\\mathrm{W1}[0,2]'
    """
    return upright(name) + "".join(SPECIAL.get(c, c) for c in index.replace(" ", ""))


def partial(top: str, below: str) -> str:
    r"""Return the LaTeX of a partial derivative of two names.

    Examples
    --------
    >>> partial("L", "W1[0,2]")
    '\\frac{\\partial L}{\\partial \\mathrm{W1}[0,2]}'
    """
    return rf"\frac{{\partial {latex_of(top)}}}{{\partial {latex_of(below)}}}"


def latex_of(text: str) -> str:
    r"""Return the LaTeX of mathematics as it is typed: names, indices, derivatives, products.

    Examples
    --------
    >>> latex_of("sigmoid'(z1[r,2]) * x[r,0]")
    "\\mathrm{sigmoid}'(\\mathrm{z1}[r,2]) \\cdot x[r,0]"
    """
    return "".join(_token(found) for found in TOKEN.finditer(text))


def _token(found: re.Match[str]) -> str:
    part = found.groupdict()
    if part["top"]:
        return partial(part["top"], part["below"])
    if part["name"]:
        return upright(part["name"]) + part["prime"] + _index(part["index"])
    if part["product"]:
        return r" \cdot "
    if part["arrow"]:
        return r" \leftarrow "
    if part["space"]:
        return r"\ "
    return part["number"] or SPECIAL.get(part["other"], part["other"])


def _index(index: str | None) -> str:
    return "" if index is None else "".join(SPECIAL.get(c, c) for c in index.replace(" ", ""))
