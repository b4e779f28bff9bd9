"""Batches and splits: the same from the same seed, whoever asks and in whatever order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import batch_of_step, batch_rows, batches, row_batch, split, steps_per_epoch
from chainrule.data.batches import permutation
from chainrule.errors import SpecError

sizes = st.integers(1, 60)


@given(seed=st.integers(0, 2**40), epoch=st.integers(0, 50), rows=sizes, batch=sizes)
def test_an_epoch_sees_every_row_once_and_its_steps_agree(seed, epoch, rows, batch):
    batches = list(batch_rows(seed, epoch, rows, batch))
    assert sorted(np.concatenate(batches)) == list(range(rows))
    assert [len(b) for b in batches[:-1]] == [min(batch, rows)] * (len(batches) - 1)
    first = epoch * steps_per_epoch(rows, batch)
    for index in reversed(range(len(batches))):
        assert row_batch(first + index, rows, batch) == (epoch, index)
        assert np.array_equal(batch_of_step(seed, first + index, rows, batch), batches[index])


def test_the_order_is_fixed_for_ever():
    assert permutation(10, 1, 0).tolist() == PERMUTATION_10_1_0
    assert batch_of_step(7, 5, rows=10, batch_size=4).tolist() == BATCH_7_5_10_4


PERMUTATION_10_1_0 = [9, 2, 4, 7, 5, 0, 8, 6, 3, 1]
BATCH_7_5_10_4 = [0, 6]


def test_epochs_differ_and_unshuffled_ones_do_not():
    orders = {tuple(np.concatenate(list(batch_rows(0, e, 50, 7)))) for e in range(20)}
    assert len(orders) == 20
    assert batch_of_step(0, 3, 6, 2, shuffle=False).tolist() == [0, 1]


@pytest.mark.parametrize("batch", [None, 4, 100])
def test_one_batch_of_all_rows_keeps_their_order(batch):
    assert batch_of_step(3, 9, 4, batch).tolist() == [0, 1, 2, 3]


def test_the_kept_order_cannot_be_changed_from_outside():
    with pytest.raises(ValueError, match="read-only"):
        batch_of_step(3, 0, 10, 4)[0] = 5


@pytest.mark.parametrize(
    "ask",
    [
        lambda: batch_of_step(0, -1, 5, 2),
        lambda: batch_of_step(0, 0, 0, 2),
        lambda: batch_of_step(0, 0, 5, 0),
        lambda: list(batch_rows(0, -1, 5, 2)),
    ],
)
def test_batches_that_do_not_exist_are_refused(ask):
    with pytest.raises(SpecError):
        ask()


fractions = st.tuples(st.floats(0, 0.45), st.floats(0, 0.45))


@given(y=st.lists(st.integers(0, 4), min_size=1, max_size=80), parts=fractions, seed=st.integers(0))
def test_a_split_covers_all_rows_and_keeps_the_shares(y, parts, seed):
    labels = np.array(y)
    found = split(len(y), labels, fractions=parts, seed=seed)
    everything = np.concatenate([found.train, found.validation, found.test])
    assert sorted(everything) == list(range(len(y)))
    assert set(labels[found.train]) == set(y)
    for label in set(y):
        count = np.count_nonzero(labels == label)
        for rows, fraction in ((found.validation, parts[0]), (found.test, parts[1])):
            share = np.count_nonzero(labels[rows] == label)
            assert share <= count * fraction + 1
    assert all(np.all(np.diff(rows) > 0) for rows in (found.train, found.validation, found.test))


def test_rows_sorted_by_class_are_mixed():
    labels = np.repeat([0, 1, 2], 40)
    found = split(120, labels, fractions=(0.15, 0.15), seed=0)
    assert np.bincount(labels[found.validation]).tolist() == [6, 6, 6]
    assert np.bincount(labels[found.test]).tolist() == [6, 6, 6]
    plain = split(120, fractions=(0.25, 0.25), seed=0)
    assert set(labels[plain.validation]) == {0, 1, 2}


def test_a_class_of_one_row_trains():
    found = split(11, [0] * 10 + [1], fractions=(0.4, 0.4), seed=5)
    assert 10 in found.train


@pytest.mark.parametrize(("rows", "sizes"), [(1, (1, 0, 0)), (2, (2, 0, 0)), (4, (2, 1, 1))])
def test_tiny_tables(rows, sizes):
    found = split(rows, fractions=(0.15, 0.15), seed=0)
    assert (len(found.train), len(found.validation), len(found.test)) == sizes


def test_the_same_seed_gives_the_same_split():
    one, two = (split(50, fractions=(0.2, 0.2), seed=3) for _ in range(2))
    assert np.array_equal(one.test, two.test)
    assert not np.array_equal(one.test, split(50, fractions=(0.2, 0.2), seed=4).test)


@pytest.mark.parametrize("fractions", [(0.5, 0.5), (-0.1, 0), (0, 1), (float("nan"), 0)])
def test_impossible_fractions_are_refused(fractions):
    with pytest.raises(SpecError):
        split(10, fractions=fractions, seed=0)
    with pytest.raises(SpecError):
        split(0, fractions=(0.1, 0.1), seed=0)


@pytest.mark.parametrize("count", [511, 512, 513, 1797, 70_000])
def test_a_fast_order_is_the_stable_one(count):
    raw = np.random.PCG64(count).random_raw(count)
    np.testing.assert_array_equal(batches._order(raw), np.argsort(raw, kind="stable"))
    close = (raw >> np.uint64(54)) << np.uint64(54)  # many are equal
    np.testing.assert_array_equal(batches._order(close), np.argsort(close, kind="stable"))
    np.testing.assert_array_equal(
        batches._order(close + (raw & np.uint64(3))),
        np.argsort(close + (raw & np.uint64(3)), kind="stable"),
    )
