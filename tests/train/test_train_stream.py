"""Training on rows from disk: the same bits whatever the windows' timing, and exact replay."""

from __future__ import annotations

import importlib
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import chainrule as cr
from chainrule.data import read_table
from chainrule.data.predictions import write_predictions
from chainrule.data.stream import dealing, rows
from chainrule.data.stream.store import Store
from chainrule.errors import DataError, FileRefused
from chainrule.nn import find_loss
from chainrule.run.streaming import predict_files
from chainrule.train.judging import ScoreSums, verdict
from chainrule.train.metrics import score

ROWS = importlib.import_module("chainrule.train.rows")
FORMS = ("real", "binary", "class")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few hundred rows be as a table that is far larger than memory."""
    monkeypatch.setattr(dealing, "BLOCK_BYTES", 700)
    monkeypatch.setattr(dealing, "RUN_BYTES", 5000)
    monkeypatch.setattr(dealing, "HELD_OUT_BYTES", 1500)
    monkeypatch.setattr(rows, "HELD_BYTES", 3000)
    monkeypatch.setattr(rows, "WHOLE_BYTES", 0)
    monkeypatch.setattr(ROWS, "ROWS_LIMIT", 1000)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Write a table for each kind of target, sorted by it."""
    rng = np.random.default_rng(0)
    x = np.sort(rng.normal(size=(600, 2)), axis=0)
    targets = {
        "real": x @ [1.0, 2.0],
        "binary": (x[:, 0] > 0) * 1,
        "class": np.digitize(x[:, 0], [-1, 1]),
    }
    for name, y in targets.items():
        columns = {"a": x[:, 0], "b": rng.permutation(x[:, 1]), "y": y}
        pq.write_table(pa.table(columns), tmp_path / f"{name}.parquet", row_group_size=101)
    return tmp_path


def _train(path: Path, engine: str, **more: Any) -> cr.Run:
    settings = {"hidden": (4,), "epochs": 3, "seed": 5, "batch_size": 13, **more}
    return cr.train_table(path, "y", stream=True, engine=engine, **settings)


