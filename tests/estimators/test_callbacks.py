"""Callbacks: scikit-learn's, told of the fit and of each epoch; ours; lines on the screen."""

import numpy as np
import pandas as pd
import pytest
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import make_moons
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chainrule.estimators import NetworkClassifier, NetworkRegressor

X, Y = make_moons(60, noise=0.2, random_state=0)
QUICK = {"hidden_layer_sizes": (4,), "max_iter": 5, "n_iter_no_change": np.inf, "random_state": 0}


class Recorder:
    """Writes down what it is told; may want to stop, or fail."""

    def __init__(self, stop_at=None, fail_at=None):
        self.told, self.stop_at, self.fail_at = [], stop_at, fail_at

    def setup(self, estimator, context):
        self.told.append(("setup",))

    def teardown(self, estimator, context):
        self.told.append(("teardown",))

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.told.append(("begin", context.task_name, context.task_id, context.max_subtasks))
        self.data = X, y, metadata

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        score = None if fitted_estimator is None else fitted_estimator.score(X, y)
        self.told.append(("end", context.task_name, context.task_id, score))
        if (context.task_name, context.task_id) == ("epoch", self.fail_at):
            raise RuntimeError("a callback that fails")
        return (context.task_name, context.task_id) == ("epoch", self.stop_at)


def test_the_hooks_in_their_order():
    seen = Recorder()
    model = NetworkClassifier(**QUICK).set_callbacks(seen).fit(X, Y)
    names = [(*event[:2], event[2]) if len(event) > 1 else event for event in seen.told]
    epochs = [(what, "epoch", k) for k in range(5) for what in ("begin", "end")]
    assert names == [
        ("setup",), ("begin", "fit", 0), *epochs, ("end", "fit", 0), ("teardown",),
    ]  # fmt: skip
    assert seen.told[1][3] == 5
    assert seen.told[-2][3] == seen.told[-3][3] == model.score(X, Y)
    assert seen.data[2] is None


def test_an_epoch_is_shown_as_if_the_fit_had_ended_there():
    seen = Recorder()
    NetworkClassifier(**QUICK).set_callbacks(seen).fit(X, Y)
    scores = [event[3] for event in seen.told if event[:2] == ("end", "epoch")]
    for k, score in enumerate(scores, 1):
        assert NetworkClassifier(**{**QUICK, "max_iter": k}).fit(X, Y).score(X, Y) == score


def test_a_callback_stops_the_training():
    seen = Recorder(stop_at=2)
    model = NetworkRegressor(**QUICK).set_callbacks(seen).fit(X, X[:, 0])
    assert (model.n_iter_, model.run_.stopped) == (3, "early stopping")
    assert seen.told[-2:][0][:2] == ("end", "fit")


def test_a_callback_that_fails_is_heard_and_cleared_away():
    seen = Recorder(fail_at=1)
    model = NetworkClassifier(**QUICK).set_callbacks(seen)
    with pytest.raises(RuntimeError, match="a callback that fails"):
        model.fit(X, Y)
    assert seen.told[-1] == ("teardown",)
    assert not hasattr(model, "coefs_")


def test_rows_and_weights_as_the_training_has_them():
    table, weights = pd.DataFrame(X, columns=["a", "b"]), np.arange(1.0, 61.0)
    seen = Recorder()
    model = NetworkClassifier(**QUICK, early_stopping=True).set_callbacks(seen)
    model.fit(table, Y, sample_weight=weights)
    shown, y, metadata = seen.data
    assert list(shown.columns) == ["a", "b"]
    assert np.array_equal(shown.to_numpy(), model.run_.record.setup.x)
    assert np.array_equal(weights[shown.index], metadata["sample_weight"])
    assert np.array_equal(Y[shown.index], y)


def test_scoring_monitor():
    pytest.importorskip("rich")
    monitor = ScoringMonitor(scoring="accuracy")
    model = NetworkClassifier(**QUICK).set_callbacks(monitor).fit(X, Y)
    logged = [row["accuracy"] for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(logged) == 5
    assert logged[-1] == model.score(X, Y)


def test_progress_bar_of_a_search(capsys):
    pytest.importorskip("rich")
    search = GridSearchCV(
        make_pipeline(StandardScaler(), NetworkClassifier(**QUICK)),
        {"networkclassifier__alpha": [0.0, 0.1]},
        cv=2,
    )
    search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X, Y)
    assert "NetworkClassifier" in capsys.readouterr().out


def test_callbacks_of_a_partial_fit():
    seen = Recorder()
    NetworkClassifier(**QUICK).set_callbacks(seen).partial_fit(X, Y)
    assert [event[0] for event in seen.told] == [
        "setup", "begin", "begin", "end", "end", "teardown",
    ]  # fmt: skip


def test_our_own_callbacks():
    seen = []

    def watch(progress):
        seen.append((progress.epoch, progress.validation_loss))
        return progress.epoch == 3

    model = NetworkRegressor(**QUICK, callbacks=[watch])
    model.fit(X, X[:, 0], X_val=X, y_val=X[:, 0])
    assert [epoch for epoch, _ in seen] == [1, 2, 3]
    assert [loss for _, loss in seen] == model.validation_loss_curve_
    assert model.run_.stopped == "callback"


def test_lines_on_the_screen(capsys):
    model = NetworkClassifier(**QUICK, verbose=True, early_stopping=True).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[4] == (
        f"Iteration 5, loss = {model.loss_:.8f}, "
        f"validation loss = {model.validation_loss_curve_[-1]:.8f}, "
        f"validation score = {model.validation_scores_[-1]:.6f}"
    )
