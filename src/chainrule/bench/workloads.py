"""Workloads: networks, rows and starting values that every engine trains from, W1 to W5.

Knows specs, data and the order of rows; knows no engine and no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from chainrule.data import batch_of_step, steps_per_epoch
from chainrule.errors import SpecError, shown
from chainrule.nn import Network, Reduction
from chainrule.nn.layers import Layer
from chainrule.optim import SGD, Adam, Momentum, Optimizer
from chainrule.types import Array, DType

SEED = 0


@dataclass(frozen=True, eq=False)
class Workload:
    """One training that is timed.

    Attributes
    ----------
    name, title : str
        What it is called, and what it is.
    network : str
        Its spec; a linear last layer leaves the last activation to the loss.
    dtype : numpy.dtype
        float32 or float64.
    loss, reduction : str
        What is descended.
    optimizer : Optimizer
        How, at a constant rate.
    X, y : numpy.ndarray
        Inputs (rows, features) and targets: (rows, outputs), or class numbers (rows,), int64.
    start : mapping of str to numpy.ndarray
        Starting values by parameter (``W1``, ``b1`` ...).
    order : numpy.ndarray
        The rows of each step (steps, batch), int64; after the last step the first one follows.
    """

    name: str
    title: str
    network: str
    dtype: DType
    loss: str
    reduction: Reduction
    optimizer: Optimizer
    X: Array
    y: Array
    start: Mapping[str, Array]
    order: Array

    @property
    def steps(self) -> int:
        """Steps until the order of rows begins anew."""
        return int(self.order.shape[0])

    @property
    def batch(self) -> int:
        """Rows of a step."""
        return int(self.order.shape[1])

    @property
    def full_batch(self) -> bool:
        """Whether each step sees all rows in their order, so that nothing is to be gathered."""
        return self.batch == len(self.X) and bool((self.order == np.arange(self.batch)).all())

    @property
    def rate(self) -> float:
        """The constant learning rate."""
        assert isinstance(self.optimizer.learning_rate, float), "workloads have a constant rate"
        return self.optimizer.learning_rate

    @property
    def layers(self) -> list[tuple[int, str]]:
        """Units and activation of each layer."""
        found: list[Layer] = list(Network.from_spec(self.network).layers)
        return [(getattr(one, "units"), getattr(one, "activation")) for one in found]  # noqa: B009

    @property
    def flat_start(self) -> list[Array]:
        """Starting values W1, b1, W2 ...: fresh copies, contiguous, in the workload's dtype."""
        names = [f"{kind}{k}" for k in range(1, len(self.layers) + 1) for kind in "Wb"]
        return [np.array(self.start[name], self.dtype, order="C") for name in names]


Make = Callable[[], Workload]


def workload(name: str) -> Workload:
    """Return a workload by its name.

    Raises
    ------
    SpecError
        If there is none of that name.

    Examples
    --------
    >>> one = workload("W1")
    >>> one.network, one.batch, one.X.shape
    ('3-4:sigmoid-1:sigmoid', 4, (4, 3))
    """
    return chosen_workloads([name])[0]()


def chosen_workloads(names: Sequence[str] = (), growth: str | None = None) -> list[Make]:
    """Return what makes each workload that is asked for: those named, a series, or all five.

    Raises
    ------
    SpecError
        If there is none of a name, or names and a series are given at once.

    Examples
    --------
    >>> len(chosen_workloads()), len(chosen_workloads(["w1", "W3"]))
    (5, 2)
    """
    if growth is not None:
        if names:
            raise SpecError(
                f"{', '.join(map(shown, names))} and the series {growth} were asked for at once; "
                "measure one after the other."
            )
        return series(growth)
    unknown = [name for name in names if name.upper() not in WORKLOADS]
    if unknown:
        raise SpecError(
            f"there is no workload {shown(unknown[0])}; there are {', '.join(WORKLOADS)}.\n"
            "  For series of sizes: --growth width, batch, depth or rows."
        )
    return [WORKLOADS[name.upper()] for name in names or WORKLOADS]


