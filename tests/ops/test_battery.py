"""Every primitive of the registry keeps the contract; nothing here knows any of them by name."""

import battery
import pytest
import settings

from chainrule.graph import primitives

NAMES = sorted(primitives)


@pytest.mark.parametrize("name", NAMES)
def test_float64(name):
    assert battery.judge(name, labels=("normal",)) > 0
    assert battery.judge(name, labels=("tiny", "huge", "mixed", "near", "on"), most=1) > 0


@pytest.mark.parametrize("name", NAMES)
def test_float32(name):
    assert battery.judge(name, "float32", labels=("normal", "huge"), most=2) > 0


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_every_shape_with_every_number(name, dtype):
    assert battery.judge(name, dtype) > 0


@pytest.mark.parametrize("name", NAMES)
def test_memory_layouts(name):
    battery.judge(name, labels=["normal"], layouts=settings.LAYOUTS[1:], most=3)
