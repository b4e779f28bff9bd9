"""The doctor: findings, their order, their page, and every odd run without a crash."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.explain import doctor_battery, doctor_sick

import chainrule as cr
from chainrule.errors import DivergenceError, SpecError
from chainrule.explain import doctor
from chainrule.explain.doctor.finding import Finding, Remedy, looks
from chainrule.explain.doctor.futures import carry_out, tell
from chainrule.explain.doctor.order import causes, ranked
from chainrule.explain.views import names as view_names
from chainrule.explain.views import view

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = X[:, 0]


def train(spec="3-8:relu-1", x=X, y=Y, **settings):
    try:
        return cr.train(spec, x, y, **{"steps": 50, **settings})
    except DivergenceError as error:
        return error.run


def named(run):
    return [one.name for one in run.doctor().findings if one.is_alarm]


def test_one_file_for_each_finding():
    folder = Path(doctor.__file__).parent / "findings"
    files = [path for path in folder.glob("*.py") if path.stem != "__init__"]
    assert len(files) == len(looks) == 18
    assert set(looks) == {*doctor_sick.KINDS, "over-regularisation", "a higher rate"}


def test_a_healthy_run():
    run = cr.train("3-16:tanh-1", X, Y, steps=600, optimizer=cr.Adam(0.01), seed=1)
    found = run.doctor()
    assert found.healthy
    assert str(found).startswith("Healthy")
    assert found.data["healthy"] is True


def test_examining_changes_nothing_and_repeats_itself():
    run = train(optimizer=cr.SGD(3.0), steps=200, batch_size=8)
    before = {k: v.copy() for k, v in run.record.final.items()}
    first, second = run.doctor(), run.doctor()
    assert first.json() == second.json()
    for name, value in before.items():
        np.testing.assert_array_equal(run.record.final[name], value)


def test_the_same_after_save_and_load(tmp_path):
    run = train(optimizer=cr.SGD(1e-5), steps=200, batch_size=8)
    assert cr.load(run.save(tmp_path / "run")).doctor().json() == run.doctor().json()


@pytest.mark.parametrize("rate", [30.0, 1e4, 1e300])
def test_a_diverged_run(rate):
    run = train(optimizer=cr.SGD(rate))
    assert run.stopped == "diverged"
    found = run.doctor()
    assert found.findings[0].name == "learning rate too high"
    suggested = found.findings[0].numbers["suggested"]
    again = run.branch(0, learning_rate=suggested)
    assert again.losses[-1] < again.losses[0]


def test_a_run_of_no_steps_is_refused():
    with pytest.raises(SpecError, match="no step"):
        train(steps=0).doctor()


def test_a_frozen_layer_of_a_good_run_is_a_note():
    net = cr.Network([cr.Dense(40, "tanh", trainable=False), cr.Dense(1)], 3)
    run = train(net, steps=800, optimizer=cr.Adam(0.02))
    (found,) = [one for one in run.doctor().findings if one.name == "weights that never moved"]
    assert not found.is_alarm
    assert run.doctor().healthy


ODD = {
    "one row": lambda: train(x=X[:1], y=Y[:1]),
    "two rows": lambda: train(x=X[:2], y=Y[:2]),
    "one step": lambda: train(steps=1),
    "constant target": lambda: train(y=0 * Y + 3),
    "one class": lambda: train("3-4:relu-1:sigmoid", y=0 * Y),
    "a constant column": lambda: train(x=X * [1, 0, 1]),
    "nothing but zeros": lambda: train(x=0 * X),
    "distributions": lambda: train("3-4:tanh-3:softmax", y=RNG.dirichlet([1, 1, 1], 60)),
    "rows of weight 0": lambda: train(sample_weight=(X[:, 1] > 0) * 1.0),
    "two numbers": lambda: train("3-8:tanh-2", y=X[:, :2] ** 2),
    "two yes or no": lambda: train("3-8:tanh-2:sigmoid", y=(X[:, :2] > 0) * 1.0, batch_size=7),
    "huber, float32": lambda: train(loss="huber", dtype="float32", validation=(X, Y)),
    "sum": lambda: train(loss="absolute_error", reduction="sum", batch_size=7),
    "shared weights": lambda: train(
        cr.Network([cr.Dense(3, "tanh", weights_name="A")] * 2 + [cr.Dense(1, bias=False)], 3)
    ),
    "all frozen": lambda: train(cr.Network([cr.Dense(1)], 3, frozen=("W1", "b1"))),
    "huge inputs": lambda: train(x=X * 1e100),
    "rate 0": lambda: train(optimizer=cr.SGD(0.0)),
    "guarded": lambda: train("3-4:log-1", x=np.abs(X), initial={"W1": np.ones((3, 4))}),
    "schedule that ends": lambda: train(optimizer=cr.Momentum(cr.Cosine(0.1, steps=20))),
    "no hidden layer": lambda: train("3-1"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_runs_are_examined_and_every_view_shows_it(name):
    found = ODD[name]().doctor()
    for one in view_names():
        assert view(one, found.document)
    json.loads(found.json())


def test_causes_stand_before_what_follows():
    def one(name, weight, *explains, severity="severe"):
        return Finding(name, severity, (), (), (), certainty=1.0, weight=weight, explains=explains)

    found = (one("a", 0.2, "b"), one("b", 0.9), one("c", 0.5), one("d", 1.0, severity="note"))
    assert [f.name for f in ranked(found)] == ["c", "a", "b", "d"]
    assert causes(found[1], found) == ["a"]
    mutual = (one("a", 0.2, "b"), one("b", 0.9, "a"))
    assert [f.name for f in ranked(mutual)] == ["b", "a"]


def test_both_futures():
    run = train(optimizer=cr.SGD(1e-4), steps=300, batch_size=8)
    found = run.doctor(try_it=True)
    assert found.futures.tried.origin.step == 0
    own, tried = found.futures.losses
    np.testing.assert_array_equal(own, run.losses)
    assert tried[-50:].mean() < own[-50:].mean()
    assert "Both futures" in str(found)
    assert "<svg" in found.html()


def test_a_suggestion_from_the_end_is_compared_with_going_on():
    run = train(optimizer=cr.SGD(0.1), steps=60, batch_size=4)
    remedy = Remedy("calm", "...", 60, {"batch_size": None, "steps": 25})
    futures = carry_out(run.record, remedy)
    own, tried = futures.losses
    np.testing.assert_array_equal(own, run.branch(60, steps=25).losses)
    np.testing.assert_array_equal(tried, run.branch(60, batch_size=None, steps=25).losses)
    assert len(tell(futures).blocks) >= 3


@pytest.mark.slow
def test_sick_runs_are_named():
    """One of each kind; the full battery is `python -m tests.explain.doctor_battery`."""
    pytest.importorskip("sklearn")
    made, missed, _, _ = doctor_battery.sick(16, 40)
    assert set(made) == set(doctor_sick.KINDS)
    assert missed == []


@pytest.mark.slow
def test_healthy_runs_are_left_alone():
    pytest.importorskip("sklearn")
    _, alarms, _, _ = doctor_battery.healthy(8, 300)
    assert alarms == []