@pytest.mark.parametrize("engine", ["native", "interpreter"])
@pytest.mark.parametrize("form", FORMS)
def test_every_step_is_replayed_exactly_also_after_loading(
    small: None, tables: Path, form: str, engine: str
) -> None:
    run = _train(tables / f"{form}.parquet", engine)
    order = run.record.setup.windows
    assert order is not None
    assert len(order.sizes) > 2 * order.together
    loaded = cr.load(run.save(tables / "run"))
    assert loaded.record.setup.rows == 0, "the folder holds no rows of a large table"
    for k in (0, 7, run.steps // 3, run.steps - 2):
        moment, again = run.at(k), loaded.at(k)
        assert moment.loss == pytest.approx(run.losses[k], rel=1e-12)
        assert moment.loss == again.loss
        assert np.array_equal(moment.rows, again.rows)
        assert all(np.array_equal(g, again.gradients[n]) for n, g in moment.gradients.items())
    states = [one.at(run.steps - 1).parameters["W1"] for one in (run, loaded)]
    assert np.array_equal(*states)
    table = pq.read_table(tables / f"{form}.parquet")
    moment = run.at(20)
    fitted = run.preparation.inputs(cr_table(table), moment.rows)
    assert np.array_equal(moment.values["x"], fitted)


def cr_table(table: Any) -> Any:
    """Return a table of pyarrow's as ours."""
    return read_table({name: table[name].to_numpy() for name in table.column_names})


def test_native_and_interpreter_see_the_same_rows(small: None, tables: Path) -> None:
    one, other = (_train(tables / "class.parquet", engine) for engine in ("native", "interpreter"))
    assert np.allclose(one.losses, other.losses, rtol=1e-9)


def test_no_bit_depends_on_when_a_read_ends(
    small: None, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = _train(tables / "real.parquet", "native")
    read, main = Store.read, threading.main_thread()

    def slow(self: Store, *arguments: Any) -> None:
        time.sleep(0.003 if threading.current_thread() is not main else 0.0)
        read(self, *arguments)

    monkeypatch.setattr(Store, "read", slow)
    late = _train(tables / "real.parquet", "native")
    assert np.array_equal(usual.losses, late.losses)
    assert np.array_equal(usual.parameters["W2"], late.parameters["W2"])


def test_each_epoch_sees_every_row_once(small: None, tables: Path) -> None:
    run = _train(tables / "real.parquet", "interpreter")
    setup = run.record.setup
    for epoch in range(2):
        first = epoch * setup.steps_per_epoch
        seen = np.concatenate([setup.user_rows(first + k) for k in range(setup.steps_per_epoch)])
        assert len(np.unique(seen)) == len(seen) == setup.rows


def test_a_batch_larger_than_a_window_spans_several(small: None, tables: Path) -> None:
    run = _train(tables / "real.parquet", "native", batch_size=400)
    again = _train(tables / "real.parquet", "interpreter", batch_size=400)
    assert np.allclose(run.losses, again.losses, rtol=1e-9)


def test_a_branch_without_a_change_repeats_the_run(small: None, tables: Path) -> None:
    run = _train(tables / "binary.parquet", "native")
    assert np.array_equal(run.branch(10).losses, run.losses[10:])


@pytest.mark.parametrize("engine", ["native", "interpreter"])
def test_a_training_that_broke_off_goes_on_to_the_same_bits(
    engine: str, small: None, tables: Path, tmp_path: Path
) -> None:
    def break_off(progress: Any) -> None:
        if progress.epoch == 2:
            raise RuntimeError("the power is gone")

    place, source = tmp_path / "run", tables / "class.parquet"
    kept = cr.Checkpoints(place, every=7)
    with pytest.raises(RuntimeError):
        _train(source, engine, checkpoints=kept, callbacks=[break_off])
    with pytest.warns(UserWarning, match="unfinished"):
        assert cr.load(place).record.setup.rows == 0  # its rows are dealt again from the file
    whole, resumed = _train(source, engine), cr.resume(place)
    for name, value in whole.parameters.items():
        np.testing.assert_array_equal(resumed.parameters[name], value)
    np.testing.assert_array_equal(resumed.losses, whole.losses)
    assert resumed.report["score"] == whole.report["score"]


@pytest.mark.parametrize("form", FORMS)
def test_questions_are_answered_on_rows_on_disk(small: None, tables: Path, form: str) -> None:
    run = _train(tables / f"{form}.parquet", "native")
    assert "W1" in str(run.why("W1[0,0]", step=5))
    assert run.doctor() is not None
    assert run.review({"W1": run.at(3).gradients["W1"]}, step=3) is not None


@pytest.mark.parametrize("change", ["gone", "longer", "other"])
def test_a_changed_source_is_refused_by_a_replay(small: None, tables: Path, change: str) -> None:
    path = tables / "real.parquet"
    loaded = cr.load(_train(path, "native").save(tables / "run"))
    data = path.read_bytes()
    if change == "gone":
        path.unlink()
    else:
        path.write_bytes(data + b"!" if change == "longer" else data[:200] + b"?" + data[201:])
    with pytest.raises((FileRefused, DataError), match=r"real\.parquet"):
        loaded.at(3)
    assert loaded.predict_table({"a": [0.1], "b": [0.2]})["prediction"].shape == (1,)


def test_a_small_streamed_run_keeps_its_rows(tables: Path) -> None:
    run = _train(tables / "real.parquet", "native")
    loaded = cr.load(run.save(tables / "run"))
    (tables / "real.parquet").unlink()
    assert loaded.at(9).loss == run.at(9).loss
    assert np.array_equal(loaded.at(9).rows, run.at(9).rows)


def test_a_stream_scores_as_memory_does(small: None, tables: Path) -> None:
    """Sorted rows and all: the model is as good as one trained in memory."""
    for form in FORMS:
        path, settings = tables / f"{form}.parquet", {"hidden": (8,), "epochs": 60, "seed": 1}
        streamed = cr.train_table(path, "y", stream=True, **settings).report["score"]
        whole = cr.train_table(path, "y", stream=False, **settings).report["score"]
        assert streamed["name"] == whole["name"]
        assert streamed["value"] > whole["value"] - 0.03


@pytest.mark.parametrize("form", FORMS)
def test_scores_of_parts_are_those_of_all(form: str, small: None, tables: Path) -> None:
    run = _train(tables / f"{form}.parquet", "interpreter")
    setup, held = run.record.setup, run.record.validation
    assert held is not None
    state = run.record.best
    parts = verdict(setup, state, held.x, held.y)
    whole = verdict(setup, state, held.x[:], held.y[:])
    assert parts.score.value == pytest.approx(whole.score.value, rel=1e-12)
    assert parts.loss == pytest.approx(whole.loss, rel=1e-12)


def test_sums_of_scores_in_many_parts() -> None:
    rng = np.random.default_rng(0)
    y, out = rng.normal(size=(50, 2)), rng.normal(size=(50, 2))
    loss = find_loss("squared_error")
    sums = ScoreSums(loss)
    for part in np.array_split(np.arange(50), 7):
        sums.add(y[part], out[part])
    assert sums.score.value == pytest.approx(score(loss, y, out).value, rel=1e-12)


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_streamed_predictions_are_those_in_memory(
    small: None, tables: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _train(tables / "class.parquet", "native")
    monkeypatch.setattr("chainrule.data.stream.pieces.MOST_ROWS", 64)
    out = tables / f"out.{ending}"
    done = predict_files(run, tables / "class.parquet", out)
    whole = write_predictions(
        tables / f"whole.{ending}", run.predict_table(tables / "class.parquet")
    )
    assert done.rows == 600
    if ending == "parquet":
        assert pq.read_table(out).equals(pq.read_table(whole))
    else:
        assert out.read_bytes() == whole.read_bytes()


def test_a_bad_cell_among_new_rows_leaves_no_file(small: None, tables: Path) -> None:
    run = _train(tables / "real.parquet", "native")
    (tables / "new.csv").write_text("a,b\n1,2\n3,oops\n")
    with pytest.raises(DataError, match=r"new\.csv: column 'b' .* line 3 has 'oops'"):
        predict_files(run, tables / "new.csv", tables / "out.csv")
    assert not [path for path in tables.iterdir() if "out" in path.name]
