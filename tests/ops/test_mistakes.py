"""A wrong rule, planted into any primitive of the registry, is noticed by the battery."""

import battery
import mistakes
import numpy as np
import pytest
import settings

from chainrule.graph import primitives

NAMES = sorted(primitives)
PROBED = 5


@pytest.fixture
def plant(monkeypatch):
    """Put a primitive in the place of the one of its name until the test ends."""

    def put(rule):
        monkeypatch.setitem(primitives, rule.name, rule)

    return put


def answers(name):
    """Return values and slopes at ordinary inputs in some settings: what a mistake may change."""
    found = []
    for setting in settings.settings(name)[:PROBED]:
        contract = battery.Contract(setting, np.dtype("float64"))
        for label in ("normal", "on"):
            values = settings.NUMBERS["float64"][label]
            for shift, positive in battery._fills(label, setting):
                arrays = settings.numbers(
                    setting, values, np.float64, shift=shift, positive=positive
                )
                with np.errstate(all="ignore"):
                    found.append(contract.run(arrays))
    return found


def same(left, right):
    """Tell whether two lists of answers are equal bit for bit."""
    return all(
        np.array_equal(a[key], b[key], equal_nan=a[key].dtype.kind == "f")
        for a, b in zip(left, right, strict=True)
        for key in a
        if key == "out" or key.startswith("slope") or key == "forward"
    )


def changes(right, name):
    """Tell whether the planted mistake changes anything: exchanging equal locals is none."""
    try:
        return not same(right, answers(name))
    except AssertionError:
        return True


def unsound(name):
    """Tell whether the battery complains."""
    try:
        battery.judge(name, labels=("normal", "on"), most=PROBED)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("name", NAMES)
def test_planted_mistakes_are_noticed(name, plant):
    right, sound = answers(name), primitives[name]
    for mistake in mistakes.MISTAKES:
        rule = mistake(sound)
        if rule is None:
            continue
        plant(rule)
        if changes(right, name):
            assert unsound(name), f"{mistake.__name__} went unnoticed"
        plant(sound)


@pytest.mark.slow
def test_many_mistakes_are_planted(plant):
    planted = []
    for name in NAMES:
        right, sound = answers(name), primitives[name]
        for mistake in mistakes.MISTAKES:
            rule = mistake(sound)
            if rule is None:
                continue
            plant(rule)
            if changes(right, name):
                planted.append(mistake.__name__)
            plant(sound)
    assert len(planted) > 250
    assert set(planted) == {mistake.__name__ for mistake in mistakes.MISTAKES}
