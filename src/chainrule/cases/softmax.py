"""CS231n's softmax classifier in one row: the gradient of the loss is p, less 1 at the right class.

Knows the notes' numbers.
"""

from __future__ import annotations

import numpy as np

from chainrule.cases.case import EXACT, Played, case, compared
from chainrule.run import Run, train

PROBABILITIES, RIGHT = (0.2, 0.3, 0.5), 1


def opened() -> Run:
    """Return a run of no steps whose scores are the logarithms of the notes' probabilities.

    The inputs are 1 and the weights 0, so that the bias holds the scores.
    """
    initial = {"W1": np.zeros((1, 3)), "b1": np.log(PROBABILITIES)}
    return train("1-3:softmax", [[1.0]], [RIGHT], steps=0, initial=initial)


@case(
    "softmax",
    title="The gradient of a softmax classifier",
    source="CS231n, Putting it together: a minimal neural network case study, Stanford, 2015",
)
def play() -> Played:
    """Return the notes' probabilities and gradient beside ours."""
    run = opened()
    first = run.at(0)
    classes = range(1, 4)
    scores = [f"dL/dscore {k}" for k in classes]
    rows = (
        *compared([f"p{k}" for k in classes], "0.2 0.3 0.5", first.values["out"], within=EXACT),
        *compared(scores, "0.2 -0.7 0.5", first.gradients["b1"], within=EXACT),
        *compared([f"dL/dw{k}" for k in classes], "0.2 -0.7 0.5", first.gradients["W1"],
                  within=EXACT),
    )  # fmt: skip
    return Played(rows, NOTES, NEXT, run=run, asked=("b1[1]", 0))


NOTES = (
    "Raising the score of the right class, the middle one, lowers the loss; the others raise it, "
    "each by its probability.",
    "The three slopes add up to 0: adding the same number to every score changes nothing.",
)
NEXT = ("chainrule demo coursera    a whole network with cross-entropy and a penalty",)
