"""The judge of training in place: the same bits as steps whose new values are read one by one.

Knows setups and the native executor.
"""

from dataclasses import replace

import numpy as np
import pytest
from plans_judge import Trial, Wrong, same_bits

from chainrule.errors import ValueRefused
from chainrule.executors.native.items import items_of
from chainrule.executors.native.step import IO, Stop
from chainrule.train import native
from chainrule.train.native import native_loop, row_numbers

STEPS = 5


def judge_training(setup, state, first=0):
    """Raise `Wrong` where training in place, or the loop over batches, gives other bits."""
    states, losses, stop = plain_steps(setup, state, first)
    judge_in_place(setup, states, first, stop)
    judge_loop(setup, states, losses, first, stop)
    return {"trainings": 1, "steps": len(states) - 1}


def plain_steps(setup, state, first):
    """Return the states before and after each step, the losses, and why steps ended."""
    states, losses, trials = [dict(state)], [], {}
    for step in range(first, first + STEPS):
        feed = setup.feed(step, states[-1])
        rows = len(feed["x"])
        if rows not in trials:
            trials[rows] = Trial(setup.plan(rows, "train"))
        program = trials[rows].program
        program.io.view(np.float64)[IO.LIMIT] = np.inf
        trials[rows].fill(0xFF)
        program.feed(feed)
        stop = program.step()
        loss = float(program.of(program.plan.forward["L"]))
        losses.append(loss)
        if stop != Stop.DONE or not loss <= np.inf:
            return states, losses, Stop.LOSS if stop == Stop.DONE else stop
        new = {name: program.of(node) for name, node in program.plan.updates.items()}
        states.append({**states[-1], **new})
    return states, losses, Stop.DONE


def judge_in_place(setup, states, first, stop):
    """One program that changes its state: each step from where the last one left it."""
    feed = setup.feed(first, states[0])
    rows = len(feed["x"])
    trial = Trial(setup.plan(rows, "train"), state=list(states[0]))
    trial.fill(0xFF)
    program = trial.program
    program.feed(feed)
    for k in range(len(states)):
        feed = setup.feed(first + k, {})
        last = k == len(states) - 1
        if len(feed["x"]) != rows or (last and stop == Stop.DONE):
            break
        program.feed(feed)
        program.io.view(np.float64)[IO.STEP] = first + k
        if not last:
            _limited(program, states[k])
        found = program.step()
        if found != (stop if last else Stop.DONE):
            raise Wrong(f"in place: step {k} ended with {found!r}, not {stop!r}")
        _same_state(program.state_arrays(), states[k if last else k + 1], f"in place, step {k}")
        trial.check(0xFF)


def _limited(program, state):
    """A loss above the limit leaves the state as it is."""
    program.io.view(np.float64)[IO.LIMIT] = -np.inf
    stop = program.step()
    program.io.view(np.float64)[IO.LIMIT] = np.inf
    if stop != Stop.LOSS:
        raise Wrong(f"in place: a limit of -inf gave {stop!r}")
    _same_state(program.state_arrays(), state, "a step that was not taken")


def judge_state(plan, feed, names):
    """Raise `Wrong` where a state changed in place differs from the new values, read one by one."""
    plain = Trial(plan)
    try:
        wanted = plain.run(feed, list(plan.results), 0xFF)
    except ValueRefused:
        wanted = None
    trial = Trial(plan, state=names)
    trial.fill(0x41)
    trial.program.feed(feed)
    stop = trial.program.step()
    trial.check(0x41)
    found = trial.program.state_arrays()
    if wanted is None:
        if stop != Stop.REFUSED:
            raise Wrong(f"in place: {stop!r}, where it is refused")
        _same_state(found, {k: np.asarray(feed[k]) for k in names}, "in place, refused")
        return {"refused": 1}
    new = {k: wanted[plan.updates[k]] for k in names}
    _same_state(found, new, "in place")
    items = items_of(plan)
    kept = {k: n for k, n in plan.forward.items() if not items.of[n].item.is_leaf}
    results = {k: trial.program.of(n) for k, n in kept.items()}
    _same_state(results, {k: wanted[n] for k, n in kept.items()}, "in place, results")
    return {"states": 1}


def judge_loop(setup, states, losses, first, stop):
    """The loop over batches, whose rows machine code picks itself."""
    try:
        loop = native_loop(setup, states[0])
    except ValueRefused:
        return
    numbers = row_numbers(setup, first, STEPS)
    _poison(loop, setup, states[0])
    loop.limit(np.inf)  # an infinite loss is trouble to a trainer, and only another number here
    done = loop.advance(first, STEPS, numbers, 2)
    if done.stop != stop or done.done != len(states) - 1:
        raise Wrong(f"loop: {done.done} steps, {done.stop!r}, not {len(states) - 1}, {stop!r}")
    _same_state(loop.state(), states[-1], "loop, at its end")
    for k, copy in done.copies.items():
        if k - first < len(states):
            _same_state(copy, states[k - first], f"loop, the copy before step {k}")
    count = len(states) - 1
    if not same_bits(done.losses[:count], np.asarray(losses[:count], np.float64)):
        raise Wrong(f"loop: losses {done.losses[:count]}, not {losses[:count]}")


def _poison(loop, setup, state):
    """Fill the memory of a loop with NaN, then put back what belongs there."""
    for program in {id(p): p for p in (loop.main, loop.rest)}.values():
        program.arena[:] = 0xFF
        program.state[:] = 0xFF
        for number, spot in program.map.constants.items():
            program.write(spot, program.plan.instructions[number].node.data)
    if setup.full_batch:
        loop.main.feed({"x": setup.x, "y": setup.y, "w": setup.w})
    loop.put(state)


def judge_threads(setup, state, first=0, crowds=(2, 3, 8)):
    """Raise `Wrong` where several threads give other bits than one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "THREADS_FLOPS", 0)
        loop = native_loop(replace(setup, programs={}, compiled={}), state)
    numbers = row_numbers(setup, first, STEPS)
    found = {}
    for threads in (1, *crowds):
        _poison(loop, setup, state)
        loop.limit(np.inf)
        done = loop.advance(first, STEPS, numbers, 2, threads=threads)
        found[threads] = {**loop.state(), "losses": np.asarray(done.losses)}
        found[threads]["stop"] = np.asarray([int(done.stop), done.done])
        _same_state(found[threads], found[1], f"{threads} threads")
    return {"threaded": int(loop.threads > 1)}


def _same_state(found, wanted, when):
    for name, value in wanted.items():
        if not same_bits(found[name], np.asarray(value)):
            off = np.flatnonzero((found[name] != value).ravel())
            place = int(off[0]) if off.size else 0
            raise Wrong(
                f"{when}: {name} {found[name].shape} is {found[name].ravel()[place]!r} at "
                f"{place}, not {np.asarray(value).ravel()[place]!r}; {off.size} entries"
            )
