"""Flow: how the size of gradients changes from layer to layer, and what changes it.

Going down from layer k + 1 to layer k, a gradient passes the weights W(k+1) and the slope of
activation k; the factor of each is the ratio of root mean squares before and after. Knows opened
states; judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.opened import Opened, rms
from chainrule.explain.document import Number, Table


@dataclass(frozen=True)
class Link:
    """One layer of the way down.

    Attributes
    ----------
    layer : int
        k.
    size : float
        Root mean square of dL/dz of layer k.
    by_weights, by_slope : float
        What the weights of layer k + 1 and the slope of layer k multiplied it by.
    forward : float
        Root mean square of z of layer k.
    """

    layer: int
    size: float
    by_weights: float
    by_slope: float
    forward: float


def links(case: Case, opened: Opened) -> tuple[Link, ...]:
    """Return the way of the gradient from the last layer down to the first."""
    found = []
    above = 0.0
    for layer in reversed(case.layers):
        k = layer.number
        size = rms(opened.values[f"up z{k}"])
        forward = rms(opened.values[f"z{k}"])
        if k == len(case.layers):
            found.append(Link(k, size, 1.0, 1.0, forward))
        else:
            between = rms(opened.values[f"up h{k}"])
            found.append(Link(k, size, _ratio(between, above), _ratio(size, between), forward))
        above = size
    return tuple(found)


def _ratio(a: float, b: float) -> float:
    return a / b if b else 0.0


def total(way: tuple[Link, ...]) -> float:
    """Return the size of the gradient at the first layer over that at the last."""
    return _ratio(way[-1].size, way[0].size)


def flow_table(case: Case, way: tuple[Link, ...], caption: str) -> Table:
    """Return the way down as a table, the last layer first."""
    rows = tuple(
        (link.layer, case.layers[link.layer - 1].activation, Number(link.size, "short"),
         Number(link.by_weights, "short") if n else "", Number(link.by_slope, "short") if n else "")
        for n, link in enumerate(way)
    )  # fmt: skip
    header = ("layer", "activation", "size of dL/dz", "times, by weights", "times, by slope")
    return Table(header, rows, caption)
