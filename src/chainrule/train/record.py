"""Records: what a finished training leaves, as plain data.

Knows setups, states and histories by their form; runs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from chainrule.train.origin import Origin
from chainrule.train.setup import Setup, State
from chainrule.train.snapshots import BUDGET_BYTES
from chainrule.train.trouble import Trouble
from chainrule.types import Array

Stopped = Literal[
    "finished", "early stopping", "interrupted", "callback", "diverged", "adopted", "unfinished"
]
"""Why a run ended; an adopted one never began: its network was trained elsewhere. One that is
unfinished still goes on, or was killed: there is only a checkpoint."""


@dataclass(frozen=True, eq=False)
class Validation:
    """Rows that training does not see, to judge it by."""

    x: Array
    y: Array
    w: Array | None = None


UNKNOWN_PATIENCE = -1
"""Of runs that were saved before patience was written down."""


@dataclass(frozen=True, eq=False)
class Record:
    """What a finished training leaves: plain data.

    Attributes
    ----------
    setup : Setup
        What was trained.
    history : mapping of str to numpy.ndarray
        Columns, a row a step.
    snapshots : mapping of int to State
        States before some updates, step 0 among them.
    final : State
        The state after the last step.
    best : State
        The state that is given to the user: the final one, or that of the lowest validation loss.
    best_step : int
        The k for which `best` is the state before update k.
    stopped : str
        Why training ended.
    trouble : Trouble or None
        What diverged.
    validation : Validation or None
        The rows it was judged by.
    planned : int
        Steps that were asked for; `steps` is how many were completed.
    origin : Origin or None
        Which step of which run this is a branch of.
    patience : int or None
        Epochs without a lower validation loss after which it was to stop.
    snapshot_bytes : int
        The budget of its snapshots.
    held_out : Validation or None
        Rows that neither trained nor chose anything, for the score of a run made from a table.
    parts : mapping of str to numpy.ndarray
        The user's own numbers of the rows of ``validation`` and ``held_out``, if known.
    """

    setup: Setup
    history: Mapping[str, Array]
    snapshots: Mapping[int, State]
    final: State
    best: State
    best_step: int
    stopped: Stopped
    trouble: Trouble | None = None
    validation: Validation | None = None
    planned: int = 0
    origin: Origin | None = None
    patience: int | None = None
    snapshot_bytes: int = BUDGET_BYTES
    held_out: Validation | None = None
    parts: Mapping[str, Array] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Steps that were completed."""
        return len(self.history["loss"])
