"""Dead units: units that give the same on every row and pass no gradient.

Knows a case's hidden layers on all its rows.
"""

from __future__ import annotations

import numpy as np

from chainrule.explain.doctor.case import ALL_ROWS, Case
from chainrule.explain.doctor.finding import Finding, Remedy, finding
from chainrule.explain.doctor.opened import Layer, Opened
from chainrule.explain.doctor.remedies import FRESH, fresh_parameters, smaller_rate
from chainrule.explain.doctor.words import severity
from chainrule.explain.document import Number, Span, Table
from chainrule.types import Array

SHARE = 0.5
"""Share of a layer's units that is too much."""
SPARE = 0.03
"""Below this shortfall of what can be explained, the units that are left are enough."""
SMOOTH = frozenset({"sigmoid", "tanh", "linear", "softplus", "erf"})
"""These are never off; where their slope is near 0 they are saturated."""


@finding("dead units")
def look(case: Case) -> Finding | None:
    """Return the finding if at least half the units of a layer are off on every row."""
    found = _worst(case)
    if found is None or case.start is None:
        return None
    layer, now = found
    before, count = int(off(case.start, layer).sum()), int(now.sum())
    whole = count == layer.units
    return Finding(
        "dead units",
        "severe" if whole else severity(case, SPARE),
        (
            f"{count} of the {layer.units} units of layer {layer.number} are dead: 0, with slope "
            f"0, on all {min(case.setup.rows, ALL_ROWS):,} rows.",
        ),
        (_table(case),),
        _cause(case, layer, now, before),
        _remedies(case, layer, before),
        certainty=0.98,
        weight=0.9 if whole else 0.5 + 0.3 * count / layer.units * case.failed,
        explains=("plateau", "underfitting", "weights that never moved", "vanishing gradients",
                  "learning rate too low", "class imbalance"),
        numbers={"layer": layer.number, "units": layer.units, "dead": count, "at start": before},
    )  # fmt: skip


def off(opened: Opened, layer: Layer) -> Array:
    """Return which units of a layer have slope exactly 0 on every row."""
    slope = opened.values.get(f"slope {layer.number}")
    if slope is None or layer.activation in SMOOTH:
        return np.zeros(layer.units, bool)
    return np.asarray(~np.any(slope, axis=0))


def _worst(case: Case) -> tuple[Layer, Array] | None:
    """Return the layer with the largest share of dead units, if that is too large, and which."""
    if case.end is None or not any(_too_many(off(case.end, layer)) for layer in case.hidden):
        return None
    dead = {layer: np.ones(layer.units, bool) for layer in case.hidden}
    for block in case.over_all_rows():
        dead = {layer: units & off(block, layer) for layer, units in dead.items()}
    bad = [one for one in dead.items() if _too_many(one[1])]
    return max(bad, key=lambda one: float(np.mean(one[1])), default=None)


def _too_many(dead: Array) -> bool:
    return bool(dead.mean() >= SHARE and (dead.sum() > 1 or dead.all()))


def _table(case: Case) -> Table:
    rows = [
        (layer.number, layer.activation, layer.units,
         *(int(off(opened, layer).sum()) if opened else "" for opened in (case.start, case.end)))
        for layer in case.hidden
    ]  # fmt: skip
    header = ("layer", "activation", "units", "dead at step 0", "dead at the end")
    return Table(header, tuple(rows), f"on {case.told_rows}")


def _cause(case: Case, layer: Layer, dead: Array, before: int) -> tuple[Span, ...]:
    assert case.end is not None, "the end was opened"
    top = float(np.median(case.end.values[f"z{layer.number}"].max(axis=0)[dead]))
    words = (
        f"{layer.activation}: their pre-activation is below 0 on every row (typically ",
        Number(top, "short"),
        " at most), so neither output nor gradient can bring them back. ",
    )
    if case.adopted:
        return (*words, "It came so from where it was trained, or these rows are none it knows.")
    if before >= layer.units * SHARE:
        return (
            *words,
            "They were dead from the first step: the weights or biases they began with, or the "
            "inputs, push them there.",
        )
    return (*words, "They died in training: a step that was too long threw their weights over.")


def _remedies(case: Case, layer: Layer, before: int) -> tuple[Remedy, ...]:
    leaky = Remedy(
        "use an activation that is never quite off",
        f'run.branch(0, activation={{{layer.number}: "leaky_relu"}})',
        0,
        {"activation": {layer.number: "leaky_relu"}},
    )
    if before < layer.units * SHARE:
        return (smaller_rate(case, 0), leaky)
    new = Remedy(
        "begin with other weights and biases of 0",
        FRESH,
        0,
        {"parameters": fresh_parameters(case)},
    )
    return (new, leaky)
