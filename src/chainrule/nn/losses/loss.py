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
    r"""One formula for the loss of a row.

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
    slope : callable or None
        ``(out, y, **options) -> node of the shape of out``: the derivative of a row's loss by its
        outputs (by its logits where `logits_of` says so) in closed form, for people to read.
        Training derives its own; a contract test compares the two.
    slope_text, slope_latex : str
        The same as a formula for output k, in which ``out`` is the output after the last
        activation and `` / K`` stands for the mean over K outputs; "" where it is not declared.
    slope_steps : tuple of (str, str)
        The lines of algebra that lead there, each as text and LaTeX, for output k.
    slope_why : str
        What is to be seen in them.

    Examples
    --------
    >>> find_loss("half_squared_error").formula
    '1/2 sum_k (out - y)^2'
    >>> find_loss("cross_entropy").slope_for(outputs=3)
    ('out - y', '\\mathrm{out}_k - y_k')
    """

    name: str
    rows: Callable[..., Node]
    formula: str
    latex: str
    targets: TargetKind = "real"
    logits_of: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    slope: Callable[..., Node] | None = None
    slope_text: str = ""
    slope_latex: str = ""
    slope_steps: tuple[tuple[str, str], ...] = ()
    slope_why: str = ""

    def of_rows(self, out: Node, y: Node) -> Node:
        """Return the loss of each row; `out` holds logits where `logits_of` says so."""
        return self.rows(out, y, **self.options)

    def slope_of_rows(self, out: Node, y: Node) -> Node | None:
        """Return the declared slope for the same inputs as `of_rows`; None if there is none."""
        return None if self.slope is None else self.slope(out, y, **self.options)

    def slope_for(self, outputs: int) -> tuple[str, str]:
        """Return the slope's formula as text and LaTeX, with the number of outputs put in.

        Examples
        --------
        >>> losses["squared_error"].slope_for(outputs=1)[0]
        '2 (out - y)'
        >>> losses["squared_error"].slope_for(outputs=3)[0]
        '2 (out - y) / 3'
        """
        share = f" / {outputs}" if outputs > 1 else ""
        latex = self.slope_latex if outputs > 1 else self.slope_latex.replace("_k", "")
        return self.slope_text.replace(" / K", share), latex.replace(" / K", share)

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


OWN = (
    "\n  One of your own is registered first, in Python: "
    "chainrule.nn.register_loss(name, function)."
)

losses: dict[str, Loss] = {}
"""Every loss by name."""


own_losses: dict[str, Loss] = {}
"""Losses that users registered (`chainrule.nn.register_loss`), by name."""


def loss(
    *,
    formula: str,
    latex: str,
    targets: TargetKind = "real",
    logits_of: str | None = None,
    **told: Any,
) -> Callable[[Callable[..., Node]], Callable[..., Node]]:
    """Register a function of (out, y) as the loss of its name.

    Parameters
    ----------
    formula, latex, targets, logits_of
        Fields of `Loss`.
    **told
        Its slope: slope, slope_text, slope_latex, slope_steps, slope_why.
    """

    def remember(rows: Callable[..., Node]) -> Callable[..., Node]:
        name = rows.__name__
        losses[name] = Loss(name, rows, formula, latex, targets, logits_of, **told)
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
    known = {**losses, **own_losses}
    if not isinstance(name, str) or name not in known:
        near = get_close_matches(str(name), known, n=2)
        there = f"there are {', '.join(losses)}."
        hint = f"did you mean {' or '.join(near)}?" if near else there
        raise SpecError(f"loss {shown(name)} is not known; {hint}{OWN}")
    return known[name].with_options(**options)
