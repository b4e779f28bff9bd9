"""The parts of streaming, each alone: moments, ranges, the division of rows, the order of rows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule.data.stream import dealing
from chainrule.data.stream.division import NONE, Division
from chainrule.data.stream.facts import Moments
from chainrule.data.stream.order import WindowOrder
from chainrule.data.stream.ranges import RangeCheck
from chainrule.data.transforms import fit_standardize


@pytest.mark.parametrize("scale", [1.0, 1e308, 1e-308, 1e150])
def test_merged_moments_are_those_of_all_numbers(scale: float) -> None:
    rng = np.random.default_rng(5)
    values = (rng.normal(size=1000) / 8 + 0.5) * scale
    values[::7] = np.nan
    merged = Moments()
    for part in np.array_split(values, 13):
        merged.add(part)
    found, wanted = merged.transform("a"), fit_standardize("a", values)
    assert (found.exponent, found.indicator) == (wanted.exponent, wanted.indicator)
    assert math.isclose(found.center, wanted.center, rel_tol=1e-13)
    assert math.isclose(found.spread, wanted.spread, rel_tol=1e-12)


def test_moments_survive_what_cancels() -> None:
    values = 1e9 + np.random.default_rng(1).normal(size=5000) * 1e-3
    merged = Moments()
    for part in np.array_split(values, 50):
        merged.add(part)
    exact = math.sqrt(math.fsum((values - math.fsum(values) / 5000) ** 2) / 5000)
    assert math.isclose(merged.transform("a").spread, exact, rel_tol=1e-6)


@pytest.mark.parametrize(
    ("numbers", "wanted"), [(range(3, 40), True), ([*range(3, 39), 38], False), ([5] * 30, False)]
)
def test_ranges_are_told_without_keeping_numbers(numbers: list[int], wanted: bool) -> None:
    shuffled = np.random.default_rng(2).permutation(np.array(list(numbers), float))
    check = RangeCheck()
    for part in np.array_split(shuffled, 4):
        check.add(part, True)
    assert check.holds(len(shuffled)) is wanted


def test_parts_have_their_share_of_each_class_to_one_row() -> None:
    rng = np.random.default_rng(0)
    classes = rng.choice(5, p=[0.6, 0.3, 0.08, 0.015, 0.005], size=20_000).astype(float)
    absent = rng.random(20_000) < 0.1
    division = Division((0.15, 0.2), seed=4)
    cuts = np.split(np.arange(20_000), np.arange(700, 20_000, 700))
    parts = np.concatenate([division.parts(classes[cut], absent[cut]) for cut in cuts])
    assert ((parts == NONE) == absent).all()
    for k in range(5):
        counts = np.bincount(parts[(classes == k) & ~absent], minlength=3)
        wanted = counts.sum() * np.array([0.65, 0.15, 0.2])
        assert np.abs(counts - wanted).max() <= 1.0 + 1e-9


def test_a_lone_class_trains() -> None:
    division = Division((0.4, 0.5), seed=1)
    parts = division.parts(np.array([0.0] * 8 + [1.0, 2.0]), np.zeros(10, bool))
    assert parts[8] == parts[9] == 0


def test_each_epoch_is_a_permutation_that_the_seed_fixes() -> None:
    sizes = (5, 9, 1, 0, 7, 12, 3)
    orders = [WindowOrder(seed, sizes, 2).rows(epoch, 0, 37).tolist()
              for seed in (1, 2) for epoch in (0, 1)]  # fmt: skip
    assert all(sorted(order) == list(range(37)) for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    assert WindowOrder(1, sizes, 2).rows(1, 11, 23).tolist() == orders[1][11:23]


def test_an_epoch_is_uniform_whatever_the_order_of_the_file() -> None:
    """The place of each row in an epoch, over many seeds, is as a uniform order has it."""
    seeds, counts = 2000, np.zeros((24, 4))
    for seed in range(seeds):
        blocks = dealing.Deal(5, seed).next(24)
        in_blocks = np.argsort(blocks, kind="stable")
        order = WindowOrder(seed, tuple(np.bincount(blocks, minlength=5).tolist()), 2)
        counts[in_blocks[order.rows(1, 0, 24)], np.arange(24) // 6] += 1
    mean = seeds / 4
    spread = float(np.sum((counts - mean) ** 2 / mean))
    assert abs(spread - 69) < 4 * math.sqrt(2 * 69)  # chi squared with 23 x 3 degrees of freedom
