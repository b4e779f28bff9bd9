"""Exploding gradients: each layer multiplies the gradient, or the values, by more than it should.

Knows the flow of gradients in a case at its start.
"""

from __future__ import annotations

import math

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, Remedy, finding
from chainrule.explain.doctor.flow import flow_table, links, total
from chainrule.explain.doctor.remedies import fresh_start
from chainrule.explain.doctor.words import grave
from chainrule.explain.document import Number

GROWTH = 10.0
"""Times from the last layer to the first, or values from the first to the last. Weights drawn by
He's or Glorot's rule keep both about equal at any depth (He et al. 2015, section 2.2); in the
battery's healthy runs neither exceeds 2."""
FEWEST = 3


@finding("exploding gradients")
def look(case: Case) -> Finding | None:
    """Return the finding if gradients or values grow through the layers at the start."""
    if len(case.layers) < FEWEST or case.start is None:
        return None
    way = links(case, case.start)
    back = total(way)
    first, last = way[-1].forward, way[0].forward
    ahead = last / first if first else 0.0
    grown = max(back, ahead)
    if not grown > GROWTH or not math.isfinite(grown):
        return None
    weights = math.prod(link.by_weights for link in way[1:])
    return Finding(
        "exploding gradients",
        grave(case),
        ("Gradients explode on their way down: at layer 1 they are ", Number(back, "short"),
         f" times those of layer {len(case.layers)}; values grow ", Number(ahead, "short"),
         " times on their way up."),
        (flow_table(case, way, f"at step 0, over {case.told_rows}; the last layer first"),),
        ("The weights do it: together they multiply a gradient by ", Number(weights, "short"),
         ". Each layer's weights are too large for its number of inputs, and depth raises that to "
         "a power."),
        (fresh_start(case),
         Remedy("limit the common size of all gradients",
                "run.branch(0, optimizer=cr.SGD(rate, clip_norm=1.0))")),
        certainty=0.93,
        weight=0.93,
        explains=("learning rate too high", "loss at start", "saturated units", "dead units",
                  "plateau", "gradient noise", "underfitting"),
        numbers={"backward": back, "forward": ahead, "by weights": weights},
    )  # fmt: skip
