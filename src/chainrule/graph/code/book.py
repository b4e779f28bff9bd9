"""Activations as books write them: value and local derivative, in simpler operations.

Knows declarations; knows no notation.
"""

from __future__ import annotations

from typing import Any

from chainrule.graph.node import Node, apply
from chainrule.graph.primitive import primitives


def _book(out: Node) -> tuple[Any, Any]:
    """Return value and slope as books write them; None for what they write as it is."""
    rule = primitives[out.op]
    return (None, None) if rule.textbook is None else rule.textbook(out, *out.inputs, **out.attrs)


def has_book_slope(out: Node) -> bool:
    """Tell whether books write the slope otherwise than it is computed."""
    return _book(out)[1] is not None


def slope_of(out: Node) -> Node:
    """Return the local derivative of an operation of one input, as books write it if they do."""
    rule, book = primitives[out.op], _book(out)[1]
    assert rule.local is not None, "an activation declares its local derivative"
    found = rule.local(out, *out.inputs, **out.attrs)[0] if book is None else book
    if isinstance(found, Node):
        return found
    return apply("expand", float(found), shape=out.shape)


def value_of(out: Node) -> Node | None:
    """Return the textbook's form of an operation's value, if it has one."""
    found = _book(out)[0]
    return found if isinstance(found, Node) else None
