"""A foreign network: layers, and what its source says beside them.

Knows arrays and names; knows no library and no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.errors import DataError, ShapeError, shown
from chainrule.types import Array

Label = str | int | float


@dataclass(frozen=True, eq=False)
class ForeignLayer:
    """One layer as it was trained elsewhere, turned to our form.

    Attributes
    ----------
    name : str
        What its source calls it, for messages.
    weights : numpy.ndarray
        (inputs, units), finite floats.
    bias : numpy.ndarray or None
        (units,).
    activation : str or None
        Our name of its activation, where the source says it.
    """

    name: str
    weights: Array
    bias: Array | None = None
    activation: str | None = None

    @property
    def inputs(self) -> int:
        """How many numbers go in."""
        return int(self.weights.shape[0])

    @property
    def units(self) -> int:
        """How many come out."""
        return int(self.weights.shape[1])


@dataclass(frozen=True, eq=False)
class Foreign:
    """A network trained elsewhere, and what is known of it.

    Attributes
    ----------
    source : str
        Where it comes from, in words.
    layers : tuple of ForeignLayer
        The first to the last.
    loss : str or None
        Our name of the loss it was trained with, where the source says it.
    penalty : float
        L2 as ``penalty/2 sum W**2`` divided by the weight of the rows.
    labels : tuple or None
        The classes in the order of the outputs.
    features : tuple of str or None
        Names of the inputs.
    center, spread : numpy.ndarray or None
        What was subtracted from the inputs, and what they were divided by.
    optimizer : dict or None
        The update rule it was trained with, in its dict form.
    notes : tuple of str
        What its user should know.
    """

    source: str
    layers: tuple[ForeignLayer, ...]
    loss: str | None = None
    penalty: float = 0.0
    labels: tuple[Label, ...] | None = None
    features: tuple[str, ...] | None = None
    center: Array | None = None
    spread: Array | None = None
    optimizer: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()

    @property
    def inputs(self) -> int:
        """How many features a row has."""
        return self.layers[0].inputs

    @property
    def outputs(self) -> int:
        """How many outputs it has."""
        return self.layers[-1].units


def floats(value: Any, name: str) -> Array:
    """Return finite floats of 16, 32 or 64 bits as float32 or float64; every value is exact.

    Parameters
    ----------
    value : array_like
        A NumPy array, or a tensor that turns into one.
    name : str
        What its source calls it, for messages.

    Examples
    --------
    >>> floats(np.float16([0.1]), "0.bias").dtype
    dtype('float32')
    """
    array = _as_array(value, name)
    if array.dtype.name == "bfloat16" or array.dtype == np.float16:
        array = array.astype(np.float32)
    if array.dtype.kind not in "biufV":
        raise DataError(f"{name!r} is {shown(value)}, not an array of numbers.")
    if array.dtype.kind != "f" or array.dtype.itemsize not in (4, 8):
        raise DataError(
            f"{name!r} holds {array.dtype} values; weights are floats of 16, 32 or 64 bits.\n"
            "  Quantized weights have lost what a gradient needs: give those from before."
        )
    bad = ~np.isfinite(array)
    if bad.any():
        place = [int(i) for i in np.argwhere(bad)[0]]
        raise DataError(
            f"{name!r} is {array[tuple(place)]} at {place}; {int(bad.sum()):,} of its {bad.size:,} "
            "weights are not finite.\n  Its training ran away; give the weights from before that."
        )
    return array.astype(array.dtype.newbyteorder("="), order="C", copy=False)


def _as_array(value: Any, name: str) -> Array:
    """Return what a tensor of PyTorch, an array or a list holds."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        exact = value.float() if str(value.dtype).endswith("bfloat16") else value
        return np.asarray(exact.numpy())
    try:
        return np.asarray(value)
    except (TypeError, ValueError):
        raise DataError(f"{name!r} is {shown(value)}, not an array of numbers.") from None


def layer(
    name: str, weights: Any, bias: Any, called: tuple[str, str], *, turned: bool = False
) -> ForeignLayer:
    """Return a layer from its arrays, or say which one does not fit.

    Parameters
    ----------
    name : str
        What its source calls it.
    weights, bias : array_like
        The weights, and the biases or None.
    called : tuple of str
        What its source calls these two.
    turned : bool
        Whether the weights are (units, inputs).
    """
    kernel, offset = called
    matrix = floats(weights, kernel)
    if matrix.ndim != 2 or not matrix.size:
        raise ShapeError(f"{kernel!r} has shape {matrix.shape}; a layer's weights are a matrix.")
    matrix = np.ascontiguousarray(matrix.T) if turned else matrix
    if bias is None:
        return ForeignLayer(name, matrix)
    vector = floats(bias, offset)
    if vector.shape != (matrix.shape[1],):
        raise ShapeError(
            f"{offset!r} has shape {vector.shape}, but {kernel!r} gives {matrix.shape[1]} units: "
            f"({matrix.shape[1]},) is needed."
        )
    return ForeignLayer(name, matrix, vector)


def check_chain(source: str, layers: Sequence[ForeignLayer]) -> None:
    """Raise unless each layer takes as many numbers as the one before it gives."""
    for before, after in pairwise(layers):
        if before.units != after.inputs:
            raise ShapeError(
                f"{source}: {before.name!r} gives {before.units} numbers, but {after.name!r} takes "
                f"{after.inputs}: they are no chain of dense layers in this order.{_hint(layers)}"
            )


def _hint(layers: Sequence[ForeignLayer]) -> str:
    """Say so where the weights fit the other way round."""
    if all(before.inputs == after.units for before, after in pairwise(layers)):
        return "\n  Transposed they would fit: give the weights as their source writes them."
    return "\n  Only layers that follow one another without a branch can be adopted."
