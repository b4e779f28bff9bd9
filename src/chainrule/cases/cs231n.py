"""CS231n's sigmoid neuron: two inputs, two weights and a bias.

Knows the notes' numbers.
"""

from __future__ import annotations

import numpy as np

from chainrule.cases.case import EXACT, Played, case, compared
from chainrule.cases.neuron import open_neuron
from chainrule.types import ArrayLike

VALUES: dict[str, ArrayLike] = {"x": [[-1.0, -2.0]], "W1": [[2.0], [-3.0]], "b1": [-3.0]}


@case(
    "cs231n",
    title="A sigmoid neuron",
    source="CS231n, Backpropagation, Intuitions (course notes), Stanford, 2015",
)
def play() -> Played:
    """Return the notes' output and derivatives beside ours."""
    found = open_neuron("2-1:sigmoid", VALUES)
    weights = np.append(found.slopes["W1"], found.slopes["b1"])
    by_x = "0.3932238664829637 -0.5898357997244456"
    by_w = "-0.19661193324148185 -0.3932238664829637 0.19661193324148185"
    rows = (
        *compared(["f"], "0.7310585786300049", found.out, within=EXACT),
        *compared(["df/dx0", "df/dx1"], by_x, found.slopes["x"], within=EXACT),
        *compared(["df/dw0", "df/dw1", "df/dw2"], by_w, weights, within=EXACT),
    )
    return Played(rows, NOTES, NEXT)


NOTES = (
    "The notes call the bias w2 and print two digits; the others follow from f = sigmoid(1) and "
    "its slope f (1 - f).",
)
NEXT = (
    "chainrule demo softmax      the gradient of a softmax classifier's loss",
    "chainrule demo micrograd    a tanh neuron",
)
