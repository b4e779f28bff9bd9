"""Findings: what is wrong with a training, with its evidence, its cause and what to try.

Knows the form of findings and their registry; knows no particular one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from shlex import quote
from typing import Any, Literal, Protocol

from chainrule.explain.document import Block, Span

Severity = Literal["severe", "moderate", "note"]


@dataclass(frozen=True)
class Remedy:
    """Something to try.

    Attributes
    ----------
    why : str
        What it would do, in words.
    code : str
        The call that does it.
    step : int
        For a branch: the step at which it leaves the run.
    changes : mapping
        For a branch: what it changes. Empty if only a new training can try it.
    """

    why: str
    code: str
    step: int = 0
    changes: Mapping[str, Any] = field(default_factory=dict)


FLAGS = ("learning_rate", "steps", "batch_size", "l1", "l2", "patience")
"""Changes that a command can make."""


def spelled(remedy: Remedy, called: str | None) -> str:
    """Return a remedy as code, or as a command on the run of that name where there is one.

    Examples
    --------
    >>> spelled(Remedy("", "run.branch(0, l2=0.1)", 0, {"l2": 0.1}), "runs/a")
    'chainrule branch runs/a --step 0 --l2 0.1'
    """
    if called is None or not remedy.changes or set(remedy.changes) - set(FLAGS):
        return remedy.code
    flags = [f"--{name.replace('_', '-')} {value:g}" for name, value in remedy.changes.items()]
    return " ".join([f"chainrule branch {quote(called)} --step {remedy.step}", *flags])


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that is wrong, or worth knowing.

    Attributes
    ----------
    name : str
        Such as ``dead units``.
    severity : {"severe", "moderate", "note"}
        Whether training fails by it, is held back by it, or only has it.
    headline : tuple of spans
        What was found, in a sentence with its main number.
    evidence : tuple of blocks
        The numbers.
    cause : tuple of spans
        Where it comes from, in words.
    remedies : tuple of Remedy
        What to try, the best first.
    certainty : float
        From 0 to 1: how surely this is so.
    weight : float
        From 0 to 1: how much of the trouble it would explain.
    explains : tuple of str
        Names of findings that follow from this one.
    numbers : mapping
        The evidence as plain data.
    """

    name: str
    severity: Severity
    headline: tuple[Span, ...]
    evidence: tuple[Block, ...]
    cause: tuple[Span, ...]
    remedies: tuple[Remedy, ...] = ()
    certainty: float = 0.9
    weight: float = 0.5
    explains: tuple[str, ...] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_alarm(self) -> bool:
        """Whether it says that something is wrong; notes do not."""
        return self.severity != "note"


class Look(Protocol):
    """Looks at a case for one kind of finding."""

    def __call__(self, case: Any) -> Finding | None:
        """Return the finding, or None."""
        ...


looks: dict[str, Look] = {}
"""Everything the doctor looks for, by the name of the finding."""


def finding(name: str) -> Callable[[Look], Look]:
    """Register a function of a case as the look for the finding of this name."""

    def remember(look: Look) -> Look:
        looks[name] = look
        return look

    return remember
