"""Mazur's worked example: a 2-2-2 network whose biases never move.

Knows the page's numbers, and the slip in its order of updates.
"""

from __future__ import annotations

import numpy as np

from chainrule.cases.case import Played, Row, case, compare, compared, completed
from chainrule.nn import Dense, Network
from chainrule.optim import SGD
from chainrule.run import Run, train
from chainrule.types import Array, ArrayLike

X, Y, RATE = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]]), 0.5
ROW_IS_NEURON = {"W1": [[0.15, 0.20], [0.25, 0.30]], "W2": [[0.40, 0.45], [0.50, 0.55]]}
BIASES = {"b1": [0.35, 0.35], "b2": [0.60, 0.60]}
INITIAL: dict[str, ArrayLike] = {
    **{name: np.transpose(w) for name, w in ROW_IS_NEURON.items()},
    **BIASES,
}
WRONG = "the page is wrong"


def trained(steps: int = 10_000, **changed: Array) -> Run:
    """Return a run of the page's network; weights may be given other starting values."""
    frozen = [Dense(2, "sigmoid", trainable="weights") for _ in range(2)]  # biases never move
    return completed(train(
        Network(frozen, inputs=2), X, Y, loss="half_squared_error", reduction="sum",
        optimizer=SGD(RATE), steps=steps, initial={**INITIAL, **changed},
    ))  # fmt: skip


def in_the_pages_order(run: Run) -> float:
    """Return the error after one update whose hidden gradients use the output weights' new values.

    That is the order of operations which gives the page's number; it is not the gradient.
    """
    first, new = run.at(0), run.at(1).parameters
    hidden = first.values["h1"]
    upstream = first.gradients["b2"] @ new["W2"].T  # should be the old W2
    slope = upstream * hidden * (1 - hidden)
    moved = first.parameters["W1"] - RATE * X.T @ slope
    return trained(0, W1=moved, W2=new["W2"]).at(0).loss


@case(
    "mazur",
    title="Mazur's step by step example, 2-2-2",
    source="Matt Mazur, A Step by Step Backpropagation Example, 2015",
)
def play() -> Played:
    """Return the page's numbers beside ours: forward, backward, one update, 10,000 updates."""
    run = trained()
    rows = (*_forward(run), *_backward(run), *_updated(run), *_in_the_end(run))
    return Played(rows, NOTES, NEXT, run=run, asked=("W1[0,0]", 0))


def _forward(run: Run) -> tuple[Row, ...]:
    values = run.at(0).values
    return (
        *compared(["net_h1", "net_h2"], "0.3775 0.3925", values["z1"]),
        *compared(["out_h1", "out_h2"], "0.5932699921 0.5968843783", values["h1"]),
        *compared(["net_o1", "net_o2"], "1.1059059671 1.2249214041", values["z2"]),
        *compared(["out_o1", "out_o2"], "0.7513650696 0.7729284653", values["out"]),
        *compared(["E"], "0.2983711087600027", values["L"], within=1e-14),
    )


def _backward(run: Run) -> tuple[Row, ...]:
    """Compare gradients; a frozen bias has one too, which is dE/dnet of its unit."""
    found = run.at(0).gradients
    outer = "0.0821670406 0.0826676278 -0.0226025405 -0.0227402422"
    inner = "0.0004385677 0.0008771355 0.0004977127 0.0009954255"
    return (
        *compared(["dE/dnet_o1", "dE/dnet_o2"], "0.1384985616 -0.0380982365", found["b2"]),
        *compared([f"dE/dw{k}" for k in range(5, 9)], outer, found["W2"].T),
        *compared([f"dE/dw{k}" for k in range(1, 5)], inner, found["W1"].T),
    )


def _updated(run: Run) -> tuple[Row, ...]:
    new = run.at(1).parameters
    outer = "0.3589164797 0.4086661861 0.5113012702 0.5613701211"
    inner = "0.1497807161 0.1995614323 0.2497511436 0.2995022873"
    page, error = "0.291027924", run.at(1).loss
    return (
        *compared([f"w{k} after 1 update" for k in range(5, 9)], outer, new["W2"].T),
        *compared([f"w{k} after 1 update" for k in range(1, 5)], inner, new["W1"].T),
        compare("E after 1 update", page, error, None)._replace(verdict=WRONG),
        compare("E by the page's order", page, in_the_pages_order(run), None),
        compare("E, right value", "0.291027773694", error, None),
    )


def _in_the_end(run: Run) -> tuple[Row, ...]:
    last = run.at(run.steps)
    page = compared(["out_o1 in the end", "out_o2 in the end"], "0.015912196 0.984065734",
                    last.values["out"])  # fmt: skip
    names = ["out_o1, right value", "out_o2, right value"]
    return (
        *(row._replace(verdict=WRONG) for row in page),
        *compared(names, "0.0159136204 0.9840642735", last.values["out"]),
        *compared(["E in the end"], "3.51018778298e-05", last.loss),
    )


NOTES = (
    "The page's biases, .35 and .60, are one per layer and never updated; here they are frozen.",
    "The page's error after one update, 0.291027924, is wrong: its hidden gradients went through "
    "output weights that had already been updated. All gradients belong to the same weights; "
    "taken so, the error is 0.291027773694.",
    "The page's outputs after 10,000 updates come from the same slip.",
)
NEXT = (
    "chainrule demo xor        the course session's network, 10,000 steps",
    "chainrule demo coursera   a network whose L2 penalty leaves the biases alone",
    "chainrule demo mazur --out runs/mazur    keep the run, to open any other weight",
    "In Python: from chainrule.cases import mazur; print(mazur.trained().why('W1[0,0]', 0))",
)
