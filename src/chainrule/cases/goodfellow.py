"""The XOR network of the book Deep Learning: weights found by thinking, nothing left to learn.

Knows the book's weights and outputs.
"""

from __future__ import annotations

import numpy as np

from chainrule.cases.case import Played, case, compared
from chainrule.run import Run, train
from chainrule.types import ArrayLike

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([0.0, 1.0, 1.0, 0.0])


def opened() -> Run:
    """Return a run of no steps with the book's weights: W all ones, c = (0, -1), w = (1, -2)."""
    initial: dict[str, ArrayLike] = {
        "W1": np.ones((2, 2)),
        "b1": [0.0, -1.0],
        "W2": [[1.0], [-2.0]],
        "b2": [0.0],
    }
    return train("2-2:relu-1", X, Y, loss="squared_error", steps=0, initial=initial)


@case(
    "goodfellow",
    title="XOR solved by hand with ReLU",
    source="Goodfellow, Bengio, Courville, Deep Learning, section 6.1, 2016",
)
def play() -> Played:
    """Return the book's outputs, its loss and every gradient, all zero."""
    run = opened()
    first = run.at(0)
    outputs = [f"output {row.astype(int).tolist()}" for row in X]
    rows = compared(outputs, "0 1 1 0", first.values["out"], within=0.0)
    rows += compared(["loss"], "0", first.loss, within=0.0)
    for name, found in first.gradients.items():
        labels = [f"dL/d{name}{list(map(int, at))}" for at in np.ndindex(found.shape)]
        rows += compared(labels, " ".join("0" * found.size), found, within=0.0)
    return Played(rows, NOTES, NEXT, run=run, asked=("W1[0,0]", 0))


NOTES = (
    "The loss is 0 and so is every gradient: a step of any optimizer without decay stays here.",
    "In row [0, 0] a hidden unit stands on ReLU's kink; its slope there is taken as 0.",
)
NEXT = (
    "chainrule demo xor    the same task, learnt from random weights",
    "In Python: from chainrule.cases import goodfellow; goodfellow.opened().at(0).values",
)
