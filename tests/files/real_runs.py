"""Small real runs of every kind there is, as `chainrule` itself makes and saves them."""

from pathlib import Path

import numpy as np

import chainrule as cr
from chainrule.errors import DivergenceError

ROWS = 12


def table_data():
    """A table with numbers, categories, a gap and two classes."""
    rng = np.random.default_rng(5)
    size, kind = rng.normal(size=ROWS).round(3), rng.integers(0, 3, ROWS)
    return {
        "size": [None if k == 4 else float(x) for k, x in enumerate(size)],
        "colour": [("red", "green", "blue")[k] for k in kind],
        "sort": ["big" if x + 0.3 * k > 0.2 else "small" for x, k in zip(size, kind, strict=True)],
    }


def numbers(dtype="float64"):
    """Inputs and targets of a regression."""
    x = np.random.default_rng(3).normal(size=(ROWS, 2)).round(4)
    return x.astype(dtype), (x[:, :1] * 0.5 - x[:, 1:] ** 2).round(4).astype(dtype)


def table(dtype="float64"):
    """Trained on a table: a preparation, a report, row numbers, validation, early stopping."""
    return cr.train_table(
        table_data(), "sort", hidden=(3,), epochs=3, validation=0.25, test=0.25, dtype=dtype,
        engine="interpreter", seed=2,
    )  # fmt: skip


def arrays(dtype="float64"):
    """Trained on arrays, in batches, with weights of rows, validation and a penalty."""
    x, y = numbers(dtype)
    net = cr.Network([cr.Dense(3, "tanh", l2=0.01), cr.Dense(1)], inputs=2)
    return cr.train(
        net, x[:8], y[:8], sample_weight=np.arange(1.0, 9.0), batch_size=3, steps=5, seed=4,
        optimizer=cr.Adam(cr.Cosine(0.05, steps=10)), validation=(x[8:], y[8:]),
        engine="interpreter",
    )  # fmt: skip


def native(dtype="float64"):
    """Trained in machine code, one probability as output."""
    x, y = numbers(dtype)
    return cr.train(
        "2-3:relu-1:sigmoid", x, (y > 0).astype(dtype), batch_size=5, steps=4, seed=1,
        optimizer=cr.Momentum(0.3), engine="native",
    )  # fmt: skip


def classes(dtype="float64"):
    """Three classes by their numbers."""
    x, _ = numbers(dtype)
    y = (np.arange(ROWS) * 7 % 3).astype(np.int64)
    return cr.train(
        "2-4:elu-3:softmax", x, y, steps=3, seed=6, optimizer=cr.SGD(0.2), engine="interpreter"
    )


def branch(dtype="float64"):
    """Left another run at step 3 with another rate."""
    return arrays(dtype).branch(3, optimizer=cr.Adam(0.01), steps=2)


def diverged(dtype="float64"):
    """What is left of a training whose rate was absurd."""
    x, y = numbers(dtype)
    try:
        cr.train("2-1", x * 100, y, steps=60, optimizer=cr.SGD(10.0), engine="interpreter")
    except DivergenceError as error:
        return error.run
    raise AssertionError("a rate of 10 diverges")


KINDS = {
    "table": table, "arrays": arrays, "native": native, "classes": classes, "branch": branch,
    "diverged": diverged,
}  # fmt: skip


def save_all(folder, page=False):
    """Write one run of each kind; returns their folders by name."""
    return {kind: make().save(Path(folder) / kind, page=page) for kind, make in KINDS.items()}
