"""Targets: labels to what a loss reads, and outputs to labels.

Knows arrays of labels; knows no network and no estimator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from chainrule.nn import Loss
from chainrule.types import Array

Kind = Literal["binary", "multiclass", "multilabel"]


@dataclass(frozen=True, eq=False)
class Labels:
    """The classes of a target, in the order of the outputs.

    Attributes
    ----------
    kind : {"binary", "multiclass", "multilabel"}
        One class of two, one of several, or any number of several.
    classes : numpy.ndarray
        The labels, sorted; of a multilabel target the numbers of its columns.

    Examples
    --------
    >>> labels = Labels("binary", np.array(["no", "yes"]))
    >>> labels.decode(np.array([[0.2], [0.9]])).tolist()
    ['no', 'yes']
    """

    kind: Kind
    classes: Array

    @property
    def outputs(self) -> int:
        """How many outputs a network for them has."""
        return 1 if self.kind == "binary" else len(self.classes)

    @property
    def last(self) -> str:
        """Our name of the activation that makes probabilities of them."""
        return "softmax" if self.kind == "multiclass" else "sigmoid"

    @property
    def default_loss(self) -> str:
        """The name of the loss that goes with them."""
        return "cross_entropy" if self.kind == "multiclass" else "binary_cross_entropy"

    def encode(self, y: Array, loss: Loss) -> Array:
        """Return labels as the loss reads them: class numbers (rows,), or a number an output."""
        if self.kind == "multilabel":
            return np.asarray(y, np.float64)
        numbers = np.searchsorted(self.classes, y)
        if self.kind == "binary":
            return numbers if loss.targets == "class" else numbers.astype(np.float64)[:, None]
        return numbers if loss.targets == "class" else np.eye(len(self.classes))[numbers]

    def decode(self, out: Array) -> Array:
        """Return the labels of outputs; of two classes the second one where it is above 1/2."""
        if self.kind == "multilabel":
            return (out > 0.5).astype(np.int64)
        numbers = (out[:, 0] > 0.5).astype(np.int64) if self.kind == "binary" else out.argmax(1)
        return np.asarray(self.classes[numbers])

    def probabilities(self, out: Array) -> Array:
        """Return a probability for each class."""
        return np.hstack([1.0 - out, out]) if self.kind == "binary" else out


def labels_of(y: Any, classes: Any = None) -> Labels:
    """Return the labels that a target holds.

    Parameters
    ----------
    y : array-like
        The target.
    classes : array-like, optional
        All classes, where `y` need not hold each of them.

    Raises
    ------
    ValueError
        If there are fewer than two, or `y` is no target of a classifier.

    Examples
    --------
    >>> labels_of(np.array([2, 0, 1])).kind, labels_of(np.array([[0, 1], [1, 1]])).kind
    ('multiclass', 'multilabel')
    """
    check_classification_targets(y)
    if type_of_target(y) == "multilabel-indicator":
        return Labels("multilabel", np.arange(y.shape[1]))
    if y.ndim > 1:
        raise ValueError(
            f"y has shape {y.shape} and more than two classes in a column: several targets of "
            "several classes.\n  Fit one classifier for each, as "
            "sklearn.multioutput.MultiOutputClassifier does."
        )
    found = np.unique(y if classes is None else np.asarray(classes))
    if len(found) < 2:
        raise ValueError(
            f"y holds one class only ({found.tolist()[0]!r}), and a classifier needs at least 2.\n"
            "  Look whether the rows of the other class were lost on the way."
        )
    return Labels("binary" if len(found) == 2 else "multiclass", found)


def check_known(labels: Labels, y: Array, what: str) -> None:
    """Raise if y holds a class that the labels do not have, or another number of columns."""
    if labels.kind == "multilabel" or y.ndim > 1:
        columns = y.shape[1] if y.ndim > 1 else 1
        if labels.kind != "multilabel" or columns != len(labels.classes):
            raise ValueError(
                f"{what} has shape {y.shape}; the classifier has {labels.kind} targets of "
                f"{len(labels.classes)} classes."
            )
        return
    unknown = np.setdiff1d(y, labels.classes)
    if len(unknown):
        raise ValueError(
            f"{what} has classes not in `self.classes_`: {unknown[:5].tolist()}; the classifier "
            f"knows {labels.classes.tolist()[:20]}."
        )


def dense(y: Any) -> Any:
    """Return a sparse indicator matrix as an array; everything else as it is."""
    return y.toarray() if issparse(y) else y
