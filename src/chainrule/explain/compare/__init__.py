"""compare: where two runs part, in set-up, loss, step, layer and entry.

Knows records, replay and the neutral document; knows no view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.explain.compare.page import Compared, page
from chainrule.explain.compare.parting import (
    Apart,
    Parting,
    first_loss,
    first_weights,
    is_comparable,
    parameters_apart,
)
from chainrule.explain.compare.settings import Difference, setting_differences
from chainrule.explain.explanation import Explanation
from chainrule.train import Record
from chainrule.train.branch import is_branch_of, since

__all__ = ["Apart", "Comparison", "Difference", "Parting", "compare_records"]

OTHER_SHAPES = (
    "The networks have other parameters, so their weights cannot be set side by side; what follows "
    "are their losses."
)
NO_ROWS = (
    "The rows of a run are not at hand, so its steps cannot be replayed; the weights are compared "
    "at the end only."
)


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Explanation):
    """Two runs side by side: print it, or ask for its parts.

    Attributes
    ----------
    found : Compared
        Everything that was found out.
    """

    found: Compared

    @property
    def equal(self) -> bool:
        """Whether every loss and every final weight is equal bit for bit."""
        return self.found.equal

    @property
    def settings(self) -> tuple[Difference, ...]:
        """What differs in the set-up: each with `what`, `left`, `right`."""
        return self.found.settings

    @property
    def first_loss(self) -> int | None:
        """The first step whose losses differ."""
        return self.found.loss

    @property
    def first_weights(self) -> Parting | None:
        """The first state whose weights differ: its `step`, `parameters` and `cause`."""
        return self.found.weights


def compare_records(
    left: Record,
    right: Record,
    *,
    names: tuple[str, str] = ("first", "second"),
    commands: Sequence[tuple[str, str]] = (),
) -> Comparison:
    """Return where two runs part; a branch is set beside what the other did from there on.

    Parameters
    ----------
    left, right : Record
        The runs.
    names : tuple of str
        What they are called on the page.
    commands : sequence of (str, str)
        What to ask next.
    """
    left, right, names = _aligned(left, right, names)
    comparable = is_comparable(left, right)
    replayable = bool(left.setup.rows and right.setup.rows)
    remark = "" if comparable and replayable else NO_ROWS if comparable else OTHER_SHAPES
    weights = first_weights(left, right) if comparable and replayable else None
    final: tuple[Apart, ...] = ()
    if comparable:
        final = parameters_apart(left.best, right.best, list(left.setup.network.specs))
    found = Compared(
        names, left, right, setting_differences(left, right), first_loss(left, right), weights,
        final, remark,
    )  # fmt: skip
    return Comparison(page(found, commands), found)


def _aligned(
    left: Record, right: Record, names: tuple[str, str]
) -> tuple[Record, Record, tuple[str, str]]:
    """Return both runs counted from the same step, if one is a branch of the other."""
    first, second = names
    if right.origin is not None and left.setup.rows and is_branch_of(right, left):
        step = right.origin.step
        return since(left, step), right, (f"{first} from step {step} on", second)
    if left.origin is not None and right.setup.rows and is_branch_of(left, right):
        step = left.origin.step
        return left, since(right, step), (first, f"{second} from step {step} on")
    return left, right, names
