"""Loggers: what a training sends, to whom, and what happens when nobody takes it."""

import json
import logging
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import MissingExtraError, SpecError
from chainrule.train.loggers import MOST_EPOCHS, JsonLines, Logger, logging_to, opened, targets

X = np.linspace(-1, 1, 20).reshape(10, 2)
Y = X[:, :1] ** 2


def train(callbacks, epochs=3, batch_size=5, **more):
    return cr.train("2-3:tanh-1", X, Y, epochs=epochs, batch_size=batch_size, seed=1,
                    callbacks=callbacks, engine="interpreter", **more)  # fmt: skip


class Board:
    def __init__(self):
        self.told, self.flushed = [], 0

    def add_scalar(self, tag, scalar_value, global_step=None):
        self.told.append((tag, scalar_value, global_step))

    def flush(self):
        self.flushed += 1


class Logs:
    def __init__(self):
        self.told = []

    def log(self, data, step=None):
        self.told.append((dict(data), step))


class Metrics:
    def __init__(self):
        self.told = []

    def log_metrics(self, metrics, step=None, synchronous=True):
        self.told.append((dict(metrics), step))

    log = None


def test_a_board_gets_a_scalar_a_figure():
    board = Board()
    run = train([board], validation=(X, Y))
    assert {tag for tag, _, _ in board.told} == {
        "epoch", "loss", "validation_loss", "validation_R2", "rows_per_second"
    }  # fmt: skip
    losses = [(value, step) for tag, value, step in board.told if tag == "loss"]
    epochs = (run.losses[0:2], run.losses[2:4], run.losses[4:6])
    assert losses == [(epoch.mean(), 2 * k + 2) for k, epoch in enumerate(epochs)]
    judged = [value for tag, value, _ in board.told if tag == "validation_loss"]
    assert judged == run.history["validation_loss"][1::2].tolist()
    assert board.flushed == 3


@pytest.mark.parametrize("kind", [Logs, Metrics])
def test_dicts_with_their_step(kind):
    writer = kind()
    train([writer])
    assert [step for _, step in writer.told] == [2, 4, 6]
    assert [figures["epoch"] for figures, _ in writer.told] == [1, 2, 3]
    assert all(type(v) in (int, float) for figures, _ in writer.told for v in figures.values())


def test_a_module_is_a_writer_too():
    told, module = Metrics(), types.ModuleType("mlflow")
    module.log_metrics = told.log_metrics
    train([module])
    assert len(told.told) == 3


@pytest.mark.parametrize(
    ("engine", "every"), [*(("interpreter", k) for k in (1, 2, 3, 5, 100)), ("native", 3)]
)
def test_every_so_many_steps_in_order(engine, every):
    writer = Logs()
    run = cr.train("2-3:tanh-1", X, Y, epochs=4, batch_size=3, seed=1, engine=engine,
                   callbacks=[cr.loggers.to(writer, every=every)])  # fmt: skip
    steps = [
        (step, figures["step_loss"]) for figures, step in writer.told if "step_loss" in figures
    ]
    assert steps == [(k, run.losses[k]) for k in range(0, run.steps, every)]
    order = [step for _, step in writer.told]
    assert order == sorted(order)


