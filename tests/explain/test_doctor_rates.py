"""The doctor on penalties that are too strong, and on runs that a higher rate would beat."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.findings.over_regularisation import pulls_of

RNG = np.random.default_rng(5)
ANGLES = RNG.uniform(0, np.pi, 300)
CLASS = np.arange(300) % 2
X = np.where(
    CLASS[:, None] == 0,
    np.stack([np.cos(ANGLES), np.sin(ANGLES)], 1),
    np.stack([1 - np.cos(ANGLES), 0.5 - np.sin(ANGLES)], 1),
) + 0.1 * RNG.normal(size=(300, 2))


def train(l2=0.0, l1=0.0, activation="tanh", steps=500, **settings):
    layers = [cr.Dense(24, activation, l2=l2, l1=l1), cr.Dense(2, "softmax", l2=l2, l1=l1)]
    plain = {"optimizer": cr.Adam(0.01), "batch_size": 32, "seed": 1}
    return cr.train(cr.Network(layers, 2), X, CLASS, steps=steps, **{**plain, **settings})


def names(run):
    return [one.name for one in run.doctor().findings if one.is_alarm]


@pytest.mark.parametrize("penalty", [{"l2": 0.5}, {"l2": 0.2, "l1": 0.03}])
def test_too_strong_a_penalty_is_the_first_thing_named(penalty):
    found = train(**penalty, activation="relu").doctor()
    assert found.findings[0].name == "over-regularisation"
    assert set(found.findings[0].remedies[0].changes) == set(penalty)


@pytest.mark.parametrize("penalty", [{"l2": 1e-3}, {"l1": 1e-4}])
def test_a_usual_penalty_is_left_alone(penalty):
    assert "over-regularisation" not in names(train(**penalty))


def test_a_slow_training_with_a_small_penalty_is_not_blamed_on_it():
    run = train(l2=1e-4, optimizer=cr.SGD(1e-4), steps=200)
    assert "over-regularisation" not in names(run)
    assert "learning rate too low" in names(run)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_two_gradients_are_those_of_the_run(reduction):
    scale = 1 if reduction == "mean" else 300
    run = train(l2=0.3 * scale, steps=5, batch_size=None, reduction=reduction,
                optimizer=cr.SGD(0.01 / scale))  # fmt: skip
    case = Case(run.record)
    gradients, weights = run.at(5).gradients, run.at(5).parameters
    for one in pulls_of(case, case.end):
        penalty = 0.3 * scale * weights[one.name]
        data = gradients[one.name] - penalty
        assert one.penalty == pytest.approx(np.sqrt(np.mean(penalty**2)), rel=1e-9)
        assert one.data == pytest.approx(np.sqrt(np.mean(data**2)), rel=1e-9)
        cosine = np.sum(data * penalty) / np.linalg.norm(data) / np.linalg.norm(penalty)
        assert one.cosine == pytest.approx(cosine, rel=1e-9)


def test_trying_it_shows_the_score_without_the_penalty():
    found = train(l2=0.5, steps=300).doctor(try_it=True)
    assert found.futures.remedy.changes == {"l2": 0.0}
    page = " ".join(str(found).split())
    assert "On training rows, accuracy is" in page
    own, tried = (train(l2=l2, steps=300).evaluate(X, CLASS)["accuracy"] for l2 in (0.5, 0.0))
    assert f"accuracy is {own:.6f} as it was and {tried:.6f} on the branch." in page


def test_losses_with_a_penalty_are_said_to_be_so():
    words = "A loss is without the penalty unless it is said to be with it."
    assert words in str(train(l2=0.5, steps=60).doctor())
    plain = str(train(steps=60).doctor())
    assert words not in plain
    assert "with penalty" not in plain


def test_a_run_that_a_higher_rate_would_beat_is_not_called_simply_healthy():
    run = train(optimizer=cr.SGD(0.1), batch_size=None, steps=2500)
    found = run.doctor(try_it=True)
    note = next(one for one in found.findings if one.name == "a higher rate")
    assert found.healthy
    assert not note.is_alarm
    assert str(found).startswith("Healthy: nothing was found to be wrong. A higher rate may")
    own, tried = found.futures.losses
    assert tried[-1] < own[-1]


def test_a_run_at_the_best_rate_has_no_such_note():
    run = train(optimizer=cr.Adam(0.05), steps=1000)
    assert all(one.name != "a higher rate" for one in run.doctor().findings)
