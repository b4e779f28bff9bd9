"""`run.compare` and ``chainrule compare``: where two runs part, and that equal ones are equal."""

import json
from dataclasses import replace
from importlib.resources import files

import jsonschema
import numpy as np
import pytest

import chainrule as cr
from chainrule.apps.cli import run as command
from chainrule.errors import SpecError
from chainrule.explain.compare import compare_records
from chainrule.explain.compare.curves import loss_curves
from chainrule.explain.views import names
from chainrule.train.replay import state_at

X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1.0]])
Y = np.array([0.0, 1, 1, 0])
SPEC = "3-4:sigmoid-1:sigmoid"


def trained(spec=SPEC, x=X, y=Y, **settings):
    given = {"loss": "half_squared_error", "optimizer": cr.SGD(0.1), "steps": 60, "seed": 1}
    return cr.train(spec, x, y, **{**given, "engine": "interpreter", **settings})


def settings_of(comparison):
    return {one.what: (one.left, one.right) for one in comparison.settings}


def first_different_state(left, right):
    """The same answer by walking through every step."""
    for k in range(min(left.steps, right.steps) + 1):
        a, b = state_at(left.record, k), state_at(right.record, k)
        if any((a[name] != b[name]).any() for name in left.network.specs):
            return k
    return None


def test_equal_runs_are_said_to_be_equal():
    found = trained().compare(trained())
    assert found.equal
    assert found.settings == ()
    assert found.first_loss is found.first_weights is None
    assert str(found).startswith(
        "The two runs are equal bit for bit: all 60 losses and every final weight."
    )


def test_a_run_is_equal_to_itself_after_saving(tmp_path):
    run = trained(engine="native")
    again = cr.load(run.save(tmp_path / "run"))
    assert run.compare(again).equal


CHANGES = [
    ({"optimizer": cr.SGD(0.2)}, "optimizer.learning_rate", 1, "updates", "learning_rate"),
    ({"optimizer": cr.Momentum(0.1)}, "optimizer", 2, "updates", ""),
    ({"optimizer": cr.SGD(cr.StepDecay(0.1, every=37, factor=0.5))}, "optimizer.learning_rate",
     38, "updates", "learning_rate"),
    ({"seed": 2}, "seed", 0, "start", ""),
    ({"reduction": "sum"}, "reduction", 1, "values", "L"),
    ({"loss": "squared_error"}, "loss", 1, "values", "l"),
    ({"spec": "3-4:tanh-1:sigmoid", "initial": {}}, "network", 1, "values", "h1"),
    ({"x": X + [[0, 0, 0], [0, 0, 0.5], [0, 0, 0], [0, 0, 0]]}, "x[1,2]", 1, "values", "x"),
    ({"y": np.array([0.0, 1, 1, 1])}, "y[3,0]", 1, "values", "y"),
    ({"batch_size": 2}, "batch size", 1, "rows", ""),
    ({"sample_weight": np.array([1.0, 1.0, 1.0, 2.0])}, "row weights", 1, "values", "L"),
    ({"optimizer": cr.SGD(0.1, clip_norm=0.01)}, "optimizer.clip_norm", 1, "updates", None),
]  # fmt: skip


@pytest.mark.parametrize(("change", "what", "step", "cause", "name"), CHANGES)
def test_what_was_changed_is_named_with_the_step_and_the_cause(change, what, step, cause, name):
    one, other = trained(), trained(**change)
    for found, sides in ((one.compare(other), (0, 1)), (other.compare(one), (1, 0))):
        assert what in settings_of(found)
        assert not found.equal
        parting = found.first_weights
        assert (parting.step, parting.cause) == (step, cause)
        assert parting.step == first_different_state(one, other)
        if name is not None:
            assert parting.name == name
        states = [state_at(run.record, step) for run in (one, other)]
        for apart in parting.parameters:
            values = [states[side][apart.name] for side in sides]
            assert (apart.left, apart.right) == tuple(float(v[apart.index]) for v in values)
            gap = np.abs(values[0] - values[1])
            assert gap[apart.index] == gap.max()
            assert apart.count == (values[0] != values[1]).sum()


def test_the_first_loss_that_differs_is_the_first():
    one, other = trained(), trained(optimizer=cr.SGD(cr.StepDecay(0.1, every=37, factor=0.5)))
    found = one.compare(other)
    assert found.first_loss == int(np.flatnonzero(one.losses != other.losses)[0]) == 38


def test_layers_that_differ_in_one_setting_are_named():
    layers = [cr.Dense(4, "sigmoid", l2=0.1), cr.Dense(1, "sigmoid")]
    other = trained(cr.Network(layers, 3))
    assert settings_of(trained().compare(other))["layer 1.l2"] == ("default", 0.1)
    frozen = trained(cr.Network(cr.Network.from_spec(SPEC).layers, 3, frozen=["W1"]))
    found = trained().compare(frozen)
    assert settings_of(found)["frozen"] == ("none", "W1")
    assert [one.name for one in found.first_weights.parameters] == ["W1"]
    assert "in W1 (layer 1)." in found.text(200)


