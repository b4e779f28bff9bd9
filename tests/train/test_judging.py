"""A judge at the ends of epochs; plans shared by trainings of one form; copies of records."""

import copy
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import run_training
from chainrule.train.door import make_setup, make_validation, with_engine
from chainrule.train.reuse import MOST, reused

X = np.random.default_rng(0).standard_normal((10, 2))
Y = X @ [1.0, -2.0]


def setup(network="2-3:tanh-1", rows=X, engine="interpreter", **changes):
    given = {
        "loss": None, "reduction": "mean", "optimizer": cr.SGD(0.1), "sample_weight": None,
        "batch_size": 4, "seed": 1, "shuffle": True, "dtype": None, **changes,
    }  # fmt: skip
    return with_engine(make_setup(network, rows, Y, **given), engine, 30)


@dataclass
class Judging:
    """Likes the state after some steps best, and stops after others."""

    best_step: int
    stop_at: int
    gives_best_back: bool = True
    over: bool = False
    seen: list = field(default_factory=list)

    def see(self, epoch):
        self.seen.append(epoch)
        self.over = epoch.step >= self.stop_at
        return epoch.step == self.best_step


@pytest.mark.parametrize("engine", ["interpreter", "native"])
@pytest.mark.parametrize("validation", [None, (X, Y)])
def test_a_judge_chooses_and_stops(engine, validation):
    if engine == "native":
        pytest.importorskip("llvmlite")
    one = setup(engine=engine)
    judge = Judging(best_step=6, stop_at=12)
    rows = make_validation(one, validation)
    record = run_training(one, 30, one.initial_state({}), validation=rows, judge=judge)
    assert [epoch.step for epoch in judge.seen] == [3, 6, 9, 12]
    assert (record.stopped, record.steps, record.best_step) == ("early stopping", 12, 6)
    whole = run_training(one, 6, one.initial_state({}))
    assert np.array_equal(record.best["W1"], whole.final["W1"])
    assert np.array_equal(record.final["W1"], judge.seen[-1].state()["W1"])
    losses = np.concatenate([epoch.losses for epoch in judge.seen])
    assert np.array_equal(losses, record.history["loss"])
    assert all((e.validation_out is None) == (rows is None) for e in judge.seen)


def test_a_judge_that_gives_the_last_state():
    judge = Judging(best_step=3, stop_at=99, gives_best_back=False)
    record = run_training(setup(), 9, setup().initial_state({}), judge=judge)
    assert (record.best is record.final, record.best_step) == (True, 9)


def test_equal_forms_share_a_plan_and_others_do_not():
    one = setup()
    assert setup(rows=X * 2).plan(4, "train") is one.plan(4, "train")
    others = [
        setup(network=cr.Network([cr.Dense(3, "tanh", l2=0.1), cr.Dense(1)], 2)),
        setup(loss={"name": "huber", "threshold": 2.0}), setup(loss="huber"),
        setup(optimizer=cr.SGD(0.2)), setup(sample_weight=np.ones(10)), setup(reduction="sum"),
        setup(dtype="float32"), setup(optimizer=cr.SGD(0.1, clip_norm=1.0)),
    ]  # fmt: skip
    plans = [one.plan(4, "train"), one.plan(4), one.plan(2, "train")]
    plans += [other.plan(4, "train") for other in others]
    assert len({id(plan) for plan in plans}) == len(plans)


def test_what_cannot_be_hashed_is_made_anew():
    assert reused(("a", []), lambda: [1]) is not reused(("a", []), lambda: [1])


def test_only_so_many_are_kept():
    first = reused("test, first", lambda: [1])
    for k in range(MOST):
        reused(("test, others", k), lambda: [2])
    assert reused("test, first", lambda: [1]) is not first


@pytest.mark.parametrize("engine", ["interpreter", "native"])
def test_a_copy_of_a_run_replays_the_same_bits(engine):
    if engine == "native":
        pytest.importorskip("llvmlite")
    run = cr.train("2-3:tanh-1", X, Y, steps=40, batch_size=4, engine=engine)
    again = copy.deepcopy(run)
    assert not again.record.setup.compiled
    for step in (0, 17, 40):
        assert np.array_equal(again.at(step).gradients["W1"], run.at(step).gradients["W1"])


def test_a_full_batch_and_a_gathered_one_do_not_share_code():
    """They read rows in different ways, though their plans are equal."""
    pytest.importorskip("llvmlite")
    full = setup(rows=X[:10], batch_size=10, engine="native")
    few = replace(
        full, x=np.vstack([X, X]), y=np.vstack([full.y, full.y]), programs={}, compiled={}
    )
    losses = [run_training(s, 8, s.initial_state({})).history["loss"] for s in (full, few)]
    slow = [
        run_training(replace(s, engine="interpreter"), 8, s.initial_state({})).history["loss"]
        for s in (full, few)
    ]
    for native, numpy in zip(losses, slow, strict=True):
        assert np.allclose(native, numpy, rtol=1e-12)
