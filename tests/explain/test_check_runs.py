"""`run.check` and ``chainrule check``: the gradients of trainings, right ones and broken ones."""

import json
import math
from dataclasses import replace
from importlib.resources import files

import check_networks
import jsonschema
import numpy as np
import pytest

import chainrule as cr
from chainrule.apps.cli import run as command
from chainrule.errors import SpecError, ValueRefused
from chainrule.explain.check.of_run import check_moments
from chainrule.explain.views import names
from chainrule.graph import depends_on, primitives, toposort
from chainrule.run import Run
from chainrule.train.replay import moment_at
from chainrule.train.reuse import forget

XOR = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1.0]]), np.array([0.0, 1, 1, 0])


def trained(spec="3-4:tanh-1:sigmoid", steps=20, **settings):
    given = {"loss": "half_squared_error", "optimizer": cr.SGD(0.1), "seed": 1} | settings
    return cr.train(spec, *XOR, steps=steps, **given)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["interpreter", "native"])
@pytest.mark.parametrize("start", range(0, 24, 6))
def test_trainings_of_every_kind_pass(engine, start):
    """Losses and optimizers go by the number; activations, data and settings are drawn."""
    for seed in range(start, start + 6):
        run = check_networks.trained(seed, engine)
        if run is None or not math.isfinite(run.at(0).loss):
            continue
        check = run.check(seed=seed)
        assert check.passed, f"{seed}: {check}"
        assert {e.name.partition("[")[0] for e in check.entries} == set(run.network.specs)


def test_the_draws_hold_every_loss_optimizer_dtype_and_penalty():
    drawn = [check_networks.draw(seed) for seed in range(24)]
    settings = [s for _, s in drawn]
    assert {s["loss"] for s in settings} == set(check_networks.losses)
    assert len({s["optimizer"].kind for s in settings}) >= 4
    assert {s["dtype"] for s in settings} == {"float64", "float32"}
    assert any(layer.l1 for (net, *_), _ in drawn for layer in net.layers)


def broken(moment, name, change):
    """The moment with one recorded gradient changed."""
    return replace(moment, gradients={**moment.gradients, name: change(moment.gradients[name])})


def first_entry(factor):
    def change(g):
        g = g.copy()
        g.reshape(-1)[0] *= factor
        return g

    return change


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
@pytest.mark.parametrize(
    ("change", "relation"),
    [
        (lambda g: 2 * g, "twice"),
        (lambda g: -g, "minus"),
        (lambda g: g / 4, "a quarter of"),
        (lambda g: g * (1 + 1e-6), "off by"),
        (np.zeros_like, "it should be"),
        (first_entry(1.5), "off by"),
    ],
)
def test_a_broken_gradient_is_found_in_its_parameter(name, change, relation):
    run = trained()
    check = check_moments(run.record, [broken(run.at(7), name, change)])
    assert not check.passed
    assert {e.name.partition("[")[0] for e in check.wrong} == {name}
    assert all(relation in e.verdict and e.step == 7 for e in check.wrong)


def test_one_wrong_entry_of_many_is_found_along_the_direction():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 50)), rng.standard_normal((20, 3))
    run = cr.train("50-40:tanh-3", X, y, steps=3, seed=1)

    def change(g):
        g = g.copy()
        g[31, 22] *= 1.001
        return g

    check = check_moments(run.record, [broken(run.at(2), "W1", change)], entries=8)
    assert [e.name for e in check.wrong] == ["W1[31,22]"]
    assert check_moments(run.record, [run.at(2)], entries=8).passed


