"""Branches: without a change every bit is that of the run; with one, only what was asked for."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ChainruleError, DataError, DivergenceError, ShapeError, SpecError
from chainrule.train.branch import CHANGES, plan_branch

RNG = np.random.default_rng(3)
X = RNG.normal(size=(23, 4))
CLASSES = RNG.integers(0, 3, 23)
SPEC = "4-6:gelu-3:softmax"
ENGINES = ["interpreter", "native"]
OPTIMIZERS = [
    cr.Momentum(0.1),
    cr.Adam(cr.WarmUp(cr.Cosine(0.05, steps=30), steps=5)),
    cr.AdamW(0.01, clip_norm=0.5),
]


def train(**settings):
    given = {"steps": 40, "seed": 5, "optimizer": cr.Adam(0.01), "batch_size": 5, **settings}
    return cr.train(SPEC, X, CLASSES, **given)


def same(left, right):
    assert set(left) == set(right)
    for name in left:
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)


def repeats(run, branch, k):
    """Assert that a branch at k without a change is the run from k on, bit for bit."""
    assert branch.steps == run.steps - k
    np.testing.assert_array_equal(branch.losses, run.losses[k:])
    np.testing.assert_array_equal(branch.history["epoch"], run.history["epoch"][k:])
    same(branch.parameters, run.parameters)
    for j in range(0, branch.steps + 1, 3):
        mine, its = branch.at(j), run.at(k + j)
        for role in ("parameters", "slots", "values", "gradients", "updates"):
            same(getattr(mine, role), getattr(its, role))
        np.testing.assert_array_equal(mine.rows, its.rows)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: o.kind)
@pytest.mark.parametrize("batch_size", [None, 5])
def test_without_a_change_it_repeats_the_run(engine, optimizer, batch_size):
    run = train(engine=engine, optimizer=optimizer, batch_size=batch_size)
    for k in (0, 1, 7, 39, 40):
        repeats(run, run.branch(k), k)


@pytest.mark.parametrize("engine", ENGINES)
def test_across_save_and_load_and_branches_of_branches(engine, tmp_path):
    run = train(engine=engine)
    loaded = cr.load(run.save(tmp_path / "run"))
    branch = loaded.branch(np.int64(13))
    repeats(run, branch, 13)
    again = cr.load(branch.save(tmp_path / "branch"))
    assert again.record.origin == branch.record.origin
    assert again.summary() == branch.summary()
    repeats(run, again, 13)
    repeats(run, again.branch(6), 19)


@pytest.mark.parametrize("engine", ENGINES)
def test_validation_and_the_best_state_go_on(engine):
    held = (X[:7], (CLASSES[:7] + 1) % 3)
    run = train(engine=engine, validation=held, patience=2, steps=400)
    assert run.stopped == "early stopping"
    branch = run.branch(7)
    first = run.history["validation_loss"][7:]
    np.testing.assert_array_equal(branch.history["validation_loss"], first)
    assert branch.best_step == np.nanargmin(first) + 1
    same(branch.parameters, run.at(7 + branch.best_step).parameters)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_new_optimizer_starts_its_memory_and_its_clock(engine):
    """The witness is a training of its own from the same weights, all rows in every step."""
    run = train(engine=engine, batch_size=None)
    branch = run.branch(11, optimizer=cr.RMSProp(cr.Exponential(0.01, decay=0.9)))
    witness = train(engine=engine, batch_size=None, initial=run.at(11).parameters, steps=29,
                    optimizer=cr.RMSProp(cr.Exponential(0.01, decay=0.9)))  # fmt: skip
    np.testing.assert_array_equal(branch.losses, witness.losses)
    assert "memory and clock start at zero" in branch.summary()


def test_a_related_optimizer_keeps_memory_and_clock():
    run = train(batch_size=None, optimizer=cr.Adam(0.01))
    branch = run.branch(11, optimizer=cr.AdamW(0.01, weight_decay=0.1))
    same(branch.at(0).slots, run.at(11).slots)
    assert branch.record.setup.clock == 11
    assert "memory" not in branch.summary()
    velocity = train(optimizer=cr.Momentum(0.1)).branch(9, optimizer=cr.RMSProp(0.01))
    assert not velocity.at(0).slots["W1.v"].any()


def test_a_schedule_goes_on():
    run = train(optimizer=cr.SGD(0.1))
    branch = run.branch(10, optimizer=cr.SGD(cr.StepDecay(0.2, every=10, factor=0.5)))
    assert float(branch.at(0).recording["learning_rate"]) == 0.1
    assert float(branch.at(10).recording["learning_rate"]) == 0.05


def test_a_weight_by_hand():
    run = train()
    whole = np.arange(6.0)
    branch = run.branch(9, parameters={"W1[0,2]": 0.5, "W1[:,3]": 0, "b1": whole}, steps=2)
    before, now = run.at(9).parameters, branch.at(0).parameters
    expected = before["W1"].copy()
    expected[0, 2], expected[:, 3] = 0.5, 0.0
    np.testing.assert_array_equal(now["W1"], expected)
    np.testing.assert_array_equal(now["b1"], whole)
    same({k: now[k] for k in ("W2", "b2")}, {k: before[k] for k in ("W2", "b2")})
    same(run.at(9).parameters, before)


def test_rows_and_their_order():
    run = train()
    branch = run.branch(5, rows={3: (np.ones(4), 2), 4: (None, 1)}, batch_size=None, steps=1)
    moment = branch.at(0)
    expected, classes = X.copy(), CLASSES.copy()
    expected[3], classes[3], classes[4] = 1.0, 2, 1
    np.testing.assert_array_equal(moment.values["x"], expected)
    np.testing.assert_array_equal(moment.values["y"], classes)
    other = run.branch(5, X=X[:9], y=CLASSES[:9], batch_size=4, shuffle=False, steps=4)
    assert [other.at(j).rows.tolist() for j in range(3)] == [[8], [0, 1, 2, 3], [4, 5, 6, 7]]


def test_network_loss_dtype_and_penalty():
    run = train()
    branch = run.branch(5, activation="tanh", l2=0.1, dtype="float32", reduction="sum", steps=3)
    assert branch.network.outline == "4-6:tanh-3:softmax"
    assert branch.parameters["W1"].dtype == np.float32
    text = branch.summary()
    for words in ("branch", "from step 5", "network: 4-6:tanh", "l2 of W1: 0.1", "reduction: sum"):
        assert words in text
    frozen = cr.Network(run.network.layers, 4, frozen=("W1",))
    kept = run.branch(5, network=frozen, steps=3)
    np.testing.assert_array_equal(kept.parameters["W1"], run.at(5).parameters["W1"])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_diverged_run_is_branched_to_where_it_was_meant_to_end(engine):
    with pytest.raises(DivergenceError) as caught:
        train(engine=engine, optimizer=cr.SGD(1e9), steps=50)
    run = caught.value.run
    calm = run.branch(0, learning_rate=0.1)
    assert calm.steps == 50
    assert calm.stopped == "finished"
    with pytest.raises(DivergenceError) as again:
        run.branch(0)
    assert isinstance(again.value.run, cr.Run)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"optimiser": cr.SGD(0.1)}, SpecError, "did you mean optimizer"),
        ({"network": "4-5-3:softmax"}, ShapeError, "every shape stays"),
        ({"parameters": {"W9": 1.0}}, SpecError, "the network has W1, b1, W2, b2"),
        ({"parameters": {"W1[9,9]": 1.0}}, SpecError, "the last is W1[3,5]"),
        ({"parameters": {"W1[a]": 1.0}}, SpecError, "a place is numbers"),
        ({"parameters": {"W1": [1.0, 2.0]}}, ShapeError, "there it is (4, 6)"),
        ({"parameters": {"W1": float("nan")}}, DataError, "finite"),
        ({"rows": {99: (None, 1)}}, SpecError, "numbered 0 to 22"),
        ({"rows": {1: (None, 1.5)}}, DataError, "whole number"),
        ({"rows": {1: (None, 7)}}, DataError, "Classes are numbered 0 to 2"),
        ({"X": X[:4]}, SpecError, "Give both"),
        ({"steps": 3, "epochs": 1}, SpecError, "give one of them"),
        ({"learning_rate": -1}, SpecError, "learning_rate"),
        ({"patience": 3}, SpecError, "validation"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, error, words):
    run = train(steps=4)
    with pytest.raises(error) as caught:
        run.branch(2, **changes)
    assert words in str(caught.value)


def test_every_change_is_documented():
    for name in CHANGES:
        assert f"``{name}``" in plan_branch.__doc__


@pytest.mark.parametrize("step", [-1, 5, 1.5, True, "1"])
def test_there_is_no_such_step(step):
    with pytest.raises(ChainruleError, match="steps 0 to 4"):
        train(steps=4).branch(step)