def test_engines_part_by_rounding_and_the_size_of_it_is_shown():
    found = trained().compare(trained(engine="native"))
    assert settings_of(found) == {"engine": ("interpreter", "native")}
    if found.first_weights is not None:
        gaps = [abs(one.left - one.right) for one in found.first_weights.parameters]
        assert max(gaps) < 1e-14


def test_a_longer_run_goes_on():
    one, other = trained(), trained(steps=75)
    found = one.compare(other)
    assert not found.equal
    assert found.first_weights is None
    assert "equal bit for bit up to step 60; second goes on" in str(found)
    assert "first goes on" in str(other.compare(one))


def test_other_networks_are_compared_by_their_losses():
    found = trained().compare(trained("3-5:sigmoid-1:sigmoid"))
    assert settings_of(found)["network"] == (SPEC, "3-5:sigmoid-1:sigmoid")
    assert found.first_weights is None
    assert found.first_loss == 0
    assert "weights cannot be set side by side" in found.text(200)


def test_seeds_that_make_no_difference_are_told():
    initial = dict(trained().at(0).parameters)
    found = trained(initial=initial).compare(trained(initial=initial, seed=5))
    assert found.equal
    assert "though their set-ups differ" in found.text(200)
    assert settings_of(found) == {"seed": (1, 5)}


def test_runs_without_rows_are_compared_at_the_end():
    one, other = trained(), trained(seed=2)
    empty = replace(one.record.setup, x=one.record.setup.x[:0], y=one.record.setup.y[:0])
    found = compare_records(replace(one.record, setup=empty), other.record)
    assert found.first_weights is None
    assert "cannot be replayed" in found.text(200)
    assert "At the end 4 parameters differ" in found.text(200)
    assert not found.equal


def test_only_runs_are_compared():
    with pytest.raises(SpecError, match="compare needs another run; got 3"):
        trained().compare(3)


def test_a_diverged_run_is_compared_up_to_there():
    with pytest.raises(cr.DivergenceError) as caught:
        trained("3-4-1", optimizer=cr.SGD(50.0), loss="squared_error", steps=500)
    found = trained("3-4-1", loss="squared_error").compare(caught.value.run)
    assert found.first_weights.step == 1
    assert "diverged" in str(found)


def test_the_curves_are_logarithmic_where_that_shows_more():
    falling = np.geomspace(1.0, 1e-6, 50)
    picture = loss_curves(("a", "b"), [falling, falling * 2], 3)
    assert "logarithmic" in picture.svg
    assert "they part at step 3<" in picture.svg
    assert ">0<" in picture.svg
    assert ">49<" in picture.svg
    assert "they part at step 3" in picture.text
    flat = loss_curves(("a", "b"), [np.linspace(2, 1, 50)] * 2, None)
    assert "logarithmic" not in flat.svg
    assert "&lt;a&gt;" in loss_curves(("<a>", "b"), [falling] * 2, None).svg
    assert loss_curves(("a", "b"), [np.zeros(0)] * 2, None) is None
    assert loss_curves(("a", "b"), [np.ones(5), np.zeros(5)], None) is not None


def test_every_view_and_the_schema():
    found = trained().compare(trained(seed=2), names=("mine", "yours"))
    for name in names():
        assert "mine" in getattr(found, name)()
    plain = json.loads(found.json())
    schema = json.loads(files("chainrule.explain").joinpath("schema.json").read_text("utf-8"))
    jsonschema.validate(plain, schema)
    assert plain["kind"] == "compare"
    assert plain["data"]["first_weights"]["step"] == 0
    assert plain["data"]["equal"] is False


def test_the_command(tmp_path, capsys):
    one, other = str(tmp_path / "slow"), str(tmp_path / "fast")
    trained().save(one)
    trained(optimizer=cr.SGD(0.5)).save(other)
    assert command(["compare", one, other]) == 0
    text = capsys.readouterr().out
    assert "part in the update of step 0" in text
    assert "slow" in text
    assert "fast" in text
    assert command(["compare", one, one, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["equal"] is True
    page = tmp_path / "page.md"
    assert command(["compare", one, other, "--out", str(page)]) == 0
    assert "learning" in page.read_text("utf-8")
    assert command(["compare", one, str(tmp_path / "none")]) == 1


def test_a_branch_is_set_beside_what_the_run_did_from_there_on():
    run = cr.train("3-4:tanh-1", X, Y, steps=20, batch_size=5, seed=2)
    assert run.compare(run.branch(7)).equal
    assert run.branch(7).compare(run).equal
    changed = run.compare(run.branch(7, optimizer=cr.SGD(0.5)))
    assert changed.first_weights.step == 1
    assert changed.first_weights.cause == "updates"
    assert "from step 7 on" in str(changed)
    by_hand = run.compare(run.branch(7, parameters={"W1[0,2]": 0.5}))
    assert by_hand.first_weights.step == 0
    (apart,) = by_hand.first_weights.parameters
    assert (apart.entry, apart.count) == ("W1[0,2]", 1)


def test_a_branch_of_another_run_is_counted_from_its_own_start():
    run = cr.train("3-4:tanh-1", X, Y, steps=20, batch_size=5, seed=2)
    other = cr.train("3-4:tanh-1", X, Y, steps=21, batch_size=5, seed=2)
    assert "from step 7 on" not in str(other.compare(run.branch(7)))
