"""Arrays at the door: what is accepted, and the place that is named when it is not."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse

from chainrule.data import check_inputs, check_targets, check_weights
from chainrule.errors import DataError, SpecError


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        ([[1, 2], [3, 4]], "float64"),
        (np.array([[1, 2], [3, 4]], np.int8), "float64"),
        (np.array([[1, 2], [3, 4]], np.uint64), "float64"),
        (np.array([[True, False], [False, True]]), "float64"),
        (np.ones((2, 2), np.float16), "float64"),
        (np.ones((2, 2), np.float32), "float32"),
        (np.ones((2, 2), ">f8"), "float64"),
        (np.ones((2, 2), np.longdouble), "float64"),
        (pd.DataFrame({"a": [1, 2], "b": [0.5, 1]}), "float64"),
        (pl.DataFrame({"a": [1, 2], "b": [True, False]}), "float64"),
        (pd.DataFrame(np.eye(2)), "float64"),
        (np.ma.masked_array(np.ones((2, 2)), mask=False), "float64"),
    ],
)
def test_numbers_of_any_kind_become_contiguous_floats(given, dtype):
    found = check_inputs(given)
    assert found.dtype == dtype
    assert found.flags.c_contiguous
    assert np.array_equal(found, np.asarray(given).astype(dtype))


def test_integers_are_cast_before_anything_is_subtracted():
    assert (check_inputs(np.array([[0], [255]], np.uint8)) - 128).tolist() == [[-128], [127]]


def test_strided_fortran_mapped_and_read_only_arrays_are_fine(tmp_path):
    base = np.arange(24.0).reshape(4, 6)
    np.save(tmp_path / "x.npy", base)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    for given in (base[::2, ::-1], np.asfortranarray(base), mapped, base.T):
        assert np.array_equal(check_inputs(given), given)
        assert check_inputs(given).flags.c_contiguous


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.zeros(3), "reshape"),
        (np.zeros((2, 2, 2)), "reshape"),
        (np.float64(3), "shape"),
        (np.zeros((0, 3)), "no rows"),
        (np.zeros((3, 0)), "no columns"),
        ([[1, "a"], [2, "b"]], "'a'"),
        ([["1.5", "2"]], "'1.5'"),
        (np.array([[1, None]], object), "None"),
        ([[1, 2], [3]], r"X\[1\] has length 1, but X\[0\] has length 2"),
        (np.zeros((2, 2), complex), "complex"),
        (np.array([["2020-01-01"]], "M8[D]"), "not a number"),
        (scipy.sparse.eye(3).tocsr(), "toarray"),
        (np.ma.masked_array(np.ones((2, 2)), mask=[[0, 1], [0, 0]]), "masked"),
        (pd.DataFrame({"a": [1.0, 2], "name": ["x", "y"]}), "'name'"),
        (pl.DataFrame({"a": [1.0, None]}), "row 1"),
        ([[10**400]], "X"),
    ],
)
def test_what_is_no_matrix_of_numbers_is_refused(given, words):
    with pytest.raises(DataError, match=words):
        check_inputs(given)


def test_nan_and_infinity_are_named_with_row_and_column():
    X = np.ones((5, 3))
    X[3, 1] = np.nan
    with pytest.raises(DataError, match=r"X\[3, 1\] \(column 'b'\) is nan"):
        check_inputs(X, names=["a", "b", "c"])
    with pytest.raises(DataError, match=r"X\[1, 0\] \(column 'p'\) is inf"):
        check_inputs(pd.DataFrame({"p": [1, np.inf]}))


def test_a_nan_behind_the_first_million_entries_is_found():
    X = np.ones((600_000, 2), np.float32)
    X[599_999, 1] = np.nan
    with pytest.raises(DataError, match=r"X\[599999, 1\]"):
        check_inputs(X)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_integers_that_float64_would_change_are_refused(dtype):
    exact = np.array([[2**53], [2**60], [3 * 2**55]], dtype)
    assert check_inputs(exact).astype(dtype).tolist() == exact.tolist()
    with pytest.raises(DataError, match=r"X\[1, 0\] is 9007199254740993, .* 9007199254740992"):
        check_inputs(np.array([[1], [2**53 + 1]], dtype))
    with pytest.raises(DataError, match="9007199254740993"):
        check_inputs([[0.5], [2**53 + 1]])
    with pytest.raises(DataError, match="9007199254740993"):
        check_inputs(pd.DataFrame({"a": [0.5], "id": [2**53 + 1]}))


def test_what_float32_cannot_hold_is_named():
    with pytest.raises(DataError, match=r"X\[0, 1\] is 1e\+300, too large for float32"):
        check_inputs([[1.0, 1e300]], dtype="float32")


def test_only_float32_and_float64_can_be_asked_for():
    with pytest.raises(SpecError, match="float32 or float64"):
        check_inputs([[1.0]], dtype="int32")
    with pytest.raises(DataError, match="2 columns, but 1 names"):
        check_inputs([[1.0, 2]], names=["a"])


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_one_output_takes_one_axis_or_a_column(shape):
    y = np.arange(4.0).reshape(shape)
    assert check_targets(y, 4, 1, kind="real").shape == (4, 1)


@pytest.mark.parametrize(
    ("y", "outputs"),
    [(np.zeros(4), 2), (np.zeros((1, 4)), 1), (np.zeros((4, 4)), 1), (np.zeros((4, 1)), 3)],
)
def test_targets_are_never_broadcast(y, outputs):
    with pytest.raises(DataError, match="y"):
        check_targets(y, 4, outputs, kind="real")


def test_binary_targets():
    assert check_targets([True, False], 2, 1, kind="binary").tolist() == [[1], [0]]
    assert check_targets([0.25, 1], 2, 1, kind="binary").tolist() == [[0.25], [1]]
    with pytest.raises(DataError, match=r"y\[1\] is 2.0; it is not from 0 to 1"):
        check_targets([0, 2], 2, 1, kind="binary")
    with pytest.raises(DataError, match=r"y\[0\] is -1.0"):
        check_targets([-1, 1], 2, 1, kind="binary")


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64", "float32", "float64"])
def test_class_indices_of_any_dtype(dtype):
    found = check_targets(np.array([2, 0, 1], dtype), 3, 3, kind="class")
    assert found.dtype == np.int64
    assert found.tolist() == [2, 0, 1]
    assert check_targets(np.array([[2], [0]], dtype), 2, 3, kind="class").tolist() == [2, 0]


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.array([0, 255], np.uint8), r"y\[1\] is 255"),
        (np.array([0, -1], np.int8), r"y\[1\] is -1"),
        ([0, 3], r"y\[1\] is 3"),
        ([0, 1.5], r"y\[1\] is 1.5"),
        ([0, np.nan], r"y\[1\] is nan"),
        (["a", "b"], "'a'"),
        ([0, 1, 2], "one entry for each of the 2 rows"),
    ],
)
def test_labels_do_not_wrap(y, words):
    with pytest.raises(DataError, match=words):
        check_targets(y, 2, 3, kind="class")


def test_label_255_is_a_class_like_any_other():
    assert check_targets(np.array([255], np.uint8), 1, 256, kind="class").tolist() == [255]


def test_soft_labels():
    good = [[0.2, 0.8], [1.0, 0.0000005]]
    assert check_targets(good, 2, 2, kind="class").shape == (2, 2)
    with pytest.raises(DataError, match=r"y\[1\] sums to 0.9"):
        check_targets([[0.5, 0.5], [0.5, 0.4]], 2, 2, kind="class")
    with pytest.raises(DataError, match=r"y\[0, 0\] is -0.5; it is negative"):
        check_targets([[-0.5, 1.5]], 1, 2, kind="class")
    with pytest.raises(DataError, match=r"y\[0, 1\] is nan"):
        check_targets([[1, np.nan]], 1, 2, kind="class")


def test_targets_of_unknown_kind():
    with pytest.raises(SpecError, match="kind"):
        check_targets([1], 1, 1, kind="ordinal")


def test_targets_as_series():
    assert check_targets(pd.Series([1, 0]), 2, 2, kind="class").tolist() == [1, 0]
    assert check_targets(pl.Series([1.5, 0]), 2, 1, kind="real").tolist() == [[1.5], [0]]


@pytest.mark.parametrize("w", [[1e-300, 1e-300], [1e300, 1], [1e-300, 1e300], [0, 5], [[1], [2]]])
def test_weights_from_tiny_to_huge_work(w):
    assert np.array_equal(check_weights(w, 2), np.ravel(w))


@pytest.mark.parametrize(
    ("w", "words"),
    [
        ([0, 0], "All of sample_weight is 0"),
        ([1, -1], r"sample_weight\[1\] is -1.0; it is negative"),
        ([1, np.nan], r"sample_weight\[1\] is nan"),
        ([np.inf, 1], r"sample_weight\[0\] is inf"),
        ([1], "shape"),
        ([1.5e308, 1.5e308], "sum of sample_weight overflows"),
    ],
)
def test_weights_without_meaning_are_refused(w, words):
    with pytest.raises(DataError, match=words):
        check_weights(w, 2)
