"""What every loss has: a formula for one row, what it takes, which targets it wants.

Knows the form of losses; knows no particular one.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from numbers import Real
from typing import Any, Literal

from chainrule.errors import SpecError, shown
from chainrule.graph import Node

TargetKind = Literal["real", "binary", "class"]


@dataclass(frozen=True)
class Loss:
    """One formula for the loss of a row.

    Attributes
    ----------
    name : str
        Its name in `train` and in files.
    rows : callable
        ``(out, y, **options) -> node of shape (rows,)``.
    formula : str
        The formula for a row, in plain text.
    latex : str
        The same in LaTeX.
    targets : {"real", "binary", "class"}
        What y may hold.
    logits_of : str or None
        The last activation that this loss computes itself, on logits, in one stable form.
    options : mapping
        Settings of the formula.

    Examples
    --------
    >>> find_loss("half_squared_error").formula
    '1/2 sum_k (out - y)^2'
    """

    name: str
    rows: Callable[..., Node]
    formula: str
    latex: str
    targets: TargetKind = "real"
    logits_of: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def of_rows(self, out: Node, y: Node) -> Node:
        """Return the loss of each row; `out` holds logits where `logits_of` says so."""
        return self.rows(out, y, **self.options)

    def to_dict(self) -> dict[str, Any]:
        """Return the loss as plain data."""
        return {"name": self.name, **self.options}

    def with_options(self, **options: Any) -> Loss:
        """Return the loss with other settings."""
        known = list(inspect.signature(self.rows).parameters)[2:]
        for key, value in options.items():
            if key not in known:
                raise SpecError(f"loss {self.name!r} has no setting {key!r}; it has {known}.")
            number = isinstance(value, Real) and not isinstance(value, bool)
            if not number or not 0 < value < math.inf:
                raise SpecError(
                    f"{key} of {self.name!r} is {shown(value)}; it is a positive number."
                )
        return replace(self, options={**self.options, **{k: float(v) for k, v in options.items()}})


losses: dict[str, Loss] = {}
"""Every loss by name."""


def loss(
    *, formula: str, latex: str, targets: TargetKind = "real", logits_of: str | None = None
) -> Callable[[Callable[..., Node]], Callable[..., Node]]:
    """Register a function of (out, y) as the loss of its name."""

    def remember(rows: Callable[..., Node]) -> Callable[..., Node]:
        name = rows.__name__
        losses[name] = Loss(name, rows, formula, latex, targets, logits_of)
        return rows

    return remember


def find_loss(given: str | Mapping[str, Any] | Loss) -> Loss:
    """Return a loss from its name, its dict form or itself.

    Examples
    --------
    >>> find_loss({"name": "huber", "threshold": 2}).options
    {'threshold': 2.0}
    """
    if isinstance(given, Loss):
        return given
    options = dict(given) if isinstance(given, Mapping) else {"name": given}
    name = options.pop("name", None)
    if not isinstance(name, str) or name not in losses:
        near = get_close_matches(str(name), losses, n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(losses)}."
        raise SpecError(f"loss {shown(name)} is not known; {hint}")
    return losses[name].with_options(**options)
