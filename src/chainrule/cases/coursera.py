"""Coursera's checkNNGradients: a 3-5-3 network filled with sines, without and with a penalty.

Knows the course's numbers and its layout of weights: a row a unit, the bias first.
"""

from __future__ import annotations

import numpy as np

from chainrule.cases.case import Played, Row, case, compared
from chainrule.nn import Dense, Network
from chainrule.run import Run, train
from chainrule.types import Array

ROWS = 5
FIRST = (
    "-9.27825e-3 8.89912e-3 -8.36011e-3 7.62814e-3 -6.74798e-3 "
    "-3.04979e-6 1.42869e-5 -2.59383e-5 3.69883e-5 -4.68760e-5"
)
LAST = "1.49568e-1 5.31542e-2 4.65597e-2"


def sines(rows: int, columns: int) -> Array:
    """Return sin(1), sin(2) ... / 10, filled in column by column."""
    count = rows * columns
    return np.sin(np.arange(1, count + 1)).reshape((rows, columns), order="F") / 10


def opened(penalty: float = 0.0) -> Run:
    """Return a run of no steps: its step 0 has the loss and every gradient.

    The course's penalty is lambda/(2m) of the squared weights, ours l2/2: l2 = lambda/m.
    """
    l2 = penalty / ROWS
    layers = [Dense(5, "sigmoid", l2=l2), Dense(3, "sigmoid", l2=l2)]
    theta1, theta2 = sines(5, 4), sines(3, 6)
    initial = {
        "W1": theta1[:, 1:].T, "b1": theta1[:, 0], "W2": theta2[:, 1:].T, "b2": theta2[:, 0]
    }  # fmt: skip
    classes = np.arange(1, ROWS + 1) % 3
    return train(
        Network(layers, inputs=3), sines(ROWS, 3), np.eye(3)[classes],
        loss="binary_cross_entropy", steps=0, initial=initial,
    )  # fmt: skip


def unrolled(run: Run) -> Array:
    """Return the gradient in the course's order: Theta1(:), then Theta2(:)."""
    found = run.at(0).gradients
    thetas = [np.column_stack([found[f"b{k}"], found[f"W{k}"].T]) for k in (1, 2)]
    return np.concatenate([theta.ravel(order="F") for theta in thetas])


@case(
    "coursera",
    title="checkNNGradients, 3-5-3, without and with a penalty",
    source="Andrew Ng, Machine Learning (Coursera), programming exercise 4, 2011",
)
def play() -> Played:
    """Return the course's losses and gradients beside ours."""
    return Played(_plain() + _penalised(), NOTES, NEXT, run=opened(1.0), asked=("W1[0,0]", 0))


def _plain() -> tuple[Row, ...]:
    run = opened()
    found = unrolled(run)
    return (
        *compared(["J"], "2.100950569902465", run.at(0).loss, within=1e-14),
        *compared([f"grad({k})" for k in range(1, 11)], FIRST, found[:10]),
        *compared([f"grad({k})" for k in range(36, 39)], LAST, found[-3:]),
    )


def _penalised() -> tuple[Row, ...]:
    run = opened(1.0)
    found = unrolled(run)
    return (
        *compared(["J, lambda = 1"], "2.116086984943096", run.at(0).loss, within=1e-14),
        *compared(["grad(6), lambda = 1"], "-0.0055914", found[5]),
        *compared(["grad(38), lambda = 1"], "0.0315400", found[-1]),
    )


NOTES = (
    "The loss is the cross-entropy of three sigmoid outputs, averaged over five rows; biases are "
    "not penalised.",
    "The course's penalty is lambda/(2m) of the squared weights and ours l2/2, so that its "
    "lambda = 1 on m = 5 rows is l2 = 0.2 here.",
    "Its Theta holds a unit in a row, the bias first; here W is (inputs, units), b apart.",
)
NEXT = (
    "chainrule demo softmax     a loss whose gradient is p minus the right answer",
    "In Python: from chainrule.cases import coursera; coursera.opened(1.0).at(0).gradients",
)
