"""What a user gave to a fit: rows as they came, and as training reads them.

Knows tables, arrays and sparse matrices; knows no network and no estimator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import _safe_indexing

from chainrule.data.memory import check_memory
from chainrule.types import Array


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as training reads them.

    Attributes
    ----------
    x, y : numpy.ndarray
        Inputs, and targets as the loss reads them.
    w : numpy.ndarray or None
        Their weights.
    """

    x: Array
    y: Array
    w: Array | None = None

    def taken(self, numbers: Array) -> Rows:
        """Return some of them."""
        return Rows(self.x[numbers], self.y[numbers], None if self.w is None else self.w[numbers])

    @property
    def mean_weight(self) -> float:
        """What a row weighs on average."""
        return 1.0 if self.w is None else float(np.mean(self.w)) or 1.0


@dataclass(frozen=True, eq=False)
class Given:
    """Rows of a fit in both forms.

    Attributes
    ----------
    X : table, array or sparse matrix
        Inputs as the user gave them, all of them.
    target : numpy.ndarray
        Targets as the user gave them, for these rows.
    rows : Rows
        These rows as training reads them.
    numbers : numpy.ndarray or None
        Which rows of X they are; None if all.
    """

    X: Any
    target: Array
    rows: Rows
    numbers: Array | None = None

    def taken(self, numbers: Array) -> Given:
        """Return some of all rows."""
        return Given(self.X, self.target[numbers], self.rows.taken(numbers), numbers)

    def without(self, numbers: Array) -> Given:
        """Return all rows but some."""
        return self.taken(np.setdiff1d(np.arange(len(self.target)), numbers))

    def inputs(self) -> Any:
        """Return the inputs of these rows as the user gave them."""
        return self.X if self.numbers is None else _safe_indexing(self.X, self.numbers)

    def shown(self) -> dict[str, Any]:
        """Return what scikit-learn's callbacks are shown of a fit."""
        weight = self.rows.w
        metadata = None if weight is None else {"sample_weight": weight}
        return {"X": self.inputs, "y": self.target, "metadata": metadata}

    def shared(self) -> Any:
        """Return what the rows' memory may be shared with, as `chainrule.train.door.owned` asks."""
        if self.numbers is not None or issparse(self.X):
            return []
        return self.X if isinstance(self.X, np.ndarray) else self.rows.x


def dense_rows(x: Any) -> Array:
    """Return a sparse matrix as an array, if the memory is there; an array as it is."""
    if not issparse(x):
        return np.asarray(x)
    check_memory(
        x.shape[0] * x.shape[1] * x.dtype.itemsize,
        "a sparse X, made dense",
        "Train on fewer rows or columns, or reduce them before (sklearn's TruncatedSVD).",
    )
    return np.asarray(x.toarray())
