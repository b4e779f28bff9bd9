"""Vanishing gradients: what reaches the first layer is a tiny part of what left the last.

Knows the flow of gradients in a case; the factor of each layer names what does it.
"""

from __future__ import annotations

import math

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, finding
from chainrule.explain.doctor.flow import Link, flow_table, links, total
from chainrule.explain.doctor.remedies import better_activation, fresh_start
from chainrule.explain.document import Number, Span

SHARE = 3e-3
"""Of the last layer's gradient, at the first. Four sigmoid layers of usual weights keep a few
thousandths (each slope is at most 1/4; Glorot and Bengio 2010, section 4) and still learn."""
FEWEST = 3
"""Layers: of two there is no depth to speak of."""


@finding("vanishing gradients")
def look(case: Case) -> Finding | None:
    """Return the finding if the gradient nearly disappears on its way down and training fails."""
    if len(case.layers) < FEWEST or case.start is None or not case.failed or case.diverged:
        return None
    way = links(case, case.start)
    share = total(way)
    if not 0 < share < SHARE:
        return None
    slopes = math.prod(link.by_slope for link in way[1:])
    weights = math.prod(link.by_weights for link in way[1:])
    by_slope = slopes < weights
    return Finding(
        "vanishing gradients",
        "severe",
        ("The gradient vanishes on its way down: at layer 1 it is ", Number(share, "short"),
         f" of what it is at layer {len(case.layers)}."),
        (flow_table(case, way, f"at step 0, over {case.told_rows}; the last layer first"),),
        _cause(case, way, slopes, weights),
        ((better_activation(case, "relu"),) if by_slope else (fresh_start(case),)),
        certainty=0.95,
        weight=0.9,
        explains=("plateau", "learning rate too low", "underfitting", "weights that never moved",
                  "class imbalance", "dead units"),
        numbers={"share": share, "by slopes": slopes, "by weights": weights},
    )  # fmt: skip


def _cause(case: Case, way: tuple[Link, ...], slopes: float, weights: float) -> tuple[Span, ...]:
    worst = min(way[1:], key=lambda link: min(link.by_slope, link.by_weights))
    name = case.layers[worst.layer - 1].activation
    if slopes < weights:
        return (
            "The activations do it: their slopes together multiply it by ", Number(slopes, "short"),
            ", the weights by ", Number(weights, "short"), f". The smallest slope is that of layer "
            f"{worst.layer} ({name}), ", Number(worst.by_slope, "short"), ". Products of numbers "
            "below 1 shrink with every layer of depth.",
        )  # fmt: skip
    return (
        "The weights do it: together they multiply it by ", Number(weights, "short"),
        ", the slopes by ", Number(slopes, "short"), f". The smallest are those above layer "
        f"{worst.layer}, ", Number(worst.by_weights, "short"), ". They began too small.",
    )  # fmt: skip
