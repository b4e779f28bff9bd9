"""The judge of plans finds planted mistakes."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import plans_judge
import plans_shrink
import pytest
from plans_judge import Wrong, judge

import chainrule as cr
from chainrule.executors.native import memory, reductions
from chainrule.executors.native.program import NativeProgram
from chainrule.graph import primitives, variable
from chainrule.plan import make_plan

RNG = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def no_cache(monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", "")


def example():
    """Return a plan with products, reductions, an update, and its values."""
    x, w = variable("x", shape=(6, 5)), variable("w", shape=(5, 9))
    hidden = cr.tanh(x @ w)
    loss = (cr.softmax(hidden, 1) * np.arange(9.0)).sum() + hidden.max()
    slopes = cr.gradients(loss, [x, w])
    plan = make_plan({"L": loss, "h": hidden}, {"x": slopes[0], "w": slopes[1]})
    return plan, {"x": RNG.normal(size=(6, 5)), "w": RNG.normal(size=(5, 9))}


def test_what_is_right_passes():
    found = judge(*example())
    assert found["judged"] == found["entries"] == found["tight"]


def mistaken(monkeypatch, name, native):
    """Let the machine code of a primitive be another."""
    monkeypatch.setitem(primitives, name, replace(primitives[name], native=native))


def test_a_rounding_too_many_is_found(monkeypatch):
    mistaken(monkeypatch, "tanh", lambda m, x: m.tanh(x) * (1 + 2.0**-45))
    with pytest.raises(Wrong, match=r"^tanh .* alone: native"):
        judge(*example())


def test_a_sign_of_zero_is_found(monkeypatch):
    mistaken(monkeypatch, "relu", lambda m, x: m.where(x > 0.0, x, x * 0.0))
    x = variable("x", shape=(5,))
    with pytest.raises(Wrong, match="the sign of 0"):
        judge(make_plan({"r": cr.relu(x)}), {"x": np.linspace(-1, 1, 5)})


def test_padding_that_counts_is_found(monkeypatch):
    monkeypatch.setattr(reductions.Reduction, "identity", 0.0)
    x = variable("x", shape=(3, 5))
    with pytest.raises(Wrong, match="max"):
        judge(make_plan({"m": x.max(axis=1)}), {"x": np.full((3, 5), -1.0)})


def test_what_depends_on_old_contents_of_the_memory_is_found(monkeypatch):
    plain = NativeProgram.of
    monkeypatch.setattr(
        NativeProgram, "of", lambda self, node: plain(self, node) + (self.arena[-1] == 0x41)
    )
    with pytest.raises(Wrong, match="after other contents"):
        judge(*example())


def test_a_view_of_the_memory_is_found(monkeypatch):
    monkeypatch.setattr(NativeProgram, "of", lambda self, node: self.arena[:40].view(np.float64))
    x = variable("x", shape=(5,))
    with pytest.raises(Wrong, match="is a view"):
        judge(make_plan({"out": x * 2.0}), {"x": np.ones(5)})


@pytest.mark.parametrize("place", [-1, -memory.SLACK])
def test_a_write_behind_the_end_is_found(monkeypatch, place):
    plain = NativeProgram.step

    def far(self, rows=None):
        self.arena[place] = 1
        return plain(self, rows)

    monkeypatch.setattr(NativeProgram, "step", far)
    with pytest.raises(Wrong, match="a byte after"):
        judge(*example())


def test_a_failing_plan_is_made_small(monkeypatch):
    mistaken(monkeypatch, "exp", lambda m, x: m.exp(x) + 1.0)
    plan, feed, found = plans_shrink.shrunk(*example())
    assert [i.node.op for i in plan.instructions] == ["variable", "exp"]
    assert "exp" in plans_shrink.told(plan, feed, found)


def ran(*arguments):
    """Return what Python says in a process of its own, in the folder above the tests."""
    here = Path(__file__).resolve()
    environment = {**os.environ, "CHAINRULE_CACHE": "", "PYTHONPATH": os.pathsep.join(
        [str(here.parent), os.environ.get("PYTHONPATH", "")])}  # fmt: skip
    return subprocess.run(
        [sys.executable, *arguments], cwd=here.parents[2], env=environment, text=True,
        capture_output=True, check=False,
    )  # fmt: skip


def test_the_command_line():
    found = ran("-m", "tests.native.plans", "--count", "3", "--seed", "7", "--kinds", "graph")
    assert found.returncode == 0, found.stderr
    assert "'fine graph': 3" in found.stdout


DYING = """
import os, plans
plans.judge = lambda kind, seed: os._exit(1) if seed == 1 else {}
print([(what, seed) for what, _, seed, _ in plans.run(plans.numbered(0, 4, ["graph"]))])
"""


def test_a_process_that_dies_is_named():
    found = ran("-c", DYING)
    assert found.stdout.strip() == "[('fine', 0), ('crash', 1), ('fine', 2), ('fine', 3)]"


def test_memory_is_guarded():
    guard = plans_judge.Guarded(5000 // 64 * 64 + memory.SLACK)
    guard.fill(7)
    guard.check(7, "arena")
    guard.bytes[-1] = 8
    with pytest.raises(Wrong, match="after"):
        guard.check(7, "arena")
