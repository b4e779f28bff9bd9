"""The XOR network of the course session that this project grew out of.

Knows its weights, its settings and the losses that its listing prints.
"""

from __future__ import annotations

import numpy as np

from chainrule.cases.case import Played, case, compared, completed
from chainrule.optim import SGD
from chainrule.run import Run, train

X = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
Y = np.array([[0.0], [1.0], [1.0], [0.0]])
STEPS, EVERY = 10_000, 1_000

PUBLISHED_LOSSES = """
0.38038349310856134 0.24997670387612728 0.24972913712906816 0.24883556540840868 0.2430179563469606
0.2023128270301176 0.1342851241018072 0.03423820536202099 0.012399204540152104 0.006836030803331477
"""
PUBLISHED_OUTPUT = "0.07125372 0.93446125 0.93473281 0.06774813"


def trained() -> Run:
    """Return the run of the listing: 3-4-1, sigmoid, 10,000 steps of gradient descent.

    The gradient is that of half the summed squared error. The starting values are the listing's:
    ``np.random.seed(1)``, then ``rand`` for W1, b1, W2, b2 in this order.
    """
    draw = np.random.RandomState(1)
    shapes = {"W1": (3, 4), "b1": (1, 4), "W2": (4, 1), "b2": (1, 1)}
    return completed(train(
        "3-4:sigmoid-1:sigmoid", X, Y, loss="half_squared_error", reduction="sum",
        optimizer=SGD(0.1), steps=STEPS, initial={k: draw.rand(*s) for k, s in shapes.items()},
    ))  # fmt: skip


@case(
    "xor",
    title="XOR with a 3-4-1 sigmoid network",
    source="Session 6: Backpropagation - Learning from Mistakes (a course's handout)",
)
def play() -> Played:
    """Return the listing's transcript and its numbers beside ours."""
    run = trained()
    shown = range(0, STEPS, EVERY)
    losses = [float(np.mean((run.at(k).values["out"] - Y) ** 2)) for k in shown]
    out = run.at(STEPS - 1).values["out"]  # the listing's last forward pass, before its update
    transcript = [
        *(f"Iteration {k}, Loss: {loss}" for k, loss in zip(shown, losses, strict=True)),
        "Final output after training:",
        *str(out).splitlines(),
    ]
    rows = compared([f"loss at {k}" for k in shown], PUBLISHED_LOSSES, losses, within=1e-10)
    outputs = [f"final output {k}" for k in range(1, 5)]
    rows += compared(outputs, PUBLISHED_OUTPUT, out)
    told = notes(out[0, 0], run.predict(X)[0, 0])
    return Played(rows, told, NEXT, tuple(transcript), run, ("W1[0,2]", 6_000))


def notes(shown: float, predicted: float) -> tuple[str, ...]:
    """Return what the listing does not say aloud."""
    return (
        "The printed loss, mean((out - y)^2), is not the loss whose gradient is descended: that is "
        "half the summed squared error, here twice the printed number.",
        "The final output is that of step 9,999, before its update; predicting with the trained "
        f"weights gives slightly better numbers ({predicted:.8f} instead of {shown:.8f}).",
    )


NEXT = (
    "chainrule demo mazur    the most copied worked example, and the number in it that is wrong",
    "chainrule train         train a network on a real table, the penguins",
    "chainrule demo xor --out runs/xor    keep the run, to open any other weight at any step",
    "In Python: from chainrule.cases import xor; print(xor.trained().why('W1[0,2]', 6000))",
)
