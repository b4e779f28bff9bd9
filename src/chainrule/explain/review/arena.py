"""The arena: every hypothesis about a backward pass is a place in one graph of shared expressions.

Equal expressions are one node, so their value is computed once, and two mistakes that come to the
same expression are seen to be the same. A node knows its value and the error bar of that value.
Knows expressions and how errors grow; knows nothing of networks and mistakes.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np

from chainrule.explain.review.operations import operations
from chainrule.types import Array

LEAF = "leaf"

ENTRY_BY_ENTRY = ("site", "add", "sub", "scale")
"""Operations whose every row is made of the same row of each input."""

MOST_BYTES = 1 << 28
"""Values that are kept at most; beyond it they are dropped, and computed again when needed."""


class Rounding(NamedTuple):
    """How every intermediate value was rounded: relative to its size, and to a fixed place."""

    relative: float
    absolute: float = 0.0


class Expression(NamedTuple):
    """An operation, the numbers of the nodes it takes, and its setting."""

    op: str
    inputs: tuple[int, ...]
    setting: Hashable


class Arena:
    """A growing list of expressions, none of them twice.

    Examples
    --------
    >>> import numpy as np
    >>> arena = Arena()
    >>> x = arena.leaf(np.array([[1.0, 2.0]]))
    >>> twice = arena("scale", x, setting=2.0)
    >>> arena.value(twice)
    array([[2., 4.]])
    >>> arena("scale", x, setting=2.0) == twice
    True
    """

    def __init__(self) -> None:
        self.nodes: list[Expression] = []
        self._numbers: dict[tuple[str, tuple[int, ...], Hashable], int] = {}
        self._values: list[Array | None] = []
        self._variances: dict[Rounding, dict[int, Array]] = {}
        self._held = 0

    def __call__(self, op: str, *inputs: int, setting: Hashable = None) -> int:
        """Return the number of an expression; a new one only if there was none."""
        key = op, inputs, setting
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.nodes)
            self.nodes.append(Expression(op, inputs, setting))
            self._values.append(None)
        return found

    def leaf(self, array: Any) -> int:
        """Return the number of a given array; vectors are rows."""
        self.nodes.append(Expression(LEAF, (), None))
        self._values.append(np.atleast_2d(np.asarray(array, np.float64)))
        return len(self.nodes) - 1

    def is_known(self, node: int) -> bool:
        """Tell whether the value of a node has been computed and is still kept."""
        return self._values[node] is not None

    def value(self, node: int) -> Array:
        """Return the value of a node."""
        found = self._values[node]
        if found is None:
            op, inputs, setting = self.nodes[node]
            found = operations[op].value([self.value(i) for i in inputs], setting)
            self._hold(found)
            self._values[node] = found
        return found

    def first_rows(self, node: int, count: int) -> Array:
        """Return the first rows of a value, without the others where those would be dear."""
        op, inputs, setting = self.nodes[node]
        if self._values[node] is None and op == "first_transposed":
            left, right = (self.value(i) for i in inputs)
            return np.asarray(left[:, :count].T @ right)
        if self._values[node] is None and op in ENTRY_BY_ENTRY:
            some = [self.first_rows(i, count) for i in inputs]
            return operations[op].value(some, setting)
        return self.value(node)[:count]

    def _hold(self, array: Array) -> None:
        """Count what is kept, and make room if it is too much."""
        self._held += array.nbytes
        if self._held > MOST_BYTES:
            for number, node in enumerate(self.nodes):
                if node.op != LEAF:
                    self._values[number] = None
            self._variances.clear()
            self._held = array.nbytes

    def deviation(self, node: int, rounding: Rounding) -> Array:
        """Return the standard deviation of a node when every node is rounded so."""
        return np.sqrt(self._variance(node, rounding))

    def _variance(self, node: int, rounding: Rounding) -> Array:
        known = self._variances.setdefault(rounding, {})
        found = known.get(node)
        if found is None:
            found = known[node] = self._new_variance(node, rounding)
            self._hold(found)
        return found

    def _new_variance(self, node: int, rounding: Rounding) -> Array:
        op, inputs, setting = self.nodes[node]
        out, unit = self.value(node), rounding.relative
        if op == LEAF:
            return np.asarray(np.square(unit * out))
        rule = operations[op]
        values = [self.value(i) for i in inputs]
        errors = [self._variance(i, rounding) for i in inputs]
        grown = rule.variance(values, errors, setting, out)
        if rule.exact:
            return np.asarray(grown + 0 * out)
        terms = np.square(out) if rule.terms is None else rule.terms(values)
        return np.asarray(grown + unit * unit * terms + rounding.absolute**2)

    def rebuild(self, node: int, mapping: dict[int, int], least: int) -> int:
        """Return a node with others in the places of some; `mapping` also remembers results.

        `least` is the smallest node that is replaced: an expression's inputs are older than it, so
        nothing older than that can change.
        """
        if node < least:
            return node
        found = mapping.get(node)
        if found is None:
            op, inputs, setting = self.nodes[node]
            new = tuple([self.rebuild(i, mapping, least) for i in inputs])
            found = node if new == inputs else self(op, *new, setting=setting)
            mapping[node] = found
        return found


class Sites:
    """The named places of a program after some were rewritten; followed up when asked for."""

    def __init__(
        self,
        arena: Arena,
        before: Sites | Mapping[tuple[Any, ...], int],
        changes: Mapping[tuple[Any, ...], int] | None = None,
    ) -> None:
        self.arena, self._before = arena, before
        self._mapping = {before[label]: new for label, new in (changes or {}).items()}
        self._least = min(self._mapping, default=0)
        self._known: dict[tuple[Any, ...], int] = {}

    def __contains__(self, label: tuple[Any, ...]) -> bool:
        return label in self._before

    def __getitem__(self, label: tuple[Any, ...]) -> int:
        found = self._known.get(label)
        if found is None:
            found = self._before[label]
            if self._mapping:
                found = self.arena.rebuild(found, self._mapping, self._least)
            self._known[label] = found
        return found

    def inside(self, label: tuple[Any, ...]) -> int:
        """Return what stands at a place, without the place's own mark."""
        return self.arena.nodes[self[label]].inputs[0]

    def rewritten(self, changes: Mapping[tuple[Any, ...], int]) -> Sites:
        """Return the places with other expressions at some of them."""
        marked = {label: self.arena("site", new, setting=label) for label, new in changes.items()}
        return Sites(self.arena, self, marked)
