"""Every primitive of the registry keeps the contract; nothing here knows any of them by name."""

import battery
import pytest
import settings

from chainrule.graph import primitives

NAMES = sorted(primitives)


@pytest.mark.parametrize("name", NAMES)
def test_float64(name):
    assert battery.judge(name) > 0


@pytest.mark.parametrize("name", NAMES)
def test_float32(name):
    assert battery.judge(name, "float32") > 0


@pytest.mark.parametrize("name", NAMES)
def test_memory_layouts(name):
    battery.judge(name, labels=["normal"], layouts=settings.LAYOUTS[1:], most=4)
