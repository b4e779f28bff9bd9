"""A weight that never moved: parameters that are at the end what they were at the start.

Knows the states of a case; what is frozen on purpose is told apart from what is stuck.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, Remedy, Severity, finding
from chainrule.explain.document import Number, Span, Symbol, Table
from chainrule.nn import Network

MEANT = 0.05
"""Below this shortfall of what can be explained, freezing is taken as meant, and only noted."""


@finding("weights that never moved")
def look(case: Case) -> Finding | None:
    """Return the finding if a whole parameter is unchanged after the last step."""
    if not case.record.steps:
        return None
    specs = case.setup.network.specs
    still = [n for n in specs if np.array_equal(case.start_state[n], case.record.final[n])]
    if not still or case.end is None:
        return None
    frozen = [name for name in still if not specs[name].trainable]
    severity: Severity = "severe" if case.failed else "moderate"
    if len(frozen) == len(still) and case.shortfall < MEANT:
        severity = "note"
    gradients = case.end.gradients
    rows = tuple(
        (Symbol(name), "frozen" if name in frozen else "trainable",
         Number(float(np.max(np.abs(gradients[name]), initial=0.0)), "short"))
        for name in still
    )  # fmt: skip
    return Finding(
        "weights that never moved",
        severity,
        (f"{', '.join(still)} did not change in {case.record.steps} steps.",),
        (Table(("parameter", "", "largest gradient now"), rows),),
        _cause(case, still, frozen),
        (_remedy(case, frozen),) if frozen else (),
        certainty=1.0,
        weight=0.9 if case.failed else 0.3,
        explains=("underfitting", "plateau", "learning rate too low"),
        numbers={"parameters": still, "frozen": frozen},
    )


def _cause(case: Case, still: list[str], frozen: list[str]) -> tuple[Span, ...]:
    if frozen:
        return (
            f"{', '.join(frozen)} is frozen: no update touches it (trainable=False of its layer, "
            "or frozen= of the network). If that is not meant, it is the cause.",
        )
    if case.rate == 0:
        return ("The learning rate is 0.",)
    assert case.end is not None, "gradients were opened"
    if all(not np.any(case.end.gradients[name]) for name in still):
        return (
            "Its gradient is exactly 0 on every row: what stands behind it passes nothing on (a "
            "unit that is off, or outgoing weights that are 0).",
        )
    return (
        "Its gradient is not 0, but the updates are smaller than one unit in the last place of a "
        f"{case.setup.dtype.name}: rate times gradient is lost when it is added.",
    )


def _remedy(case: Case, frozen: list[str]) -> Remedy:
    """Return the same training with nothing frozen."""
    network = case.setup.network
    layers = [replace(item, trainable=True) for item in network.layers]  # type: ignore[type-var]
    return Remedy(
        "let every parameter learn",
        "run.branch(0, network=cr.Network(layers, inputs))   # without frozen= and trainable=False",
        0,
        {"network": Network(layers, network.inputs)},
    )
