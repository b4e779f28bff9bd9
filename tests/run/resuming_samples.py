"""Trainings that are stopped and gone on with, and what must be equal in the end."""

import hashlib
from pathlib import Path

import numpy as np

import chainrule as cr

RNG = np.random.default_rng(3)
X = RNG.normal(size=(23, 3))
Y = np.tanh(X @ [1.0, -1.0, 0.5])
TABLE = {
    "size": [float(k % 17) for k in range(60)],
    "kind": [("up", "down", "side")[k * k % 3] for k in range(60)],
    "price": [("low", "high")[(k * k % 7 + k % 3) > 4] for k in range(60)],
}


def of_arrays(checkpoints=None, steps=41, **settings):
    """A training on arrays: batches of 7 of 23 rows, so that epochs end with a shorter one."""
    usual = {
        "batch_size": 7, "seed": 5, "engine": "interpreter", "validation": (X[:8], Y[:8]),
        "patience": 50, "sample_weight": np.linspace(1, 2, 23),
    }  # fmt: skip
    return cr.train(
        "3-4:tanh-1", X, Y, steps=steps, checkpoints=checkpoints, **{**usual, **settings}
    )


def of_table(checkpoints=None, epochs=15, target="price", **settings):
    """A training on a table, whose rows for the score are held out."""
    usual = {"hidden": [5], "batch_size": 9, "patience": 9, "seed": 2, "engine": "interpreter"}
    return cr.train_table(
        TABLE, target, epochs=epochs, checkpoints=checkpoints, **{**usual, **settings}
    )


def kept(path, every=6, **more):
    """Checkpoints of a test: by steps, so that they are at the same places each time."""
    return cr.Checkpoints(path, every=every, **more)


def bits_of(run):
    """The files of a run folder and what is in them."""
    return {
        path.relative_to(run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(run).rglob("*"))
        if path.is_file()
    }


class StopHere(Exception):
    """Ends a training as a crash would: nothing more is written."""


def crash_at(step):
    """A callback that crashes the training after a step, or the spell that it is in."""

    def callback(progress):
        if progress.step >= step:
            raise StopHere

    callback.within_epochs = True
    return callback


def crashed(train, path, step, **settings):
    """Train into a folder and crash."""
    try:
        train(kept(path), callbacks=[crash_at(step)], **settings)
    except StopHere:
        return path
    raise AssertionError(f"it never came to step {step}")
