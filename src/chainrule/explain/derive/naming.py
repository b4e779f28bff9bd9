r"""Formulas in terms of what has a name, also where a graph computes it a second time.

Knows nodes and how formulas are written; knows no layer and no loss.
"""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.explain.derive.maths import Maths
from chainrule.explain.formula import Written
from chainrule.explain.formula import formula as written
from chainrule.graph import Node
from chainrule.graph.code import Names, seen


def formula(node: Node, names: Mapping[Node, Maths]) -> Maths:
    r"""Return a graph as text and LaTeX, in terms of what has a name.

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", 3.0)
    >>> formula(1.0 / (1.0 + cr.exp(-x)), {x: Maths("z", "z")})
    Maths(text='1 / (1 + exp(-z))', latex='\\frac{1}{1 + e^{-z}}')
    """
    known = Names(names)

    def name(one: Node) -> Written | None:
        found = known.find(one)
        return None if found is None else Written(found.text, found.latex)

    shown = name(node) or written(seen(node), name)
    return Maths(shown.text, shown.latex)