def test_one_wrong_entry_is_found_beside_kinks():
    """Rows of zeros put every unit at its kink before the first update: no direction is smooth."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 30)) * (rng.random((20, 1)) < 0.7)
    run = cr.train("30-40:relu-3", X, rng.standard_normal((20, 3)), steps=3, seed=1)
    assert any(e.status == "kink" for e in run.check(0, entries=40).entries)

    def change(g):
        g = g.copy()
        g[21, 22] *= 1.01
        return g

    moment = run.at(0)
    assert moment.gradients["W1"][21, 22] != 0
    check = check_moments(run.record, [broken(moment, "W1", change)], entries=8)
    assert [e.name for e in check.wrong] == ["W1[21,22]"]
    assert check_moments(run.record, [moment], entries=8).passed


WIDE = {
    "tanh, cross-entropy": ("3-4:tanh-3:softmax", [0, 1, 2, 1], "cross_entropy"),
    "elu, huber": ("3-4:elu-3:softplus-2", np.arange(8.0).reshape(4, 2) / 4, "huber"),
}
"""Trainings whose plans use many operations."""


def plain_training(name):
    spec, y, loss = WIDE[name]
    X = np.random.default_rng(3).standard_normal((4, 3))
    net = cr.Network.from_spec(spec)
    layers = [replace(layer, l2=0.1, l1=0.05) for layer in net.layers]
    return cr.train(
        cr.Network(layers, 3), X, y, loss=loss, steps=3, seed=1, engine="interpreter",
        sample_weight=[1.0, 2.0, 0.5, 1.0],
    )  # fmt: skip


def rules_of(name):
    """The operations between parameters and loss that pass a gradient on."""
    plan = plain_training(name).plan
    order = toposort(plan.forward["L"])
    parameters = {node for node in order if node.name and node.name[0] in "Wb"}
    between = depends_on(order, list(parameters))
    passing = {node.op for node in between if primitives.get(node.op) and node.dtype.kind == "f"}
    return sorted(passing - NO_SLOPE)


NO_SLOPE = {"guard", "max", "minimum", "stop_gradient"}
"""Nothing comes back through them here: the shift of a softmax has no effect, and Huber's loss is
stationary in its threshold part wherever that is not constant."""


@pytest.mark.slow
@pytest.mark.parametrize("name", WIDE)
def test_every_rule_of_a_plan_broken_in_turn_is_found(name, monkeypatch):
    """The reference knows no derivative rule, so it cannot follow one that is wrong."""
    assert plain_training(name).check(2).passed
    missed = []
    for op in rules_of(name):
        rule = primitives[op]

        def vjp(g, out, *inputs, rule=rule, **attrs):
            parts = rule.vjp(g, out, *inputs, **attrs)
            return tuple(None if part is None else 1.001 * part for part in parts)

        monkeypatch.setitem(primitives, op, replace(rule, vjp=vjp))
        forget()
        check = plain_training(name).check(2, entries=8)
        monkeypatch.setitem(primitives, op, rule)
        forget()
        if not check.wrong:
            missed.append(op)
    assert missed == []


def test_kinks_of_a_network_are_told():
    X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    run = cr.train("2-3:relu-1", X, [1.0, 0.0, 2.0], steps=4, seed=2)
    check = run.check(0)
    assert check.passed
    assert any("relu'(0) = 0" in note for note in check.notes)
    assert any(e.status == "kink" and e.name.startswith("b1") for e in check.entries)


def test_a_saturated_softmax_is_not_accused():
    """1 - p is computed with few digits there: that is rounding, measured and allowed for."""
    X = np.array([[4.0, 1.0], [-4.0, 1.0], [5.0, 0.0], [-5.0, 0.5]])
    for dtype in ("float64", "float32"):
        run = cr.train(
            "2-3:softmax", X, [0, 1, 0, 2], steps=300, optimizer=cr.Adam(0.3), dtype=dtype, seed=1
        )
        assert run.losses[-1] < 0.5
        for step in (100, 300):
            assert run.check(step).wrong == ()


def test_the_steps_are_the_first_the_middle_and_the_last():
    check = trained(steps=9).check()
    assert {e.step for e in check.entries} == {0, 4, 9}
    assert {e.step for e in trained(steps=9).check(5).entries} == {5}
    assert len(trained(steps=9).check(5, entries=8).entries) == 8


def test_a_step_without_a_loss_cannot_be_checked():
    run = trained()
    moment = moment_at(run.record, 3)
    lost = replace(moment, values={**moment.values, "L": np.array(np.nan)})
    far = replace(moment, values={**moment.values, "h1": np.array([np.inf])})
    with pytest.raises(ValueRefused, match="h1 of step 3 is not finite"):
        check_moments(run.record, [far])
    with pytest.raises(ValueRefused, match="the loss of step 3 is not finite"):
        check_moments(run.record, [lost])
    assert {e.step for e in check_moments(run.record, [lost, moment]).entries} == {3}
    with pytest.raises(SpecError, match="steps 0 to 20"):
        run.check(21)


def test_every_view_and_the_schema(tmp_path):
    check = trained().check(4)
    for name in names():
        assert "agrees to" in getattr(check, name)()
    found = json.loads(check.json())
    schema = json.loads(files("chainrule.explain").joinpath("schema.json").read_text("utf-8"))
    jsonschema.validate(found, schema)
    assert found["kind"] == "check"
    assert found["data"]["passed"] is True
    assert len(found["data"]["entries"]) == found["data"]["looked_at"] == 21


def test_the_command_shows_the_page_and_exits_with_1_if_wrong(tmp_path, capsys, monkeypatch):
    folder = str(tmp_path / "xor")
    trained().save(folder)
    assert command(["check", folder, "--step", "3", "--entries", "6"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("The gradient is right, as far as 6 of 21 entries tell")
    assert f"chainrule why {folder}" in text
    assert command(["check", folder, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "check"
    page = tmp_path / "check.html"
    assert command(["check", folder, "--out", str(page)]) == 0
    assert page.read_text("utf-8").startswith("<!")
    assert command(["check", folder, "--step", "99"]) == 1
    assert "steps 0 to 20" in capsys.readouterr().err
    plain = Run.at
    monkeypatch.setattr(Run, "at", lambda run, k: broken(plain(run, k), "b1", lambda g: 2 * g))
    assert command(["check", folder]) == 1
    assert "twice" in capsys.readouterr().out


@pytest.mark.parametrize(("entries", "looked"), [(1, 4), (4, 4), (10, 10), (43, 43), (129, 129)])
def test_entries_are_counted_over_all_steps_together(entries, looked):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 4)), rng.integers(0, 3, 20)
    run = cr.train("4-5:tanh-3:softmax", X, y, steps=9, seed=1)
    found = run.check(entries=entries).entries
    assert len(found) == looked
    assert {one.name.split("[")[0] for one in found} == {"W1", "b1", "W2", "b2"}
    if looked >= 10:
        assert {one.step for one in found} == {0, 4, 9}
