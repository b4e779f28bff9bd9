"""Stopping: signals, callbacks, patience; what a stopped run is worth."""

import os
import signal
import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import chainrule as cr
from chainrule.errors import SpecError
from chainrule.executors.threads import one_thread
from chainrule.train import trainer

X = np.random.default_rng(0).normal(size=(20, 3))
Y = X @ [1.0, -1.0, 0.5]
SPEC = "3-4:tanh-1"


def train(**settings):
    return cr.train(SPEC, X, Y, **{"steps": 60, "batch_size": 5, "seed": 1, **settings})


def at_step(step, act):
    """Return a callback that acts once, after the epoch that ends at a step."""

    def callback(progress):
        if progress.step == step:
            return act()
        return None

    return callback


def signalled(number, times=1):
    def act():
        for _ in range(times):
            os.kill(os.getpid(), number)

    return act


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_after_a_completed_step(number):
    before = signal.getsignal(number)
    run = train(callbacks=[at_step(20, signalled(number))])
    assert signal.getsignal(number) is before
    assert (run.stopped, run.steps) == ("interrupted", 20)
    whole = train()
    np.testing.assert_array_equal(run.losses, whole.losses[:20])
    for name, value in run.parameters.items():
        np.testing.assert_array_equal(value, whole.at(20).parameters[name])
        np.testing.assert_array_equal(run.at(11).gradients[name], whole.at(11).gradients[name])
    assert run.predict(X).shape == (20, 1)
    assert "interrupted after 20 steps" in run.summary()


@pytest.mark.parametrize("engine", ["native", "interpreter"])
def test_a_signal_in_the_middle_of_a_step_lets_it_finish(engine):
    train(engine=engine)  # machine code is made before the signal comes
    timer = threading.Timer(0.2, signalled(signal.SIGINT))
    begun = at_step(4, timer.start)  # a signal that comes before training is not training's
    run = train(steps=10**8, snapshot_bytes=10_000, engine=engine, callbacks=[begun])
    timer.join()
    assert run.stopped == "interrupted"
    assert 0 < run.steps < 10**8
    again = train(steps=run.steps, engine=engine)
    np.testing.assert_array_equal(run.losses, again.losses)
    np.testing.assert_array_equal(run.parameters["W1"], again.parameters["W1"])


def test_a_second_ctrl_c_interrupts_at_once_and_leaves_things_sane():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(callbacks=[at_step(20, signalled(signal.SIGINT, times=2))])
    assert signal.getsignal(signal.SIGINT) is before
    assert train().stopped == "finished"


def test_a_signal_after_the_last_step_changes_nothing():
    run = train(callbacks=[at_step(60, signalled(signal.SIGINT))])
    assert (run.stopped, run.steps) == ("finished", 60)


def test_own_signal_handlers_come_back():
    def own(number, frame):
        raise AssertionError("not during training")

    before = signal.signal(signal.SIGINT, own)
    try:
        assert train(callbacks=[at_step(8, signalled(signal.SIGINT))]).stopped == "interrupted"
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, before)


def test_training_off_the_main_thread_leaves_signals_alone():
    found = {}

    def work():
        found["run"] = train(callbacks=[lambda p: found.setdefault("seen", signal.getsignal(2))])

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found["seen"] is before
    np.testing.assert_array_equal(found["run"].losses, train().losses)


def test_runs_on_several_threads_do_not_disturb_each_other():
    alone = train(steps=200)
    runs = [None] * 4

    def work(place):
        runs[place] = train(steps=200)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for run in runs:
        np.testing.assert_array_equal(run.losses, alone.losses)


def blas_threads():
    """Return the threads of NumPy's products; other libraries bring a BLAS of their own."""
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return {pool["num_threads"] for pool in pools if "numpy" in pool["filepath"]}


def test_overlapping_runs_keep_products_on_one_thread_until_the_last_ends():
    before = blas_threads()
    first, second = one_thread(), one_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert blas_threads() == {1}
    second.__exit__(None, None, None)
    assert blas_threads() == before


def test_a_callback_stops_with_true_alone():
    for answer, stopped in ((True, "callback"), (1, "finished"), ("yes", "finished")):
        run = train(callbacks=[at_step(8, lambda answer=answer: answer)])
        assert run.stopped == stopped
    run = train(callbacks=[at_step(8, lambda: True)])
    assert run.steps == 8
    np.testing.assert_array_equal(run.losses, train().losses[:8])


def test_an_exception_in_a_callback_comes_through_and_leaves_things_sane():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError):
        train(callbacks=[at_step(8, lambda: 1 / 0)])
    assert signal.getsignal(signal.SIGINT) is before
    np.testing.assert_array_equal(train().losses, train(callbacks=[lambda p: None]).losses)


