"""Symmetric units: units of a layer that are equal, and that no gradient can tell apart.

Knows the weights of a case at its start and its end.
"""

from __future__ import annotations

import numpy as np

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, finding
from chainrule.explain.doctor.opened import Layer
from chainrule.explain.doctor.remedies import fresh_start
from chainrule.explain.document import Sentence, Symbol
from chainrule.train import State

EQUAL = 1e-9
"""Units count as equal if no weight differs by more than this, relative to the largest. Random
weights of 10,000 units come nowhere near it; rounding stays below it in any order of sums."""


@finding("symmetric units")
def look(case: Case) -> Finding | None:
    """Return the finding if hidden units began equal and stayed so."""
    found = [(layer, _equal(case.last_state, layer, case)) for layer in case.hidden]
    twins = [(layer, count) for layer, count in found
             if count > 1 and _equal(case.start_state, layer, case) > 1]  # fmt: skip
    if not twins:
        return None
    layer, count = max(twins, key=lambda one: one[1] / one[0].units)
    share = count / layer.units
    zero = not np.any(case.start_state[layer.weights])
    lines = tuple(
        Sentence(f"Layer {one.number}: {n} of its {one.units} units have a twin with the same "
                 "incoming and outgoing weights, at step 0 and at the end.") for one, n in twins
    )  # fmt: skip
    begins = "zeros" if zero else "equal numbers"
    return Finding(
        "symmetric units",
        "severe" if share > 0.5 else "moderate",
        (f"{count} of the {layer.units} units of layer {layer.number} are copies of one another.",),
        lines,
        ("Units with equal weights have equal gradients, so they stay equal for ever: the layer ",
         f"works as if it had {layer.units - count + 1} unit(s). They began equal because ",
         Symbol(layer.weights), f" began as {begins}."),
        (fresh_start(case),),
        certainty=1.0,
        weight=0.98 if share > 0.5 else 0.6,
        explains=("plateau", "underfitting", "weights that never moved", "vanishing gradients",
                  "learning rate too low", "loss at start", "dead units", "class imbalance"),
        numbers={"layer": layer.number, "units": layer.units, "equal": count},
    )  # fmt: skip


def _equal(state: State, layer: Layer, case: Case) -> int:
    """Return how many units of a layer have an equal one beside them, outgoing weights included."""
    after = case.layers[layer.number]
    parts = [state[layer.weights].T, state[after.weights]]
    if layer.bias:
        parts.append(state[layer.bias][:, None])
    rows = np.hstack([np.asarray(part, np.float64) for part in parts])  # (units, weights of each)
    size = float(np.max(np.abs(rows), initial=0.0))
    grid = np.round(rows / (EQUAL * size)) if size else rows
    _, counts = np.unique(grid, axis=0, return_counts=True)
    return int(counts[counts > 1].sum())
