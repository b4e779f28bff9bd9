"""Diagnosis: every look at a case, its findings in order, and what they follow from.

Knows looks and their findings; knows no particular one.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.errors import SpecError
from chainrule.explain.doctor import findings as _findings  # noqa: F401  (registers every look)
from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, looks
from chainrule.explain.doctor.futures import Futures, carry_out, first_to_try
from chainrule.explain.doctor.order import ranked
from chainrule.explain.doctor.page import page_of
from chainrule.explain.explanation import Explanation
from chainrule.train import Record
from chainrule.train.sampled import in_memory


@dataclass(frozen=True, eq=False)
class Diagnosis(Explanation):
    """What the doctor found; print it, or take its findings one by one.

    Attributes
    ----------
    findings : tuple of Finding
        The first explains most, and most surely; what follows from others stands after them.
    futures : Futures or None
        The run's own way and that of the first suggestion, if it was tried.
    """

    findings: tuple[Finding, ...] = ()
    futures: Futures | None = None

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong; notes are not."""
        return not any(one.is_alarm for one in self.findings)


OF_TRAINING = frozenset({
    "gradient noise", "learning rate too high", "learning rate too low", "overfitting", "plateau",
    "weights that never moved",
})  # fmt: skip
"""What only steps can show; an adopted network has none."""


def diagnose(record: Record, *, try_it: bool = False, called: str | None = None) -> Diagnosis:
    """Return what is wrong with a training, if anything.

    Parameters
    ----------
    record : Record
        The run, with its rows; a diverged one too.
    try_it : bool
        Carry out the first suggestion on a branch, and show both futures.
    called : str, optional
        The run's folder, if suggestions are to be commands where there is one.

    Raises
    ------
    SpecError
        If there is nothing to examine: no step was done, and the network is not one that was
        trained elsewhere.
    """
    if not record.steps and record.stopped not in ("diverged", "adopted"):
        raise SpecError(
            "a diagnosis was asked for, but this run did no step, so there is nothing to examine.\n"
            "  Train it first: steps= or epochs= of cr.train."
        )
    record = in_memory(record)
    case = Case(record)
    wanted = (look for name, look in looks.items() if not (case.adopted and name in OF_TRAINING))
    found = ranked([one for one in (look(case) for look in wanted) if one is not None])
    remedy = first_to_try(found) if try_it else None
    futures = None if remedy is None else carry_out(record, remedy)
    looked_for = sorted(set(looks) - (OF_TRAINING if case.adopted else set()))
    return Diagnosis(page_of(case, found, looked_for, futures, called), found, futures)
