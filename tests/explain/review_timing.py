"""What a review costs: 64-64-32-10, batch 64, softmax and cross-entropy.

python -m tests.explain.review_timing
"""

from __future__ import annotations

import time

import numpy as np
from tests.explain.review_foreign import student

import chainrule as cr
from chainrule.explain.review.exercise import exercise_of
from chainrule.explain.review.finding import Suspect
from chainrule.explain.review.handin import read
from chainrule.explain.review.judge import judge
from chainrule.explain.review.space import Space


def exercise(step):
    rng = np.random.default_rng(0)
    run = cr.train(
        "64-64:relu-32:tanh-10:softmax", rng.normal(size=(64, 64)), rng.integers(0, 10, 64),
        optimizer=cr.SGD(0.1), steps=2, seed=1, engine="interpreter",
    )  # fmt: skip
    return exercise_of(run.record, step)


CASES = {
    "right": [],
    "derivative missing": [Suspect("slope_missing", 2)],
    "biases missing": [Suspect("bias_missing", "every layer")],
    "softmax twice": [Suspect("softmax_twice", 3)],
    "two: missing, updated": [Suspect("slope_missing", 2), Suspect("updated_weights", 3)],
    "two: diagonal, one row": [Suspect("softmax_diagonal", 3), Suspect("bias_first_row", 1)],
    "two: sum, bias missing": [Suspect("every gradient", 0, "n"), Suspect("bias_missing", 2)],
}


def main():
    for step in (0, 1):
        print(f"step {step}")
        time_all(exercise(step))


def time_all(task):
    for name, mistakes in CASES.items():
        space = Space(task)
        report(name, task, space.predictions(space.after(mistakes)))
    for slip in ("random_entry", "dropout_left_in", "noise"):
        report(slip, task, student(task, np.random.default_rng(1), slip))


def report(name, task, given):
    space = Space(task)
    times = []
    for _ in range(2):
        began = time.process_time()
        with np.errstate(all="ignore"):
            found = judge(space, read(task, given, None))
        times.append(1e3 * (time.process_time() - began))
    print(f"{name:24s} {found.status:8s} cold {times[0]:7.1f} ms   again {times[1]:7.1f} ms   "
          f"{len(space.program.arena.nodes)} nodes")  # fmt: skip


if __name__ == "__main__":
    main()
