"""SIGKILL at random times: afterwards always the last checkpoint or the one before, and its bits.

    python -m tests.run.kill_battery --count 1000

A training is forked, killed at a random time, read, and gone on with (to be killed again), until
it is finished; then the next one begins. Each time the folder must hold a state of the
uninterrupted training, no older than the one before, and in the end its files.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from resuming_samples import bits_of, kept, of_arrays, of_table

import chainrule as cr
from chainrule.train import state_at

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


class Whole:
    """An uninterrupted training, opened at every step.

    Parameters
    ----------
    train, settings
        How it is made.
    folder : pathlib.Path
        Where it is kept.
    """

    def __init__(self, train, settings, folder):
        self.train, self.settings, self.folder = train, settings, folder
        self.run = train(kept(folder), **settings)
        self.states = [state_at(self.run.record, k) for k in range(self.run.steps + 1)]
        self.bits = bits_of(folder)
        began = time.perf_counter()
        train(kept(folder.with_name("timed")), **settings)
        self.seconds = time.perf_counter() - began
        shutil.rmtree(folder.with_name("timed"))

    def has_state(self, run):
        """Say whether a run is this one, some steps ago; bit for bit."""
        found = run.record
        pairs = [(run.losses, self.run.losses[: run.steps])]
        pairs += [(found.final[k], v) for k, v in self.states[run.steps].items()]
        pairs += [(v, self.states[run.best_step][k]) for k, v in run.parameters.items()]
        return all(np.array_equal(one, other) for one, other in pairs)


def kill_until_done(kind, whole, path, rng, most):
    """Kill a training until it has finished; return how often, and how many states were read."""
    kills, seen, steps = 0, 0, -1
    while kills < most:
        code = killed(lambda: child(whole.train, whole.settings, path),
                      rng.uniform(0, 0.7 * whole.seconds))  # fmt: skip
        assert code in (None, 0), f"{kind}: it failed by itself"
        kills += code is None
        if not (path / "run.json").exists():
            assert steps < 0, f"{kind}: the run is gone"
            continue
        run = cr.load(path)
        assert run.steps >= steps, f"{kind}: step {run.steps} after step {steps}"
        assert whole.has_state(run), f"{kind}: a wrong state of step {run.steps}"
        seen, steps = seen + 1, run.steps
        if run.stopped != "unfinished":
            break
    if seen:
        cr.resume(path)
        assert bits_of(path) == whole.bits, f"{kind}: not the same files in the end"
        shutil.rmtree(path)
    return kills, seen


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "this run is unfinished")
    rng, kills, trainings, seen = random.Random(options.seed), 0, 0, 0
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        wholes = {
            kind: Whole(*KINDS[kind], home / f"whole-{n}") for n, kind in enumerate(sorted(KINDS))
        }
        while kills < options.count:
            kind = sorted(KINDS)[trainings % len(KINDS)]
            left = options.count - kills
            more, states = kill_until_done(kind, wholes[kind], home / "run", rng, left)
            kills, trainings, seen = kills + more, trainings + 1, seen + states
            print(f"{kills} kills in {trainings} trainings", end="\r", flush=True)
    print(
        f"{kills} kills in {trainings} trainings; {seen} states read after them, all of them "
        "right; every training ended with the files of the uninterrupted one"
    )


if __name__ == "__main__":
    main()
