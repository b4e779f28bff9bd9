"""Sums over many rows lose no digits, in either dtype and whatever the memory layout."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.graph import primitives


def test_row_23_sums_in_float32_do_not_get_stuck():
    column = np.ones((2**24 + 64, 1), np.float32)
    exact = float(len(column))
    assert float(cr.evaluate(np.sum(cr.variable("x", column), axis=0))[0]) == exact
    assert float(cr.evaluate(np.mean(cr.variable("x", column)))) == 1.0
    many = np.full((3_000_000, 2), 0.1, np.float32)
    wanted = 0.1 * len(many)
    found = ops.sum(many, axis=0).astype(float)
    assert np.all(np.abs(found - float(np.float32(0.1)) / 0.1 * wanted) <= 8 * 2**-24 * wanted)


@pytest.mark.parametrize("layout", ["plain", "Fortran", "repeated", "sliced"])
@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
def test_errors_do_not_pile_up_over_many_rows(layout, axes):
    """Row after row, a sum of a million times 0.1 would be off by 1e-11."""
    shape = tuple(100_003 if i == min(axes) else 3 for i in range(3))
    x = np.full(shape, 0.1)
    if layout == "Fortran":
        x = np.asfortranarray(x)
    elif layout == "repeated":
        x = np.broadcast_to(0.1, shape)
    elif layout == "sliced":
        x = np.full(tuple(2 * n for n in shape), 0.1)[::2, ::2, ::2]
    x = x.astype(float) if layout != "repeated" else x
    found = primitives["sum"].value(x, axes=axes)
    wanted = 0.1 * math.prod(shape[a] for a in axes)
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


@pytest.mark.parametrize("rows", [511, 512, 513, 1024, 1025, 512 * 512 + 1])
def test_every_row_is_added_once(rows):
    x = np.arange(2.0 * rows).reshape(rows, 2)
    assert primitives["sum"].value(x, axes=(0,)).tolist() == np.sum(x, axis=0).tolist()
    assert primitives["sum"].value(x.T, axes=(1,)).tolist() == np.sum(x, axis=0).tolist()
    assert primitives["sum"].value(x[::-1], axes=(0,)).tolist() == np.sum(x, axis=0).tolist()
