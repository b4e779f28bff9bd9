"""The check of a run: its recorded gradients against the loss as a function of its parameters.

The loss is evaluated by the interpreter in float64 and in complex numbers from the forward graph
alone; no derivative rule has a part in it. Knows records, moments and the check of functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.autodiff.sweep import Slope
from chainrule.data.batches import checked_seed
from chainrule.errors import ValueRefused
from chainrule.executors import bind
from chainrule.executors.threads import one_thread
from chainrule.explain.asking import spelled
from chainrule.explain.check.estimate import estimator_of
from chainrule.explain.check.hand_in import HandIn
from chainrule.explain.check.judge import Entry
from chainrule.explain.check.of_function import ENTRIES, Examined
from chainrule.explain.check.page import page
from chainrule.explain.check.sampling import checked_count, shares_of_steps
from chainrule.explain.check.spread import LINES, measured_rounding
from chainrule.explain.check.subject import Subject, random_direction, subject_of, unit_of
from chainrule.explain.check.trace import kinks_of
from chainrule.explain.check.verdict import Check, Findings, by_concern
from chainrule.graph import primitives
from chainrule.nn import build_objective
from chainrule.plan import Plan, make_plan
from chainrule.train import Moment, Record, Setup
from chainrule.types import Array, DType

WORK = 2e10
"""Floating-point operations that a check takes about, unless entries are asked for."""
CALLS = 16
"""Evaluations of the loss that an entry takes about, each as a real and a complex number."""


def check_moments(
    record: Record,
    moments: Sequence[Moment],
    *,
    entries: int | None = None,
    seed: int = 0,
    called: str | None = None,
) -> Check:
    """Return the check of a run's gradients at some of its steps.

    Parameters
    ----------
    record : Record
        The run.
    moments : sequence of Moment
        The steps, opened.
    entries : int, optional
        How many entries are looked at, at all steps together.
    seed : int
        Fixes which.
    called : str, optional
        The run's folder, if further questions are to be commands; else they are Python.
    """
    rng = np.random.default_rng(checked_seed(seed))
    setup = record.setup
    moments = _with_a_loss(moments)
    count = checked_count(entries, _default(setup, moments[0]))
    sizes = [array.size for array in moments[0].parameters.values()]
    counts = shares_of_steps(sizes, len(moments), count)
    opened: dict[int, Examined] = {}
    judged: list[Entry] = []
    along: list[Entry] = []
    notes: list[str] = []
    with one_thread():
        for moment, share in zip(moments, counts, strict=True):
            examined = opened[moment.step] = _examined(setup, moment, rng)
            found = examined.sampled(share, rng)
            whole, more = examined.directions(found, rng)
            judged += [replace(one, step=moment.step) for one in (*found, *more)]
            along += [replace(one, step=moment.step) for one in whole]
            notes += _kinks(moment)

    def sweeps(entry: Entry) -> tuple[Slope, float]:
        assert entry.step is not None, "entries of runs have a step"
        with one_thread():
            return opened[entry.step].sweep(entry)

    findings = Findings(
        _title(setup, moments), tuple(judged), setup.network.size * len(moments), tuple(along),
        tuple(notes), _method(setup, judged),
    )  # fmt: skip
    return Check(page(findings, sweeps, _next(judged, called)), findings, sweeps)


def _next(entries: Sequence[Entry], called: str | None) -> list[tuple[str, str]]:
    """Return the question that opens the most telling entry."""
    first = by_concern(entries)[0]
    return [(spelled(called, "why", first.name, step=first.step), "the chain rule behind it")]


def _with_a_loss(moments: Sequence[Moment]) -> list[Moment]:
    """Return the steps whose values are all finite; at the others the run had gone astray.

    Raises
    ------
    ValueRefused
        If there is none.
    """
    finite = [moment for moment in moments if not _astray(moment)]
    if not finite:
        first = moments[0]
        raise ValueRefused(
            f"{_astray(first)} of step {first.step} is not finite; a gradient exists only where "
            "all is.\n  Check a step before the run went astray."
        )
    return finite


def _astray(moment: Moment) -> str:
    """Return the first value of the forward pass that is not finite, or nothing."""
    for name, value in {"the loss": np.asarray(moment.loss), **moment.values}.items():
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            return name
    return ""


def _title(setup: Setup, moments: Sequence[Moment]) -> str:
    steps = [f"{moment.step:,}" for moment in moments]
    several = f"steps {', '.join(steps[:-1])} and {steps[-1]}"
    return f"{setup.network.outline} at {f'step {steps[0]}' if len(steps) == 1 else several}"


def _method(setup: Setup, entries: Sequence[Entry]) -> str:
    who = "machine code" if setup.engine == "native" else "the interpreter"
    steps = sum(one.method == "complex step" for one in entries)
    rest = len(entries) - steps
    other = f"; of {rest} by central differences over a sweep of steps" if rest else ""
    return (
        f"Yours are the gradients that {who} computed in {setup.dtype.name}. The numeric ones are "
        "slopes of the loss alone, evaluated by the interpreter in float64: by the complex step, "
        f"confirmed by central differences{other}."
    )


def _default(setup: Setup, moment: Moment) -> int:
    """Return how many entries are looked at: fewer where the loss is much work."""
    arrays = len(setup.network.specs)
    flops = 5 * CALLS * _loss_plan(setup, len(moment.rows)).flops
    return int(max(6 * arrays, min(3 * ENTRIES, WORK / max(flops, 1))))


def _loss_plan(setup: Setup, rows: int) -> Plan:
    """Return the plan of the loss in float64, forward only."""
    objective = build_objective(
        setup.network, setup.loss, setup.reduction, rows,
        soft_labels=setup.soft_labels, weighted=setup.w is not None, dtype=np.float64,
    )  # fmt: skip
    return make_plan({"L": objective.loss})


def _examined(setup: Setup, moment: Moment, rng: np.random.Generator) -> Examined:
    """Return a step's loss as a function of the parameters, and the gradients recorded for it."""
    feed = setup.feed(moment.step, {**moment.parameters, **moment.slots})
    subject = subject_of(
        _loss(setup, feed),
        {name: a.astype(np.float64) for name, a in moment.parameters.items()},
    )
    given = _recorded(setup, moment, feed, subject, rng)
    kinks = any(True for _ in kinks_of(moment.recording))
    return Examined(replace(estimator_of(subject, rng), kinks=kinks), given)


