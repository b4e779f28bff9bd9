"""The words for shapes and arrays that every room uses.

Knows NumPy's types; knows nothing of ours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
"""An array of any dtype; floats are float32 or float64 unless said otherwise."""

ArrayLike = npt.ArrayLike
"""Anything `numpy.asarray` takes."""

DType = np.dtype[Any]
"""A NumPy dtype."""

Shape = tuple[int, ...]
"""Lengths of the axes; () is a scalar."""

Seed = int
"""A non-negative integer that fixes every random choice of a run."""
