"""The referee: the first node at which two recordings of one plan differ.

Knows recordings; knows nothing of who is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.executors.recording import Recording
from chainrule.plan import Instruction
from chainrule.types import Array


@dataclass(frozen=True, eq=False)
class Difference:
    """The first place where two recordings part.

    Attributes
    ----------
    instruction : Instruction
        The node.
    index : tuple of int
        The entry with the largest difference.
    left, right : float
        The two values there.
    names : tuple of str
        Who computed them.
    """

    instruction: Instruction
    index: tuple[int, ...]
    left: float
    right: float
    names: tuple[str, str]

    def __str__(self) -> str:
        node = self.instruction.node
        label = f" {node.name}" if node.name else ""
        return (
            f"node {self.instruction.number} {node.op}{label} {node.shape}: "
            f"{self.names[0]} {self.left!r}, {self.names[1]} {self.right!r} at "
            f"{list(self.index)}; {self.instruction.number} nodes before it agree"
        )


def compare(left: Recording, right: Recording, tolerance: float = 1e-12) -> Difference | None:
    """Return the first node whose values differ, or None.

    Parameters
    ----------
    left, right : Recording
        Two runs of the same plan.
    tolerance : float
        Allowed difference of an entry, relative to the largest absolute entry of its tensor.

    Returns
    -------
    Difference or None

    Examples
    --------
    >>> import chainrule as cr
    >>> from chainrule.executors import bind, record
    >>> from chainrule.plan import make_plan
    >>> x = cr.variable("x", shape=())
    >>> program = bind(make_plan({"out": x * x}))
    >>> print(compare(record(program, {"x": 3.0}), record(program, {"x": 3.5})))
    node 0 variable x (): interpreter 3.0, interpreter 3.5 at []; 0 nodes before it agree
    """
    assert left.plan is right.plan, "both recordings are of one plan"
    for instruction, a, b in zip(left.plan.instructions, left.values, right.values, strict=True):
        index = _worst(a, b, tolerance)
        if index is not None:
            names = (left.executor, right.executor)
            return Difference(instruction, index, float(a[index]), float(b[index]), names)
    return None


def _worst(a: Array, b: Array, tolerance: float) -> tuple[int, ...] | None:
    """Return the entry that differs most beyond the tolerance; NaN equals NaN."""
    if a.size == 0:
        return None
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    finite = np.abs(x[np.isfinite(x)])
    scale = finite.max() if finite.size else 0.0
    with np.errstate(all="ignore"):
        apart = np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0.0, np.abs(x - y))
    apart = np.where(np.isnan(apart), np.inf, apart)
    if not (apart > tolerance * scale).any():
        return None
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(apart)), apart.shape))
