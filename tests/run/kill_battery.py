"""SIGKILL at random times: afterwards always the last checkpoint or the one before, and its bits.

    python -m tests.run.kill_battery --count 1000

A training is forked, killed at a random time, read, and gone on with (to be killed again), until
it is finished; then the next one begins. Each time the folder must hold a state of the
uninterrupted training, no older than the one before, and in the end its files.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from resuming_samples import bits_of, kept, of_arrays, of_table  # noqa: E402

import chainrule as cr  # noqa: E402
from chainrule.train import state_at  # noqa: E402

KINDS = {
    "interpreter adam float64": (of_arrays, {"optimizer": "adam"}),
    "native nesterov float64": (of_arrays, {"optimizer": "nesterov", "engine": "native"}),
    "native adamw float32": (
        of_arrays, {"optimizer": "adamw", "engine": "native", "dtype": "float32"}),
    "table": (of_table, {"engine": "native"}),
}  # fmt: skip


def child(train, settings, path):
    """Train, or go on; in a process of its own."""
    code = 1
    try:
        if (path / "run.json").exists():
            cr.resume(path)
        else:
            train(kept(path), **settings)
        code = 0
    finally:
        os._exit(code)


def killed(work, seconds):
    """Do some work in a fork and kill it after a time; return its exit code, None if killed."""
    pid = os.fork()
    if pid == 0:
        work()
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return None if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)


def is_state_of(run, whole):
    """Say whether a run is the other one, some steps ago; bit for bit."""
    if not np.array_equal(run.losses, whole.losses[: run.steps]):
        return False
    wanted = state_at(whole.record, run.steps)
    if any(not np.array_equal(run.record.final[name], wanted[name]) for name in wanted):
        return False
    best = whole.at(run.best_step).parameters
    return all(np.array_equal(run.parameters[name], best[name]) for name in best)


def kill_until_done(kind, folder, rng, most):
    """Kill a training until it has finished; return how often, and how often it had a folder."""
    train, settings = KINDS[kind]
    whole = train(kept(folder / "whole"), **settings)
    began = time.perf_counter()
    train(kept(folder / "timed"), **settings)
    longest = 1.3 * (time.perf_counter() - began)
    path, kills, seen, steps = folder / "run", 0, 0, -1
    while kills < most:
        code = killed(lambda: child(train, settings, path), rng.uniform(0, longest))
        assert code in (None, 0), f"{kind}: it failed by itself"
        if code is None:
            kills += 1
        if not (path / "run.json").exists():
            assert steps < 0, f"{kind}: the run is gone"
            continue
        run = cr.load(path)
        assert run.steps >= steps, f"{kind}: step {run.steps} after step {steps}"
        assert is_state_of(run, whole), f"{kind}: a wrong state of step {run.steps}"
        seen, steps = seen + 1, run.steps
        if run.stopped != "unfinished":
            break
    cr.resume(path)
    assert bits_of(path) == bits_of(folder / "whole"), f"{kind}: not the same files in the end"
    assert not list(folder.glob(".chainrule-*")) or kills, "nothing is left behind"
    return kills, seen


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "this run is unfinished")
    rng, kills, trainings, seen = random.Random(options.seed), 0, 0, 0
    while kills < options.count:
        kind = sorted(KINDS)[trainings % len(KINDS)]
        with tempfile.TemporaryDirectory() as home:
            more, states = kill_until_done(kind, Path(home), rng, options.count - kills)
        kills, trainings, seen = kills + more, trainings + 1, seen + states
    print(
        f"{kills} kills in {trainings} trainings; {seen} states read after them, all of them "
        "right; every training ended with the files of the uninterrupted one"
    )


if __name__ == "__main__":
    main()