def epochs(rows: int, batch: int, steps: int) -> Array:
    """Return the rows of so many steps: full batches only, each epoch in an order of its own.

    Examples
    --------
    >>> epochs(5, 2, 3).shape
    (3, 2)
    """
    per_epoch, all_steps = rows // batch, steps_per_epoch(rows, batch)
    chosen = []
    for step in range(steps):
        epoch, place = divmod(step, per_epoch)
        chosen.append(batch_of_step(SEED, epoch * all_steps + place, rows, batch))
    return np.ascontiguousarray(np.stack(chosen), np.int64)


def starting_values(network: str, dtype: DType) -> dict[str, Array]:
    """Return starting values of a spec, by the rules of its layers."""
    return Network.from_spec(network).initial_parameters(np.random.default_rng(SEED), dtype)


def random_rows(rows: int, features: int, classes: int) -> tuple[Array, Array]:
    """Return inputs between 0 and 1, and class numbers that they tell something about."""
    rng = np.random.default_rng(SEED)
    X = rng.random((rows, features), dtype=np.float32)
    y = rng.integers(0, classes, rows)
    known = min(classes, features)
    X[:, :known] += np.equal.outer(y, np.arange(known))
    return X, y


def classifier(
    name: str,
    title: str,
    network: str,
    optimizer: Optimizer,
    table: tuple[Array, Array],
    batch: int,
    steps: int,
) -> Workload:
    """Return the workload of a float32 classifier with cross-entropy."""
    dtype = np.dtype(np.float32)
    X = np.ascontiguousarray(table[0], dtype)
    order = epochs(len(X), batch, steps)
    start = starting_values(network, dtype)
    return Workload(
        name, title, network, dtype, "cross_entropy", "mean", optimizer, X, table[1], start, order
    )


def xor() -> Workload:
    """Return W1: the course's XOR network, 3-4-1, full batch.

    The starting values are those of the course's program: ``np.random.seed(1)``, then ``rand``.
    """
    draw = np.random.RandomState(1)
    shapes = {"W1": (3, 4), "b1": (1, 4), "W2": (4, 1), "b2": (1, 1)}
    start = {name: draw.rand(*shape) for name, shape in shapes.items()}
    return Workload(
        name="W1",
        title="XOR, 3-4-1 sigmoid, SGD, batch 4, float64",
        network="3-4:sigmoid-1:sigmoid",
        dtype=np.dtype(np.float64),
        loss="half_squared_error",
        reduction="sum",
        optimizer=SGD(0.1),
        X=np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]]),
        y=np.array([[0.0], [1.0], [1.0], [0.0]]),
        start={name: value if name[0] == "W" else value[0] for name, value in start.items()},
        order=np.tile(np.arange(4), (10_000, 1)),
    )


def spirals() -> Workload:
    """Return W2: two spirals of 500 points each, 2-16-16-1."""
    rng, rows = np.random.default_rng(SEED), 1000
    angle, arm = rng.uniform(0, 3 * np.pi, rows), rng.integers(0, 2, rows)
    turned, radius = angle + np.pi * arm, angle / 10 + 0.1
    X = radius[:, None] * np.stack([np.cos(turned), np.sin(turned)], 1)
    X = X + rng.normal(0, 0.02, X.shape)
    network, dtype = "2-16:tanh-16:tanh-1", np.dtype(np.float32)
    return Workload(
        name="W2",
        title="two spirals, 2-16-16-1 tanh, SGD, batch 32, float32",
        network=network,
        dtype=dtype,
        loss="binary_cross_entropy",
        reduction="mean",
        optimizer=SGD(0.1),
        X=X.astype(dtype),
        y=arm[:, None].astype(dtype),
        start=starting_values(network, dtype),
        order=epochs(rows, 32, 3000),
    )


