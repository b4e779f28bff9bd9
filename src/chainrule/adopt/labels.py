"""Classes: what the outputs of an adopted network are called, and targets as their numbers.

Knows labels and targets; knows no network but by its number of outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.adopt.foreign import Label
from chainrule.errors import DataError, SpecError, shown
from chainrule.nn import Loss
from chainrule.types import Array


def wanted_labels(loss: Loss, outputs: int) -> int:
    """Return how many labels the outputs stand for; 0 if they are numbers, or yes or no each."""
    if loss.targets == "class":
        return outputs
    return 2 if loss.targets == "binary" and outputs == 1 else 0


def check_labels(given: Sequence[Any] | None, wanted: int) -> tuple[Label, ...] | None:
    """Return the labels that were given, one for each class, as plain texts and numbers."""
    if given is None:
        return None
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray):
        raise SpecError(f"labels is {shown(given)}; it is a list, in the order of the outputs.")
    labels = tuple(_plain(label) for label in given)
    if not wanted:
        raise SpecError("labels were given, but these outputs are numbers, not classes.")
    if len(labels) != wanted or len(set(labels)) < wanted:
        raise SpecError(
            f"{len(labels)} labels were given ({shown(list(labels))}); the network tells "
            f"{wanted} classes: one label each, in the order of its outputs."
        )
    return labels


def labels_in(y: Any, wanted: int) -> tuple[Label, ...] | None:
    """Return the labels of targets that are texts, sorted; None if they are numbers.

    Examples
    --------
    >>> labels_in(["b", "a", "b"], 2), labels_in([0, 1, 1], 2)
    (('a', 'b'), None)
    """
    cells = _cells(y)
    if not wanted or cells is None or not all(isinstance(cell, str) for cell in cells):
        return None
    return sorted_labels(cells, wanted)


def sorted_labels(cells: Sequence[Any], wanted: int) -> tuple[Label, ...]:
    """Return the different cells, sorted, if there are as many as classes."""
    found = tuple(sorted(set(cells)))
    if len(found) != wanted:
        raise DataError(
            f"the targets hold {len(found)} labels ({shown(list(found))}), but the network tells "
            f"{wanted} classes.\n  Say labels=[...] (--labels): all of them, in the order of the "
            "outputs."
        )
    return found


def check_numbers(y: Any, wanted: int) -> None:
    """Raise if numbers of one a row are no class numbers: they may be labels of another kind."""
    cells = [cell for cell in _cells(y) or () if isinstance(cell, int | float)]
    strange = sorted({cell for cell in cells if cell == cell and cell not in range(wanted)})
    if strange:
        raise DataError(
            f"the targets hold {shown(strange[0])}, and the network tells {wanted} classes, 0 to "
            f"{wanted - 1}.\n  Say labels=[...] (--labels): all of them, in the order of the "
            "outputs."
        )


def class_numbers(y: Any, labels: tuple[Label, ...]) -> Any:
    """Return targets as class numbers; what is a distribution a row already stays as it is.

    Examples
    --------
    >>> class_numbers(["b", "a"], ("a", "b"))
    array([1, 0])
    """
    cells = _cells(y)
    if cells is None:
        return y
    place = {label: k for k, label in enumerate(labels)}
    for row, cell in enumerate(cells):
        if not isinstance(cell, Label) or cell not in place:
            raise DataError(
                f"y[{row}] is {shown(cell)}, which is none of the labels {shown(list(labels))}.\n"
                "  Labels are those of the network's outputs, in their order."
            )
    return np.array([place[cell] for cell in cells], np.int64)


def _cells(y: Any) -> list[Any] | None:
    """Return one plain cell for each row; None if there are several."""
    array: Array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    return [_plain(cell) for cell in array.tolist()] if array.ndim == 1 else None


def _plain(label: Any) -> Any:
    """Return a label as a text or a number; truth is the text that a table would hold."""
    value = label.item() if isinstance(label, np.generic) else label
    return str(value) if isinstance(value, bool) else value