def test_a_logger_may_serve_two_trainings():
    writer = Logs()
    logger = cr.loggers.to(writer, every=1)
    train([logger])
    train([logger])
    assert writer.told[: len(writer.told) // 2][0][0] == writer.told[len(writer.told) // 2][0]


def test_a_branch_and_a_table_log_as_well():
    board = Board()
    train([]).branch(2, callbacks=[board])
    assert board.told
    writer = Logs()
    table = {"a": [0.0, 1.0, 2.0, 3.0] * 3, "b": [0.5, 2.5, 4.5, 6.5] * 3}
    cr.train_table(table, "b", hidden=(), epochs=2, callbacks=[writer])
    assert writer.told


class Broken:
    def __init__(self, error):
        self.error, self.calls = error, 0

    def log(self, data, step=None):
        self.calls += 1
        raise self.error


@pytest.mark.parametrize("error", [OSError(28, "No space"), ValueError(), RuntimeError("a\nb")])
def test_one_that_fails_is_told_once_and_left_alone(error):
    broken, sound = Broken(error), Logs()
    with pytest.warns(UserWarning, match="logger Broken failed at step 2") as caught:
        run = train([broken, sound])
    assert len(caught) == 1
    assert "\n" not in str(caught[0].message)
    assert "run.history" in str(caught[0].message)
    assert broken.calls == 1
    assert run.stopped == "finished"
    assert len(sound.told) == 3
    assert (run.losses == train([]).losses).all()


def test_ctrl_c_in_a_logger_is_no_failure_of_its_own():
    with pytest.raises(KeyboardInterrupt):
        train([Broken(KeyboardInterrupt())])


def test_what_it_says_does_not_stop_a_training():
    class Yes:
        def log(self, data, step=None):
            return True

    assert train([Yes()]).stopped == "finished"


@pytest.mark.parametrize("thing", [logging.getLogger(), 3, "history.txt", object(), None])
def test_what_is_no_logger(thing):
    with pytest.raises(SpecError, match="no logger"):
        train([thing])


@pytest.mark.parametrize("every", [0, -1, True, 1.5, "2"])
def test_every_is_a_number_of_steps(every, tmp_path):
    for make in (lambda: cr.loggers.to(Logs(), every=every),
                 lambda: JsonLines(tmp_path / "a.jsonl", every=every),
                 lambda: Logger(print, "print", every)):  # fmt: skip
        with pytest.raises(SpecError, match="number of steps"):
            make()
    assert not (tmp_path / "a.jsonl").exists()


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_json_lines_grow_while_the_training_runs(tmp_path):
    path, seen = tmp_path / "live.jsonl", []
    logger = JsonLines(path)
    run = train([logger, lambda now: seen.append(len(lines(path)))], validation=(X, Y))
    assert seen == [1, 2, 3]
    found = lines(path)
    assert [line["step"] for line in found] == [2, 4, 6]
    assert [line["validation_loss"] for line in found] == (
        run.history["validation_loss"][1::2].tolist()
    )
    logger.close()
    logger.close()


def test_equal_trainings_write_equal_lines(tmp_path):
    for name in ("a", "b"):
        train([str(tmp_path / f"{name}.jsonl")])
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_a_file_that_is_there_is_not_mixed_up(tmp_path):
    path = tmp_path / "live.jsonl"
    train([path])
    with pytest.raises(SpecError, match="append=True"):
        train([path])
    train([JsonLines(path, append=True)])
    assert len(lines(path)) == 6
    with pytest.raises(SpecError, match="cannot be written: no such file"):
        JsonLines(tmp_path / "none" / "live.jsonl")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_ends_the_lines_not_the_training(tmp_path):
    path = tmp_path / "full.jsonl"
    path.symlink_to("/dev/full")
    with pytest.warns(UserWarning, match="No space left on device"):
        run = train([path])
    assert run.stopped == "finished"


def test_numbers_that_json_cannot_say_are_left_out(tmp_path):
    logger = JsonLines(tmp_path / "a.jsonl")
    logger(
        types.SimpleNamespace(
            began=0,
            step=1,
            epoch=1,
            loss=1.0,
            validation_loss=np.inf,
            validation_score=np.nan,
            score_name="R2",
            rows_per_second=1.0,
            end_of_epoch=True,
            losses=np.ones(1),
        )
    )
    assert lines(tmp_path / "a.jsonl") == [{"step": 1, "epoch": 1, "loss": 1.0}]


def test_a_long_training_of_short_epochs_stays_fast():
    """The trainer looks up at most a thousand times, not once an epoch."""
    writer = Logs()
    run = cr.train("2-3:tanh-1", X, Y, steps=30_123, engine="native", callbacks=[writer])
    assert len(writer.told) <= MOST_EPOCHS
    assert writer.told[-1][1] == run.steps
    assert writer.told[0][1] == 31


def test_places_that_are_named(tmp_path, monkeypatch):
    assert sorted(targets) == ["mlflow", "tensorboard", "trackio", "wandb"]
    for place in ("board:x", "tensorboard", "tensorboard:", "x.json"):
        with pytest.raises(SpecError, match="no place for figures"):
            opened(place)
    for kind in targets:
        package = {"tensorboard": "tensorboardX"}.get(kind, kind)
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(MissingExtraError, match="pip install"):
            opened(f"{kind}:x")


def test_what_was_opened_is_closed(monkeypatch, tmp_path):
    board, closed = Board(), []
    board.close = lambda: closed.append(1)
    fake = types.ModuleType("tensorboardX")
    fake.SummaryWriter = lambda where: board
    monkeypatch.setitem(sys.modules, "tensorboardX", fake)
    with logging_to([f"tensorboard:{tmp_path}", str(tmp_path / "a.jsonl")], 2) as loggers:
        train(loggers)
    assert closed == [1]
    assert len(lines(tmp_path / "a.jsonl")) == 6
    board.close = lambda: 1 / 0
    with pytest.warns(UserWarning, match="when it was closed"), logging_to(["tensorboard:x"]):
        pass