def test_what_a_callback_sees():
    seen = []
    train(steps=10, callbacks=[seen.append], validation=(X, Y))
    assert [(p.step, p.epoch, p.end_of_epoch) for p in seen] == [(4, 1, True), (8, 2, True),
                                                                 (10, 3, True)]  # fmt: skip
    run = train(steps=10)
    assert seen[0].loss == pytest.approx(run.losses[:4].mean())
    assert seen[2].loss == pytest.approx(run.losses[8:].mean())
    assert {(p.steps, p.epochs, p.score_name) for p in seen} == {(10, 3, "R2")}
    assert seen[1].validation_loss < seen[0].validation_loss
    assert all(p.rows_per_second > 0 and p.seconds_left >= 0 for p in seen)
    assert set(seen[0].parameters) == {"W1", "b1", "W2", "b2"}


def test_long_epochs_are_reported_within_if_asked(monkeypatch):
    monkeypatch.setattr(trainer, "CALL_SECONDS", 0.0)
    seen = []

    def often(progress):
        seen.append((progress.step, progress.end_of_epoch))

    often.within_epochs = True
    seldom = []
    train(steps=8, callbacks=[often, lambda p: seldom.append(p.step)])
    assert seen == [(k, k in (4, 8)) for k in range(1, 9)]
    assert seldom == [4, 8]


def test_patience_gives_back_the_weights_of_the_lowest_loss():
    rng = np.random.default_rng(1)
    run = cr.train(
        "3-30:tanh-1", X, rng.normal(size=20), optimizer=cr.Adam(0.05), epochs=400, batch_size=5,
        validation=(X[::-1], rng.normal(size=20)), patience=5,
    )  # fmt: skip
    losses = run.history["validation_loss"]
    measured = np.flatnonzero(~np.isnan(losses))
    assert run.stopped == "early stopping"
    assert measured.tolist() == list(range(3, run.steps, 4))
    best = measured[np.argmin(losses[measured])]
    assert run.best_step == best + 1
    assert run.steps - run.best_step == 5 * 4
    np.testing.assert_array_equal(run.parameters["W1"], run.at(run.best_step).parameters["W1"])
    assert f"step {run.best_step}, the best on validation" in run.summary()


def test_patience_that_does_not_run_out_gives_the_best_back_too():
    run = train(validation=(X, Y + 100 * np.arange(20)), patience=10**6, optimizer=cr.SGD(0.0))
    assert (run.stopped, run.best_step) == ("finished", 4)
    rising = train(validation=(X, -Y), patience=10**6)
    measured = np.where(np.isnan(h := rising.history["validation_loss"]), np.inf, h)
    assert rising.best_step == np.argmin(measured) + 1


def test_an_interrupted_run_with_patience_gives_the_best_so_far():
    run = train(
        validation=(X, -Y), patience=1000, callbacks=[at_step(40, signalled(signal.SIGINT))]
    )
    measured = np.where(np.isnan(h := run.history["validation_loss"]), np.inf, h)
    assert (run.stopped, run.best_step) == ("interrupted", np.argmin(measured) + 1)


def test_validation_that_is_no_number_counts_as_infinite_and_training_goes_on():
    run = cr.train(
        "1-1:exp", [[0.0], [1.0]], [1.0, 2.0], steps=4, validation=([[1e5]], [1.0]), patience=2,
        loss="squared_error", initial={"W1": [[1.0]]}, optimizer=cr.SGD(0.0),
    )  # fmt: skip
    assert run.stopped == "early stopping"
    assert run.history["validation_loss"][0] == np.inf
    refused = cr.train(
        "1-2:softmax", [[0.0], [1.0]], [0, 1], steps=3, validation=([[1e308]], [1]),
        initial={"W1": [[-1e10, -1e10]]}, optimizer=cr.SGD(0.0),
    )  # fmt: skip
    assert refused.history["validation_loss"].tolist() == [np.inf] * 3
    assert np.isnan(refused.history["validation_score"]).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"patience": 3}, "patience=3 needs validation"),
        ({"patience": 0, "validation": (X, Y)}, "patience is 0; .* at least 1"),
        ({"patience": 2.5, "validation": (X, Y)}, "patience is 2.5"),
        ({"callbacks": print}, "it is a list of functions of a Progress"),
        ({"callbacks": [3]}, "3 is no logger"),
        ({"validation": X}, r"validation is a pair \(X, y\)"),
        ({"validation": (X,)}, r"validation is a pair \(X, y\)"),
    ],
)
def test_settings_of_stopping_are_checked(settings, words):
    with pytest.raises(SpecError, match=words):
        train(**settings)
