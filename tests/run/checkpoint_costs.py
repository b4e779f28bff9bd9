"""What checkpoints cost, and how soon after a signal a usable run is there.

    python -m tests.run.checkpoint_costs

Two trainings: a tiny one (2-4-1 on four rows) and one of 784-128-64-10 on 2,000 rows, both in
machine code. For each: the time that making the folder takes, a first and a later checkpoint, and
the end, beside that of `Run.save` alone; then the time from the end of the last step to the
instant at which the folder holds it, for signals at random times, also during checkpoints.
"""

import argparse
import os
import random
import signal
import statistics
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np

import chainrule as cr
from chainrule.train import keeper, steppers

RNG = np.random.default_rng(0)
TINY = ("2-4:tanh-1:sigmoid", np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), [0.0, 1, 1, 0])
LARGE = ("784-128:relu-64:relu-10:softmax", RNG.normal(size=(2000, 784)).astype(np.float32),
         RNG.integers(0, 10, 2000))  # fmt: skip
TRAININGS = {"tiny": (TINY, {}), "784-128-64-10": (LARGE, {"batch_size": 128, "dtype": "float32"})}
STEPS = {"tiny": 3 * 10**7, "784-128-64-10": 10**6}


class Clock:
    """Notes how long the keeper's calls take, and when each spell of steps ends."""

    def __init__(self):
        self.spent, self.step_ended, self.written = {}, 0.0, 0.0
        for name in ("begin", "look", "end", "finish"):
            self.wrap(keeper.Keeper, name)
        own = steppers.Native.advance

        def advance(stepper, step, most):
            found = own(stepper, step, most)
            self.step_ended = time.perf_counter()
            return found

        steppers.Native.advance = advance

    def wrap(self, home, name):
        own = getattr(home, name)

        def timed(*args):
            began = time.perf_counter()
            found = own(*args)
            self.written = time.perf_counter()
            self.spent.setdefault(name, []).append(self.written - began)
            return found

        setattr(home, name, timed)


def train(kind, path, every, **settings):
    (network, x, y), more = TRAININGS[kind]
    policy = cr.Checkpoints(path, every=every)
    return cr.train(network, x, y, engine="native", checkpoints=policy, **more, **settings)


def costs(kind, clock, home):
    """Train for some seconds with a checkpoint a second; print what each of them took."""
    clock.spent.clear()
    timer = threading.Timer(6, lambda: os.kill(os.getpid(), signal.SIGTERM))
    timer.start()
    began = time.perf_counter()
    run = train(kind, home / "run", "1 s", steps=STEPS[kind],
                snapshot_bytes=2**23)  # fmt: skip
    whole = time.perf_counter() - began
    looks = [seconds for seconds in clock.spent["look"] if seconds > 1e-3]
    began = time.perf_counter()
    run.save(home / "plain")
    saved = time.perf_counter() - began
    idle = [seconds for seconds in clock.spent["look"] if seconds <= 1e-3]
    later = f"{1e3 * statistics.median(looks[1:] or looks):.0f} ms"
    print(
        f"{kind}: {run.steps:,} steps in {whole:.1f} s; begin {1e3 * clock.spent['begin'][0]:.0f} "
        f"ms, first checkpoint {1e3 * looks[0]:.0f} ms, later ones {later}, "
        f"end {1e3 * (clock.spent['end'][0] + clock.spent['finish'][0]):.0f} ms "
        f"(Run.save alone {1e3 * saved:.0f} ms); looking without writing "
        f"{1e6 * statistics.median(idle or [0]):.1f} us a spell",
        flush=True,
    )


def latencies(kind, clock, home, count, rng):
    """Interrupt trainings at random times; print how long the folder took after the last step."""
    found = []
    for number in range(count):
        every = rng.choice(["30 s", "0.05 s"])
        timer = threading.Timer(
            rng.uniform(0.2, 1.2), lambda: os.kill(os.getpid(), rng.choice([2, 15]))
        )
        clock.spent.clear()
        path = home / f"{kind}-{number}"
        timer.start()
        own = keeper.Keeper.finish
        at = {}

        def noted(self, *args, at=at, own=own):
            at["ended"] = clock.written
            own(self, *args)

        keeper.Keeper.finish = noted
        run = train(kind, path, every, steps=STEPS[kind])
        keeper.Keeper.finish = own
        assert run.stopped == "interrupted"
        assert cr.load(path).steps == run.steps
        found.append(at["ended"] - clock.step_ended)
    found.sort()
    print(
        f"{kind}: {count} signals; from the end of the last step to the run in its folder: median "
        f"{1e3 * statistics.median(found):.0f} ms, most {1e3 * found[-1]:.0f} ms",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signals", type=int, default=20)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "this run is unfinished")
    clock, rng = Clock(), random.Random(0)
    for kind in TRAININGS:
        with tempfile.TemporaryDirectory() as name:
            costs(kind, clock, Path(name))
            latencies(kind, clock, Path(name), options.signals, rng)


if __name__ == "__main__":
    main()
