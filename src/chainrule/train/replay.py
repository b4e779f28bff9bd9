"""Replay: the state and every value of any step of a finished run, bit for bit.

Knows records; recomputes from the nearest snapshot with the same plan and the same batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral

from chainrule.errors import SpecError, shown
from chainrule.executors import Recording, outputs, record
from chainrule.executors.threads import one_thread
from chainrule.train.setup import State
from chainrule.train.step import runner
from chainrule.train.trainer import Record
from chainrule.types import Array


@dataclass(frozen=True, eq=False)
class Moment:
    """One step of a run, opened: the state before update `step`, and what the step computed.

    Attributes
    ----------
    step : int
        Which; the last one has gradients but no updates.
    parameters : mapping of str to numpy.ndarray
        Before the update.
    values : mapping of str to numpy.ndarray
        ``x``, ``y``, ``zK``, ``hK``, ``out``, ``l`` (loss of each row), ``L``, and with penalties
        ``penalty``.
    gradients : mapping of str to numpy.ndarray
        dL/dparameter, frozen ones included.
    updates : mapping of str to numpy.ndarray
        New value minus old one, of trainable parameters; empty after the last step.
    slots : mapping of str to numpy.ndarray
        The optimizer's memory before the update (``W1.m``).
    rows : numpy.ndarray
        The numbers of the batch's rows, in the user's table if there is one, counted from 0.
    recording : Recording
        Every value of the plan, for explanations.
    """

    step: int
    parameters: Mapping[str, Array]
    values: Mapping[str, Array]
    gradients: Mapping[str, Array]
    updates: Mapping[str, Array]
    slots: Mapping[str, Array]
    rows: Array
    recording: Recording

    @property
    def loss(self) -> float:
        """The loss that is descended, before the update."""
        return float(self.values["L"])


def state_at(found: Record, step: int) -> State:
    """Return the state before update `step`, recomputed from the nearest snapshot.

    Raises
    ------
    SpecError
        If the run has no such step.
    """
    steps = found.steps
    whole = isinstance(step, Integral) and not isinstance(step, bool)
    if not whole or not 0 <= step <= steps:
        raise SpecError(
            f"step {shown(step)} was asked for; this run has steps 0 to {steps} ({steps} is the "
            "state after the last update)."
        )
    if step == steps:
        return found.final
    start = max(k for k in found.snapshots if k <= step)
    state, do = found.snapshots[start], runner(found.setup)
    with one_thread():
        for k in range(start, step):
            state = {**state, **do(k, state).new}
    return state


def moment_at(found: Record, step: int) -> Moment:
    """Return step `step`, opened."""
    state, step = state_at(found, step), int(step)
    setup = found.setup
    feed = setup.feed(step, state)
    program = setup.program(feed["x"].shape[0], "record")
    with one_thread():
        recording = record(program, feed)
    plan, values = recording.plan, list(recording.values)
    new = outputs(program, values, plan.updates) if step < found.steps else {}
    names = setup.network.specs
    return Moment(
        step=step,
        parameters={k: state[k].copy() for k in names},
        values={k: v.copy() for k, v in outputs(program, values, plan.forward).items()},
        gradients={k: v.copy() for k, v in outputs(program, values, plan.gradients).items()},
        updates={k: new[k] - state[k] for k in names if k in new},
        slots={k: v.copy() for k, v in state.items() if k not in names},
        rows=setup.user_rows(step),
        recording=recording,
    )