def _loss(setup: Setup, feed: Mapping[str, Any]) -> Callable[[Mapping[str, Array]], Any]:
    """Return the loss of a batch as a function of the parameters, real or complex."""
    plan = _loss_plan(setup, len(feed["x"]))
    program, place = bind(plan), plan.number(plan.forward["L"])
    fixed = {
        name: value.astype(np.float64) if getattr(value, "dtype", None) == np.float32 else value
        for name, value in feed.items()
    }

    def loss(parameters: Mapping[str, Array]) -> Any:
        try:
            return program.values({**fixed, **parameters})[place]
        except ValueRefused:
            return np.nan

    return loss


def _recorded(
    setup: Setup, moment: Moment, feed: Mapping[str, Any], subject: Subject,
    rng: np.random.Generator,
) -> HandIn:  # fmt: skip
    """Return the recorded gradients; in case of doubt it is measured how far rounding moves them.

    That is measured on the interpreter's own backward pass in the run's dtype: it says how large
    rounding is, never what is right.
    """
    names = [leaf.name for leaf in subject.leaves]
    unit, own = unit_of(setup.dtype), [moment.parameters[name] for name in names]
    program = setup.program(len(feed["x"]), "record")
    places = [program.plan.number(program.plan.gradients[name]) for name in names]

    def gradient(near: Sequence[Array]) -> list[Array] | None:
        dtype = near[0].dtype
        values = {**feed, **dict(zip(names, near, strict=True))}
        wide = {k: _wide(v, dtype) for k, v in values.items()}
        try:
            found = program.values(wide, keep=True)
        except (ValueRefused, TypeError):
            return None
        return [np.asarray(found[place]) for place in places]

    directions = [random_direction(subject, rng) for _ in range(LINES)]
    return HandIn(
        [moment.gradients[name].astype(np.float64) for name in names],
        [unit] * len(names),
        lambda: measured_rounding(gradient, own, directions, unit),
    )


def _wide(value: Any, dtype: DType) -> Any:
    """Return an array of floats in a wider dtype; anything else as it is."""
    is_floats = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return value.astype(dtype) if is_floats and value.dtype != dtype else value


def _kinks(moment: Moment) -> list[str]:
    """Return which conventions at kinks the step used, a sentence each."""
    plan, notes = moment.recording.plan, []
    for node, count in kinks_of(moment.recording):
        name = next((n for n, other in plan.forward.items() if other is node), "")
        where = f"{node.op} ({name})" if name else node.op
        notes.append(
            f"Convention used: at step {moment.step}, {where} is at a kink in {count} of "
            f"{node.size} places; {'; '.join(primitives[node.op].kinks)}."
        )
    return notes