def digits() -> Workload:
    """Return W3: handwritten digits 8 x 8 (scikit-learn's, or random ones), 64-64-32-10."""
    title = "64-64-32-10 relu, Adam, batch 64, float32"
    table, what = _digits()
    network, steps = "64-64:relu-32:relu-10", 30 * (len(table[0]) // 64)
    return classifier("W3", f"{what}, {title}", network, Adam(1e-3), table, 64, steps)


def _digits() -> tuple[tuple[Array, Array], str]:
    if find_spec("sklearn") is None:
        return random_rows(1797, 64, 10), "random digits"
    found: Any = import_module("sklearn.datasets").load_digits()
    return (found.data / 16.0, found.target.astype(np.int64)), "digits"


def medium() -> Workload:
    """Return W4: 60,000 random rows of 784 numbers, 784-128-64-10."""
    title = "60,000 rows, 784-128-64-10 relu, Adam, batch 128, float32"
    table = random_rows(60_000, 784, 10)
    return classifier("W4", title, "784-128:relu-64:relu-10", Adam(1e-3), table, 128, 468)


def wide() -> Workload:
    """Return W5: 2,048 random rows, 1024-1024-1024-10."""
    title = "2,048 rows, 1024-1024-1024-10 relu, momentum, batch 256, float32"
    network, table = "1024-1024:relu-1024:relu-10", random_rows(2048, 1024, 10)
    return classifier("W5", title, network, Momentum(1e-2, momentum=0.9), table, 256, 40)


WORKLOADS: dict[str, Make] = {
    "W1": xor,
    "W2": spirals,
    "W3": digits,
    "W4": medium,
    "W5": wide,
}
"""The five workloads by name; making one takes up to a second."""


def of_width(width: int) -> Workload:
    """Return a classifier with two hidden layers of a width; 17 million weights at 4096."""
    return _grown(f"width {width}", f"64-{width}:relu-{width}:relu-10", 64)


def of_batch(batch: int) -> Workload:
    """Return a classifier trained on batches of a size."""
    return _grown(f"batch {batch}", "64-128:relu-128:relu-10", batch, rows=2 * max(4096, batch))


def of_depth(depth: int) -> Workload:
    """Return a classifier with so many hidden layers of 64 units."""
    return _grown(f"depth {depth}", f"64{'-64:relu' * depth}-10", 64)


def of_rows(rows: int) -> Workload:
    """Return a classifier on so many rows of 8 numbers; ten million take 400 MB, once an engine."""
    return _grown(f"rows {rows}", "8-64:relu-64:relu-10", 64, rows=rows)


def _grown(name: str, network: str, batch: int, *, rows: int = 4096) -> Workload:
    table = random_rows(rows, int(network.partition("-")[0]), 10)
    optimizer = Momentum(1e-3, momentum=0.9)
    title = f"{network if len(network) < 40 else network[:30] + '...'}, momentum, batch {batch}"
    return classifier(name, title, network, optimizer, table, batch, min(1024, 2**18 // batch))


GROWTH: dict[str, tuple[Callable[[int], Workload], Iterable[int]]] = {
    "width": (of_width, (16, 64, 256, 1024, 4096)),
    "batch": (of_batch, (1, 4, 16, 64, 256, 1024, 4096)),
    "depth": (of_depth, (1, 2, 4, 8, 16, 32, 64)),
    "rows": (of_rows, (10**3, 10**4, 10**5, 10**6, 10**7)),
}
"""The series: how a workload of a size is made, and the sizes. One is in memory at a time."""


def series(kind: str) -> list[Make]:
    """Return what makes each workload of a series, smallest first.

    Examples
    --------
    >>> [make().name for make in series("batch")[:3]]
    ['batch 1', 'batch 4', 'batch 16']
    """
    if kind not in GROWTH:
        raise SpecError(f"there is no series {shown(kind)}; there are {', '.join(GROWTH)}.")
    make, sizes = GROWTH[kind]
    return [lambda size=size: make(size) for size in sizes]  # type: ignore[misc]
