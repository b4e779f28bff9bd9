"""The measure of the house: a new operation is one declaration; all the rest comes by itself."""

import pydoc
import subprocess
import sys
from pathlib import Path

import battery
import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.errors import UnsupportedError
from chainrule.graph import primitives
from chainrule.ops import declare

ACTIVATIONS = Path(cr.__file__).parent / "ops" / "activations.py"

SOFTSIGN = """

softsign = elementwise(
    "softsign",
    "x / (1 + abs(x)).",
    value=lambda x: x / (1 + x * np.sign(np.real(x))),
    local=lambda out, x: (1.0 / np.square(1.0 + abs(x)),),
    latex=r"\\frac{{{0}}}{{1 + |{0}|}}",
    examples=[(0.3,), ([-2.0, 0.7],)],
    kinks=("softsign''(0) = 0",),
    at_kink=lambda x: x == 0,
)
"""


@pytest.fixture
def softsign(monkeypatch):
    """Declare softsign as its one place would, and take it away afterwards."""
    monkeypatch.setattr(declare, "functions", dict(declare.functions))
    monkeypatch.setattr(ops, "functions", declare.functions)
    before = set(primitives)
    exec(SOFTSIGN, {"elementwise": declare.elementwise, "np": np})
    yield primitives["softsign"]
    for name in set(primitives) - before:
        del primitives[name]


def test_softsign_is_differentiated_checked_listed_and_explained(softsign):
    battery.judge("softsign", labels=("normal", "on"))
    battery.judge("softsign", "float32", labels=("normal",))
    x = cr.variable("x", [-2.0, 0.5])
    out = ops.softsign(x)
    assert cr.listing(out).splitlines()[-1] == "  1  softsign(0)       (2,) float64"
    assert cr.evaluate(cr.gradients(np.sum(out), x)).tolist() == [1 / 9, 1 / 2.25]
    assert "softsign" in dir(ops)
    assert "softsign''(0) = 0" in pydoc.plain(pydoc.render_doc(ops.softsign))
    net = cr.Network.from_spec("2-3:softsign-1")
    run = cr.train(net, np.eye(2), np.ones(2), loss="squared_error", steps=3, seed=0)
    assert run.losses[-1] < run.losses[0]


def test_a_wrong_softsign_is_noticed(softsign):
    wrong = SOFTSIGN.replace("1.0 / np.square", "0.999999999 / np.square")
    del primitives["softsign"]
    exec(wrong, {"elementwise": declare.elementwise, "np": np})
    with pytest.raises(battery.Wrong, match=r"softsign.*d/dx0"):
        battery.judge("softsign")


def test_without_the_declaration_there_is_no_softsign():
    with pytest.raises(AttributeError, match=r"no operation 'softsign'; did you mean .*softplus"):
        ops.softsign
    with pytest.raises(UnsupportedError, match=r"'softsign'; did you mean .*softplus"):
        cr.graph.apply("softsign", 1.0)


def test_the_one_place_is_a_line_in_the_file_of_its_family(tmp_path):
    """The same declaration, appended to a copy of the file, and nothing else."""
    copy = tmp_path / "chainrule"
    package = ACTIVATIONS.parents[1]
    for source in package.rglob("*.py"):
        target = copy / source.relative_to(package)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    with (copy / "ops" / "activations.py").open("a", encoding="utf-8") as file:
        file.write(SOFTSIGN)
    code = (
        "from chainrule import graph, ops, autodiff, executors\n"
        "x = graph.variable('x', 1.0)\n"
        "print(executors.evaluate(autodiff.gradients(ops.softsign(x), x)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.stdout.strip() == "0.25", ran.stderr


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"examples": []}, "'softer' has no examples to be tested with"),
        ({"name": "relu"}, "'relu' is declared twice"),
    ],
)
def test_a_declaration_that_cannot_be_tested_is_refused(wrong, said):
    given = {
        "name": "softer", "doc": "x.", "value": lambda x: x, "local": lambda out, x: (1,),
        "latex": "{0}", "examples": [(1.0,)], **wrong,
    }  # fmt: skip
    with pytest.raises(AssertionError, match=said):
        declare.elementwise(**given)
    assert "softer" not in primitives


def test_a_primitive_without_any_reference_fails_the_battery(monkeypatch):
    monkeypatch.setattr(declare, "functions", dict(declare.functions))
    declare.elementwise(
        "hinge", "x.", value=lambda x: x.astype(float) * 2, local=lambda out, x: (2.0,),
        latex="{0}", examples=[(1.0,)], analytic=False,
    )  # fmt: skip
    try:
        with pytest.raises(battery.Wrong, match="hinge: no reference; add mpmath's"):
            battery.judge("hinge")
    finally:
        del primitives["hinge"]
