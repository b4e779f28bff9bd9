"""Large elementwise values are computed in blocks: the bits are those of the whole."""

import numpy as np
import pytest

from chainrule.executors import bind, interpreter
from chainrule.graph import apply, primitives, variable
from chainrule.plan import make_plan

NAMES = sorted(name for name, rule in primitives.items() if rule.kind == "elementwise")
SHAPES = [
    [(7, 3), (7, 3), (7, 3)],
    [(7, 3), (3,), ()],
    [(1, 3), (7, 1), (7, 3)],
    [(), (7, 3), (3,)],
    [(25,), (25,), (1,)],
    [(2, 3, 4), (3, 1), (2, 1, 1)],
    [(1, 24), (1, 24), (1, 1)],
]
NASTY = [0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, 1e300, -1e-300, 1.0, -2.0, 0.5, 3.0, -1.5]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_blocks_give_the_bits_of_the_whole(name, dtype, monkeypatch):
    rule = primitives[name]
    for example in rule.examples:
        for shapes in SHAPES:
            shapes = shapes[: len(example.inputs)]
            kinds = [np.asarray(x).dtype == bool for x in example.inputs]
            inputs = [
                variable(f"x{i}", shape=s, dtype="bool" if k else dtype)
                for i, (s, k) in enumerate(zip(shapes, kinds, strict=True))
            ]
            with np.errstate(all="ignore"):
                feed = {
                    x.name: np.resize(np.roll(NASTY, i), x.shape).astype(x.dtype)
                    for i, x in enumerate(inputs)
                }
            plan = make_plan({"out": apply(name, *inputs, **example.attrs)})
            whole = bind(plan).values(feed)[-1]
            monkeypatch.setattr(interpreter, "BLOCK_ENTRIES", 5)
            parts = bind(plan).values(feed)[-1]
            monkeypatch.undo()
            same(whole, parts)


def same(whole, parts):
    whole, parts = np.ascontiguousarray(whole), np.ascontiguousarray(parts)
    assert whole.shape == parts.shape
    assert whole.dtype == parts.dtype
    nan = np.isnan(whole)
    assert np.array_equal(nan, np.isnan(parts))
    assert whole[~nan].tobytes() == parts[~nan].tobytes()
