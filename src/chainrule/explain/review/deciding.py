"""Deciding: which number, not handed in yet, tells explanations apart.

Knows hypotheses and what they predict; judges nothing.
"""

from __future__ import annotations

import numpy as np

from chainrule.explain.review.finding import Explanation
from chainrule.explain.review.program import LOSS
from chainrule.explain.review.space import Space

SAME = 1e-8
"""Predictions nearer than this, relative to their size, are the same."""


def deciding_entry(
    space: Space, explanations: tuple[Explanation, ...]
) -> tuple[str, list[float]] | None:
    """Return the entry where explanations differ most, and what each predicts; None if nowhere."""
    if space.kind == "loss":
        return None
    predicted = [space.predictions(space.after(e)) for e in explanations]
    best, chosen = SAME, None
    for name in space.program.names:
        arrays = [p[name] for p in predicted]
        if name == LOSS or any(a.shape != arrays[0].shape for a in arrays):
            continue
        stack = np.stack(arrays)
        spread = (stack.max(0) - stack.min(0)) / max(float(np.abs(stack).max()), 1e-300)
        if np.isfinite(spread).all() and spread.max() > best:
            place = np.unravel_index(int(spread.argmax()), spread.shape)
            best, chosen = float(spread.max()), (name, place)
    if chosen is None:
        return None
    name, place = chosen
    kept = place[1:] if space.exercise.is_bias(name) else place
    label = f"{name}[{','.join(str(int(i)) for i in kept)}]"
    return label, [float(p[name][place]) for p in predicted]
