"""Workloads: what is trained is what the table says, and the same in every process."""

import numpy as np
import pytest

from chainrule.bench.workloads import (
    GROWTH,
    WORKLOADS,
    chosen_workloads,
    classifier,
    epochs,
    of_batch,
    of_depth,
    of_rows,
    of_width,
    random_rows,
    series,
    workload,
)
from chainrule.cases import xor
from chainrule.errors import SpecError
from chainrule.nn import Network
from chainrule.optim import SGD

SHAPES = {
    "W1": ("3-4:sigmoid-1:sigmoid", "float64", 4, 4, "sgd"),
    "W2": ("2-16:tanh-16:tanh-1", "float32", 32, 1000, "sgd"),
    "W3": ("64-64:relu-32:relu-10", "float32", 64, 1797, "adam"),
    "W4": ("784-128:relu-64:relu-10", "float32", 128, 60_000, "adam"),
    "W5": ("1024-1024:relu-1024:relu-10", "float32", 256, 2048, "momentum"),
}


def check(one):
    """Assert what every engine relies on."""
    specs = Network.from_spec(one.network).specs
    assert {name: spec.shape for name, spec in specs.items()} == {
        name: array.shape for name, array in one.start.items()
    }
    assert one.X.dtype == one.dtype
    assert one.X.flags.c_contiguous
    assert one.y.dtype == (np.int64 if one.y.ndim == 1 else one.dtype)
    assert len(one.X) == len(one.y)
    assert one.order.dtype == np.int64
    assert one.order.flags.c_contiguous
    assert one.order.min() >= 0
    assert one.order.max() < len(one.X)


@pytest.mark.parametrize("name", SHAPES)
def test_a_workload_is_what_its_name_says(name):
    one = workload(name)
    check(one)
    found = (one.network, one.dtype.name, one.batch, len(one.X), one.optimizer.kind)
    assert found == SHAPES[name]


def test_xor_begins_where_the_course_begins():
    one, course = workload("w1"), xor.trained
    assert np.array_equal(one.X, xor.X)
    assert np.array_equal(one.y, xor.Y)
    assert one.full_batch
    at_start = course().at(0).parameters
    assert all(np.array_equal(one.start[name], at_start[name]) for name in at_start)


def test_the_same_name_is_the_same_training():
    first, second = workload("W2"), workload("W2")
    assert np.array_equal(first.X, second.X)
    assert np.array_equal(first.order, second.order)
    assert all(np.array_equal(first.start[name], second.start[name]) for name in first.start)


def test_starting_values_are_handed_out_as_copies():
    one = workload("W1")
    one.flat_start[0][:] = 0
    assert one.start["W1"].any()
    assert [array.shape for array in one.flat_start] == [(3, 4), (4,), (4, 1), (1,)]


def test_an_epoch_sees_no_row_twice_and_full_batches_only():
    order = epochs(10, 3, 7)
    assert order.shape == (7, 3)
    for first in (0, 3):
        assert len(np.unique(order[first : first + 3])) == 9
    assert not np.array_equal(order[:3], order[3:6])


def test_spirals_are_two_and_digits_are_ten():
    assert np.unique(workload("W2").y).tolist() == [0, 1]
    assert np.unique(workload("W3").y).tolist() == list(range(10))


def test_random_rows_tell_something_about_their_class():
    X, y = random_rows(200, 12, 10)
    assert np.array_equal(X[:, :10].argmax(1), y)


@pytest.mark.parametrize("make", [of_width, of_batch, of_depth, of_rows])
@pytest.mark.parametrize("size", [16, 64])
def test_a_grown_workload_is_whole(make, size):
    if make is of_rows:
        size *= 10
    check(make(size))


def test_depth_counts_hidden_layers():
    assert [units for units, _ in of_depth(3).layers] == [64, 64, 64, 10]


def test_the_series_are_as_wide_as_they_say():
    sizes = {kind: list(sizes) for kind, (_, sizes) in GROWTH.items()}
    assert (sizes["width"][0], sizes["width"][-1]) == (16, 4096)
    assert (sizes["batch"][0], sizes["batch"][-1]) == (1, 4096)
    assert (sizes["depth"][0], sizes["depth"][-1]) == (1, 64)
    assert (sizes["rows"][0], sizes["rows"][-1]) == (10**3, 10**7)
    assert series("width")[1]().name == "width 64"


def test_a_classifier_of_your_own():
    one = classifier("mine", "mine", "3-2:relu-4", SGD(0.1), random_rows(8, 3, 4), 4, 5)
    check(one)
    assert (one.steps, one.rate) == (5, 0.1)


@pytest.mark.parametrize(
    ("names", "growth", "words"),
    [
        (["W9"], None, "there is no workload 'W9'; there are W1, W2, W3, W4, W5"),
        ([], "height", "there is no series 'height'; there are width, batch, depth, rows"),
        (["W1"], "width", "asked for at once"),
    ],
)
def test_what_is_not_there_is_refused(names, growth, words):
    with pytest.raises(SpecError, match=words):
        chosen_workloads(names, growth)


def test_all_five_are_the_default():
    assert chosen_workloads() == list(WORKLOADS.values())
