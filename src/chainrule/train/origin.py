"""Origin: where a branch left another run, and what was changed there.

Knows words and numbers; knows no run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Origin:
    """Where a branch began.

    Attributes
    ----------
    run : str
        The run that was left, in words.
    step : int
        The branch began with its state before this update.
    changes : tuple of str
        What was changed, a sentence each; none if the branch only goes on.

    Examples
    --------
    >>> print(*Origin("2-1, 50 steps", 20, ("optimizer: SGD(learning_rate=0.5)",)).lines, sep="; ")
    from step 20 of 2-1, 50 steps; optimizer: SGD(learning_rate=0.5)
    """

    run: str
    step: int
    changes: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The origin in words, a line each."""
        changed = self.changes or ("nothing was changed",)
        return (f"from step {self.step} of {self.run}", *changed)

    def counted(self, step: int, epoch: int | None = None) -> str:
        """Return where a step of the branch stands in the run that was left; epochs from 1.

        Examples
        --------
        >>> print(Origin("2-1, 50 steps", 20).counted(3, 7))
        step 3 of this branch is step 23 from the start of the run it left, in epoch 7
        """
        within = "" if epoch is None else f", in epoch {epoch:,}"
        there = f"step {self.step + step:,} from the start of the run it left"
        return f"step {step:,} of this branch is {there}{within}"

    def to_dict(self) -> dict[str, Any]:
        """Return the origin as plain data."""
        return {"run": self.run, "step": self.step, "changes": list(self.changes)}


def origin_from(data: Mapping[str, Any] | None) -> Origin | None:
    """Return the origin that `Origin.to_dict` wrote down.

    Examples
    --------
    >>> origin_from({"run": "2-1, 50 steps", "step": 20, "changes": []}).step
    20
    """
    if data is None:
        return None
    return Origin(str(data["run"]), int(data["step"]), tuple(map(str, data["changes"])))
