"""micrograd's tanh neuron: two inputs, two weights, a bias chosen for round numbers.

Knows the lecture's numbers.
"""

from __future__ import annotations

from chainrule.cases.case import EXACT, Played, case, compared
from chainrule.cases.neuron import open_neuron
from chainrule.types import ArrayLike

VALUES: dict[str, ArrayLike] = {
    "x": [[2.0, 0.0]],
    "W1": [[-3.0], [1.0]],
    "b1": [6.8813735870195432],
}


@case(
    "micrograd",
    title="A tanh neuron",
    source="Andrej Karpathy, micrograd and the lecture that builds it, 2022",
)
def play() -> Played:
    """Return the lecture's output and derivatives beside ours."""
    found = open_neuron("2-1:tanh", VALUES)
    slopes = found.slopes
    rows = (
        *compared(["o"], "0.7071067811865476", found.out, within=EXACT),
        *compared(["do/dx1", "do/dx2"], "-1.5 0.5", slopes["x"], within=EXACT),
        *compared(["do/dw1", "do/dw2"], "1 0", slopes["W1"], within=EXACT),
        *compared(["do/db"], "0.5", slopes["b1"], within=EXACT),
    )
    return Played(rows, NOTES, NEXT)


NOTES = (
    "The bias makes the output 1/sqrt(2), so that the slope 1 - o^2 is 1/2 and every derivative "
    "a round number.",
    "There is no loss here: the derivatives are those of the neuron's own output.",
)
NEXT = (
    "chainrule demo cs231n    a sigmoid neuron",
    "In Python: cr.grad(lambda x: cr.tanh(2 * x - 3))(1.0) differentiates any function",
)
