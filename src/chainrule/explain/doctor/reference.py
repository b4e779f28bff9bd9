"""What the inputs can tell about the targets: a yardstick that needs no training.

Kernel ridge regression has its leave-one-out errors in closed form, so that the share of the
targets' spread that the inputs explain on rows not seen can be told in a tenth of a second. It is
no rival of the network, only a bound: a network that explains much less has something wrong with
it, and targets that no kernel can tell from shuffled ones look shuffled. Knows arrays only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.types import Array

WIDTHS = (0.03, 0.3, 2.0)
"""Widths of the bells, in units of the median squared distance of two rows."""
RIDGES = (1e-3, 1e-1, 1.0, 10.0)
SHUFFLES = 30
"""Shuffles of the targets, to see what luck alone explains."""
FEWEST = 40
"""With fewer rows leave-one-out says little, and nothing is concluded."""


@dataclass(frozen=True)
class Reference:
    """How much of the targets' spread the inputs explain on rows that were left out.

    Attributes
    ----------
    rows : int
        Rows it was judged on.
    explained : float
        1 is all, 0 no more than the mean does; the best of the kernels.
    linear : float
        The same for the straight-line kernel alone.
    by_luck : float
        The most that the same kernels explained of shuffled targets.
    """

    rows: int
    explained: float
    linear: float
    by_luck: float

    @property
    def is_telling(self) -> bool:
        """Whether there were enough rows to conclude anything."""
        return self.rows >= FEWEST


def refer(x: Array, y: Array) -> Reference:
    """Return what the inputs explain of the targets.

    Parameters
    ----------
    x, y : numpy.ndarray
        (rows, features) and (rows, outputs); a class is a column of 0 and 1.

    Examples
    --------
    >>> line = np.linspace(-1, 1, 60)[:, None]
    >>> refer(line, 3 * line).explained > 0.99
    True
    """
    y = np.asarray(y - y.mean(axis=0), np.float64)
    spread = float(np.sum(y**2))
    if len(x) < 4 or not spread > 0:
        return Reference(len(x), 0.0, 0.0, 0.0)
    rng = np.random.default_rng(0)
    orders = [rng.permutation(len(y)) for _ in range(SHUFFLES)]
    linear = best = -np.inf
    luck = np.full(SHUFFLES, -np.inf)
    for kind, kernel in _kernels(_scaled(x)):
        size, basis = np.linalg.eigh(kernel)
        for ridge in RIDGES:
            smooth = (basis * (size / (size + ridge))) @ basis.T
            left = 1.0 - np.diag(smooth)
            found = _explained(smooth, left, y, spread)
            best = max(best, found)
            linear = max(linear, found) if kind == "linear" else linear
            shuffled = np.stack([y[order] for order in orders], axis=1)  # (rows, shuffles, outputs)
            luck = np.maximum(luck, _explained_each(smooth, left, shuffled, spread))
    return Reference(len(x), best, linear, float(luck.max()))


def _scaled(x: Array) -> Array:
    x = np.asarray(x, np.float64)
    spread = x.std(axis=0)
    return np.asarray((x - x.mean(axis=0))[:, spread > 0] / spread[spread > 0])


def _kernels(x: Array) -> Iterator[tuple[str, Array]]:
    """Yield kernel matrices with diagonals of about 1, a constant among them."""
    product = x @ x.T
    yield "linear", product / max(x.shape[1], 1) + 1.0
    square = np.diag(product)
    distance = np.maximum(square[:, None] + square[None, :] - 2 * product, 0.0)
    middle = float(np.median(distance)) or 1.0
    for width in WIDTHS:
        yield "bell", np.exp(-distance / (width * middle)) + 1.0


def _explained(smooth: Array, left: Array, y: Array, spread: float) -> float:
    wrong = (y - smooth @ y) / np.maximum(left, 1e-9)[:, None]
    return 1.0 - float(np.sum(wrong**2)) / spread


def _explained_each(smooth: Array, left: Array, y: Array, spread: float) -> Array:
    rows, shuffles, outputs = y.shape
    flat = y.reshape(rows, -1)
    wrong = (flat - smooth @ flat) / np.maximum(left, 1e-9)[:, None]
    each: Array = (wrong**2).reshape(rows, shuffles, outputs).sum(axis=(0, 2))
    return np.asarray(1.0 - each / spread)


FEATURES = 60
"""Columns, squares and products of columns that are compared with the targets, at most."""
ORDERS = 100


def is_related(x: Array, y: Array) -> bool:
    """Tell whether a column, a square or a product of two goes with the targets beyond luck.

    A plain correlation over all rows sees weak ties that a regression on some of them misses.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, noise = rng.normal(size=(300, 3)), rng.normal(size=(300, 1))
    >>> is_related(x, x[:, :1] * x[:, 1:2] + noise), is_related(x, noise)
    (True, False)
    """
    scaled = _scaled(x)
    pairs = [(i, j) for i in range(scaled.shape[1]) for j in range(i, scaled.shape[1])]
    products = [
        scaled[:, i] * scaled[:, j] for i, j in pairs[: FEATURES - min(FEATURES, len(scaled.T))]
    ]
    features = np.column_stack([scaled, *products]) if products else scaled
    features = features - features.mean(axis=0)
    features = features / np.maximum(np.sqrt(np.sum(features**2, axis=0)), 1e-300)
    y = np.asarray(y - y.mean(axis=0), np.float64)
    rng = np.random.default_rng(1)
    orders = np.column_stack([y[rng.permutation(len(y))] for _ in range(ORDERS)])
    by_luck = np.max(np.abs(features.T @ orders), initial=0.0)
    return bool(np.max(np.abs(features.T @ y), initial=0.0) > by_luck)
