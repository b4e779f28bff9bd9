"""Over-regularisation: the penalty on the weights outweighs what the rows would teach.

Knows the gradient of the penalty beside that of the data, and a trial without the penalty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, Remedy, finding
from chainrule.explain.doctor.opened import Opened, rms
from chainrule.explain.document import Number, Table

COSTS = 0.1
"""In units of the loss of the best constant answer: by so much a short trial without the penalty
comes lower than the whole run with it."""
BALANCE = 0.3
"""Where training has come to rest, penalty and data pull equally hard; below this share of the
data's gradient it is not the penalty that holds the weights."""
SHORT = 0.05
"""Share of the targets' spread that the network must lack on its own training rows, beside a
yardstick on rows left out: else the penalty may well be worth its cost."""


@dataclass(frozen=True)
class Pull:
    """The two gradients of one parameter: sizes, and the cosine between them."""

    name: str
    data: float
    penalty: float
    cosine: float

    @property
    def share(self) -> float:
        """The penalty's gradient in units of the data's."""
        return self.penalty / max(self.data, 1e-300)


@finding("over-regularisation")
def look(case: Case) -> Finding | None:
    """Return the finding if the penalty balances the data, and training without it comes lower."""
    if case.diverged or not case.penalised or case.end is None or not case.chance > 0:
        return None
    cost = (case.end_loss - case.loss_without_penalty) / case.chance
    pulls = pulls_of(case, case.end)
    strongest = max(pulls, key=lambda one: min(one.share, 1 / max(one.share, 1e-300)))
    if not cost > COSTS or not strongest.share > BALANCE:
        return None
    hurts = case.reference.is_telling and case.shortfall > SHORT
    return Finding(
        "over-regularisation",
        "note" if not hurts else "severe" if case.failed else "moderate",
        ("The penalty holds the weights back: its gradient on ", strongest.name, " is ",
         Number(strongest.share, "short"), f" times the data's, and {case.trials.steps} steps "
         "without it come to a loss of ", Number(case.loss_without_penalty, "short"),
         ", the whole run with it to ", Number(case.end_loss, "short"), "."),
        (_gradients(pulls), _scores(case)),
        ("Training comes to rest where penalty and data pull equally hard. The stronger the ",
         "penalty, the nearer to zero that is, and the less the network can tell rows apart."
         if hurts else "penalty, the nearer to zero that is. Whether that is worth it shows on "
         "rows held out only."),
        _remedies(case),
        certainty=0.9,
        weight=0.84,
        explains=("underfitting", "plateau", "gradient noise", "class imbalance"),
        numbers={"cost": cost, "without": case.loss_without_penalty, "with": case.end_loss,
                 "shares": {one.name: one.share for one in pulls}},
    )  # fmt: skip


def pulls_of(case: Case, opened: Opened) -> list[Pull]:
    """Return the gradients of data and penalty for each parameter that has a penalty."""
    found, setup = [], case.setup
    rows = setup.batch_rows / len(case.sample) if setup.reduction == "sum" else 1.0
    for name, spec in setup.network.specs.items():
        if not (spec.l1 or spec.l2) or not spec.trainable:
            continue
        weights = np.asarray(opened.state[name], np.float64)
        penalty = spec.l2 * weights + spec.l1 * np.sign(weights)
        data = rows * (np.asarray(opened.gradients[name], np.float64) - penalty)
        sizes = float(np.linalg.norm(data) * np.linalg.norm(penalty))
        cosine = float(np.sum(data * penalty)) / sizes if sizes else 0.0
        found.append(Pull(name, rms(data), rms(penalty), cosine))
    return found or [Pull("no weight", 0.0, 0.0, 0.0)]


def _gradients(pulls: list[Pull]) -> Table:
    rows = tuple(
        (one.name, Number(one.data, "short"), Number(one.penalty, "short"),
         Number(one.share, "short"), Number(one.cosine, "short"))
        for one in pulls
    )  # fmt: skip
    head = ("", "the data's gradient", "the penalty's", "its share", "cosine")
    return Table(head, rows, "root mean square at the end; a cosine of -1: they pull against "
                 "each other")  # fmt: skip


def _scores(case: Case) -> Table:
    rows = [("this network, on its training rows", Number(case.explained, "short"))]
    if case.reference.is_telling:
        told = Number(case.reference.explained, "short")
        rows.append(("a kernel regression, on rows left out", told))
    return Table(("share of the targets' spread explained", ""), tuple(rows))


def _remedies(case: Case) -> tuple[Remedy, ...]:
    specs = case.setup.network.specs.values()
    largest = {name: max(getattr(s, name) for s in specs) for name in ("l1", "l2")}
    none = {name: 0.0 for name, value in largest.items() if value}
    less = {name: float(f"{value / 100:.2g}") for name, value in largest.items() if value}
    return (
        Remedy("the same network without the penalty: what it costs", _call(none), 0, none),
        Remedy("a hundredth of the penalty", _call(less), 0, less),
    )


def _call(changes: dict[str, float]) -> str:
    return f"run.branch(0, {', '.join(f'{name}={value:g}' for name, value in changes.items())})"
