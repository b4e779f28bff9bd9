"""Replay: the state and every value of any step of a finished run, bit for bit.

Knows records; recomputes from the nearest snapshot with the same plan and the same batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from chainrule.errors import SpecError, shown
from chainrule.executors import Recording, record
from chainrule.executors.threads import one_thread
from chainrule.train.feeding import feeder
from chainrule.train.native import native_loop, native_values
from chainrule.train.record import Record
from chainrule.train.setup import Setup, State
from chainrule.train.step import runner
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
    upstream : mapping of str to numpy.ndarray
        dL/dvalue of the values between parameters and loss: ``zK``, ``hK``, ``out``, ``l``.
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
    upstream: Mapping[str, Array]
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
    return _repeated(found, int(start), int(step))


def _repeated(found: Record, start: int, step: int) -> State:
    """Do the steps from a snapshot on once more, with the engine that did them."""
    state = found.snapshots[start]
    if start == step:
        return state
    with one_thread():
        if found.setup.engine == "native":
            loop = native_loop(found.setup, state)
            fed, k = feeder(found.setup, loop), start
            while k < step:
                count, rows = fed.rows(k, step - k)
                loop.advance(k, count, rows, 0)
                k += count
            return loop.state()
        do = runner(found.setup)
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
    names = setup.network.specs
    values, gradients, new = _results(setup, recording, feed)
    new = new if step < found.steps else {}
    return Moment(
        step=step,
        parameters={k: state[k].copy() for k in names},
        values=values,
        gradients={k: gradients[k] for k in names},
        upstream={k[len("dL/d") :]: g for k, g in gradients.items() if k not in names},
        updates={k: new[k] - state[k] for k in names if k in new},
        slots={k: v.copy() for k, v in state.items() if k not in names},
        rows=setup.user_rows(step),
        recording=recording,
    )


def _results(
    setup: Setup, recording: Recording, feed: Mapping[str, Any]
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]]:
    """Return named values, gradients and new values, as the engine that trains computes them."""
    plan = recording.plan
    roles = (plan.forward, plan.gradients, plan.updates)
    if setup.engine == "native":
        program, found = native_values(setup, "record", len(feed["x"]), feed)
        own = program.plan
        forward, gradients, new = (
            {name: found[node] for name, node in role.items()}
            for role in (own.forward, own.gradients, own.updates)
        )
    else:
        forward, gradients, new = (
            {name: recording.of(node).copy() for name, node in role.items()} for role in roles
        )
    return forward, gradients, new
