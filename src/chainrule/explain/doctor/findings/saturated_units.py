"""Saturated units: sigmoids and their like far out, where their slope is almost 0.

Knows a case's layers on all its rows.
"""

from __future__ import annotations

import numpy as np

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, Remedy, finding
from chainrule.explain.doctor.opened import Layer, Opened
from chainrule.explain.doctor.remedies import fresh_start
from chainrule.explain.document import Number, Table

STEEPEST = {"sigmoid": 0.25, "tanh": 1.0, "erf": 1.1283791670955126}
"""The slope at 0 of activations that level off on both sides."""
FLAT = 0.05
"""A slope below this share of the steepest is flat: |z| above 4.4 for sigmoid, 2.2 for tanh."""
AT_START, AT_END = 0.5, 0.85
"""Share of (row, unit) pairs that are flat. Standard starting weights on scaled inputs give below
0.1; healthy trained networks of the battery stay below these."""


@finding("saturated units")
def look(case: Case) -> Finding | None:
    """Return the finding if most units of a layer are flat on most rows."""
    if case.end is None or case.start is None:
        return None
    shares = [(layer, flat(case.start, layer), flat(case.end, layer)) for layer in case.layers
              if layer.activation in STEEPEST]  # fmt: skip
    hidden = [one for one in shares if one[0].number < len(case.layers)]
    bad = [one for one in hidden if one[1] > AT_START or (one[2] > AT_END and case.failed)]
    bad += _wrong_and_flat(case, shares)
    if not bad:
        return None
    layer, before, now = max(bad, key=lambda one: max(one[1], one[2]))
    rows = tuple((one.number, one.activation, Number(b, "short"), Number(n, "short"))
                 for one, b, n in shares)  # fmt: skip
    from_start = before > AT_START
    share = before if from_start else now
    return Finding(
        "saturated units",
        "severe" if case.failed else "moderate",
        (f"Layer {layer.number} is saturated: ", Number(100 * share, "short"),
         f" % of its {layer.activation} values ", "at step 0" if from_start else "at the end",
         f" are so far out that their slope is below {100 * FLAT:g} % of the steepest."),
        (Table(("layer", "activation", "flat at step 0", "flat at the end"), rows,
               f"share of values on all {case.told_rows}"),),
        _cause(from_start and not case.adopted),
        _remedies(case),
        certainty=0.95,
        weight=0.85 if case.failed else 0.55,
        explains=("vanishing gradients", "plateau", "learning rate too low", "underfitting",
                  "loss at start"),
        numbers={"layer": layer.number, "at start": before, "at end": now},
    )  # fmt: skip


def flat(opened: Opened, layer: Layer) -> float:
    """Return the share of a layer's values whose slope is almost 0."""
    slope = opened.values[f"slope {layer.number}"]
    return float(np.mean(np.abs(slope) < FLAT * STEEPEST[layer.activation]))


def _wrong_and_flat(
    case: Case, shares: list[tuple[Layer, float, float]]
) -> list[tuple[Layer, float, float]]:
    """Return the last layer if it is saturated where it is wrong, under a squared error.

    With the cross-entropies the slope cancels, and being far out and wrong is corrected fast.
    """
    last = [one for one in shares if one[0].number == len(case.layers)]
    if not last or case.setup.loss.logits_of or not case.failed or case.end is None:
        return []
    out = case.end.values["out"]
    wrong = np.abs(out - case.targets[case.sample]) > 0.5
    is_flat = (
        np.abs(case.end.values[f"slope {len(case.layers)}"])
        < FLAT * STEEPEST[last[0][0].activation]
    )
    return last if np.mean(wrong & is_flat) > WRONG else []


WRONG = 0.15
"""Share of outputs that are wrong by more than a half and flat: gradients do not reach them."""


def _cause(from_start: bool) -> tuple[str, ...]:
    where = (
        "It began so: the starting weights, biases or the inputs are too large"
        if from_start
        else "It came so in training: the weights grew too large"
    )
    return (
        "Where an activation has levelled off, its derivative is almost 0 and every gradient that ",
        f"passes through it is multiplied by that. {where}.",
    )


def _remedies(case: Case) -> tuple[Remedy, ...]:
    return (fresh_start(case),)
