"""Loss at start far from chance: the untrained network is sure of wrong answers.

Knows the loss at step 0, and the loss of the best constant answer.
"""

from __future__ import annotations

import math

import numpy as np

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, Remedy, finding
from chainrule.explain.doctor.opened import rms
from chainrule.explain.doctor.remedies import fresh_start
from chainrule.explain.document import Number, Span, Table

TIMES = 4.0
"""Times the loss of the best constant answer. An untrained network should be near it (Karpathy's
recipe of 2019 checks the loss at start first); of about 400 healthy networks of the battery two
began above 3, at 3.2."""

TIMES_SQUARED = 25.0
"""The same for losses of numbers, which grow with the square: outputs of nearly five times the
targets' spread. He's rule for relu and softplus begins up to 16 in the battery's healthy runs."""


@finding("loss at start")
def look(case: Case) -> Finding | None:
    """Return the finding if the first loss is many times that of a constant answer."""
    if case.start is None or not case.chance > 0:
        return None
    times = case.start.loss / max(case.chance, _undecided(case))
    usual = TIMES_SQUARED if case.setup.loss.targets == "real" else TIMES
    if not times > (1.0 if case.adopted else usual):
        return None
    offset = _offset(case)
    when = "On the rows given" if case.adopted else "Before any step"
    return Finding(
        "loss at start",
        "severe" if case.failed else "moderate",
        (f"{when} the loss of a row is ", Number(case.start.loss, "short"),
         ", ", Number(times, "short"), " times that of always giving the same best answer, ",
         Number(case.chance, "short"), "."),
        (_table(case),),
        _cause(case, offset),
        () if case.adopted else (_remedy(case, offset),),
        certainty=0.9,
        weight=0.6 if not case.failed else 0.75,
        explains=("plateau", "learning rate too low", *(("underfitting",) * case.adopted)),
        numbers={"loss": case.start.loss, "chance": case.chance, "offset": offset},
    )  # fmt: skip


def _undecided(case: Case) -> float:
    """Return the loss of giving every class the same probability; 0 for numbers."""
    outputs = case.setup.network.outputs
    return {"class": math.log(outputs), "binary": outputs * math.log(2)}.get(
        case.setup.loss.targets, 0.0
    )


def _offset(case: Case) -> bool:
    """Tell whether the targets' middle is what the network is wrong about."""
    if case.setup.loss.targets != "real":
        return False
    y = np.asarray(case.targets[case.sample], np.float64)
    return bool(np.sum(y.mean(axis=0) ** 2) > 3 * np.sum(y.var(axis=0)))


def _table(case: Case) -> Table:
    assert case.start is not None, "the start was opened"
    rows: list[tuple[str, Number]] = [
        ("loss at step 0", Number(case.start.loss)),
        ("loss of the best constant answer", Number(case.chance)),
        ("root mean square of the outputs before the last activation",
         Number(rms(case.start.values[f"z{len(case.layers)}"]))),
    ]  # fmt: skip
    if case.setup.loss.targets == "real":
        rows.append(("root mean square of the targets", Number(rms(case.targets[case.sample]))))
    return Table(("at the start", "value"), tuple(rows))


def _cause(case: Case, offset: bool) -> tuple[Span, ...]:
    if case.adopted:
        return ("A trained network should do better than a constant. Rows scaled otherwise than ",
                "where it was trained, columns or classes in another order, and another activation "
                "than it had there look like this.")  # fmt: skip
    if offset:
        y = case.targets[case.sample]
        return ("The targets lie around ", Number(float(np.mean(y)), "short"), " with a spread of ",
                Number(float(np.std(y)), "short"), "; the network begins near 0, and the first "
                "steps only carry its output there.")  # fmt: skip
    return ("The outputs begin too large: the network is as sure of its random answers as a ",
            "trained one. The last layer's starting weights or biases are too large.")  # fmt: skip


def _remedy(case: Case, offset: bool) -> Remedy:
    last = case.layers[-1]
    if offset and last.bias and last.activation == "linear":
        mean = np.mean(case.targets, axis=0)
        return Remedy(
            "begin with the targets' mean as last bias, or give the targets mean 0 and spread 1",
            f'run.branch(0, parameters={{"{last.bias}": y.mean(axis=0)}})',
            0,
            {"parameters": {last.bias: mean}},
        )
    return fresh_start(case)
