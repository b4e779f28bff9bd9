"""Resuming: what was stopped goes on to the bits of what never was."""

import importlib
import itertools
import os
import shutil
import signal

import numpy as np
import pytest
from resuming_samples import (
    TABLE,
    StopHere,
    X,
    Y,
    bits_of,
    crash_at,
    crashed,
    kept,
    of_arrays,
    of_table,
)

import chainrule as cr
from chainrule.errors import DivergenceError, FileRefused, SpecError
from chainrule.optim import optimizers
from chainrule.run.kept import leave_page

native_room = importlib.import_module("chainrule.train.native")
resuming_room = importlib.import_module("chainrule.run.resuming")

ENGINES = ("interpreter", "native")
OTHERS = [
    {"optimizer": cr.Adam(cr.Cosine(0.05, 41))},
    {"optimizer": cr.SGD(cr.WarmUp(cr.Exponential(0.2, 0.95), 11), clip_norm=0.5)},
    {"batch_size": None},
    {"shuffle": False, "batch_size": 23},
    {"patience": None},
    {"validation": None, "patience": None, "sample_weight": None},
    {"snapshot_bytes": 700},
]


def ends_alike(folder, train, step, **settings):
    """Crash, go on, and compare every file with those of the uninterrupted training."""
    train(kept(folder / "whole"), **settings)
    crashed(train, folder / "run", step, **settings)
    done = cr.load(folder / "run").steps
    again = cr.resume(folder / "run")
    assert bits_of(folder / "run") == bits_of(folder / "whole")
    return done, again


@pytest.mark.filterwarnings("ignore:this run is unfinished")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("optimizer", "dtype"), [*itertools.product(sorted(optimizers), ["float64"]),
                             ("adam", "float32"), ("momentum", "float32")])  # fmt: skip
def test_every_optimizer_goes_on_to_the_same_files(tmp_path, engine, optimizer, dtype):
    settings = {"optimizer": optimizer, "dtype": dtype, "engine": engine}
    done, again = ends_alike(tmp_path, of_arrays, 19, **settings)
    assert (done, again.steps, again.stopped) == (18, 41, "finished")


@pytest.mark.filterwarnings("ignore:this run is unfinished")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("settings", OTHERS, ids=str)
def test_every_setting_goes_on_to_the_same_files(tmp_path, engine, settings):
    ends_alike(tmp_path, of_arrays, 26, engine=engine, **settings)


@pytest.mark.filterwarnings("ignore:this run is unfinished")
@pytest.mark.parametrize("step", [1, 4, 7, 24, 40])
def test_from_any_step(tmp_path, step):
    done, _ = ends_alike(tmp_path, of_arrays, step)
    assert done == (step - 1) // 6 * 6, "the crash comes before the checkpoint of its step"


@pytest.mark.filterwarnings("ignore:this run is unfinished")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("judged", "settings"),
    [
        ("test", {}),
        ("validation", {"test": 0.0}),
        ("train", {"test": 0.0, "validation": 0.0}),
        ("test", {"target": "size"}),
    ],
)
def test_a_table_is_scored_as_if_it_had_never_stopped(tmp_path, engine, judged, settings):
    _, again = ends_alike(tmp_path, of_table, 20, engine=engine, **settings)
    assert again.report["score"]["on"] == judged


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:this run is unfinished")
def test_its_page_is_the_same(tmp_path):
    _, again = ends_alike(tmp_path, of_table, 20)
    leave_page(again, tmp_path / "run")
    leave_page(cr.load(tmp_path / "whole"), tmp_path / "whole")
    assert bits_of(tmp_path / "run") == bits_of(tmp_path / "whole")


@pytest.mark.filterwarnings("ignore:this run is unfinished")
def test_early_stopping_remembers(tmp_path):
    settings = {"optimizer": cr.SGD(1.5), "patience": 3, "epochs": 60}
    _, again = ends_alike(tmp_path, of_table, 12, **settings)
    assert again.stopped == "early stopping"
    assert 0 < again.best_step < again.steps
    with pytest.raises(SpecError, match=r"stopped early after .* 3 epochs went by"):
        cr.resume(tmp_path / "run", epochs=90)
    longer = cr.resume(tmp_path / "run", patience=6)
    patient = of_table(kept(tmp_path / "patient"), **{**settings, "patience": 6})
    assert longer.steps == patient.steps > again.steps
    assert bits_of(tmp_path / "run") == bits_of(tmp_path / "patient")


@pytest.mark.filterwarnings("ignore:this run is unfinished")
def test_killed_again_and_again(tmp_path):
    of_arrays(kept(tmp_path / "whole"))
    path = crashed(of_arrays, tmp_path / "run", 7)
    for step in (13, 14, 25, 38):
        with pytest.raises(StopHere):
            cr.resume(path, callbacks=[crash_at(step)])
    cr.resume(path)
    assert bits_of(path) == bits_of(tmp_path / "whole")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("is_kept", [True, False])
def test_after_ctrl_c(tmp_path, engine, is_kept):
    def interrupt(progress):
        if progress.step == 20:
            os.kill(os.getpid(), signal.SIGINT)

    place = kept(tmp_path / "run") if is_kept else None
    run = of_arrays(place, callbacks=[interrupt], engine=engine)
    assert (run.stopped, run.steps) == ("interrupted", 20)
    if not is_kept:
        run.save(tmp_path / "run")
    whole = of_arrays(kept(tmp_path / "whole", every=6 if is_kept else "30 s"), engine=engine)
    again = cr.resume(tmp_path / "run")
    assert again.stopped == "finished"
    assert bits_of(tmp_path / "run") == bits_of(tmp_path / "whole")
    np.testing.assert_array_equal(again.at(13).gradients["W1"], whole.at(13).gradients["W1"])


def test_after_a_callback(tmp_path):
    of_arrays(kept(tmp_path / "run"), callbacks=[lambda progress: progress.step == 12])
    of_arrays(kept(tmp_path / "whole"))
    assert cr.resume(tmp_path / "run").stopped == "finished"
    assert bits_of(tmp_path / "run") == bits_of(tmp_path / "whole")


def test_an_epoch_that_was_cut_short_is_not_judged_in_the_longer_one(tmp_path):
    """The short one's best weights are those of its end, which the longer one never judges."""
    settings = {"optimizer": cr.SGD(0.05), "patience": 50}
    short = of_arrays(kept(tmp_path / "run"), steps=41, **settings)
    assert short.best_step == 41
    cr.resume(tmp_path / "run", steps=43)
    long = of_arrays(kept(tmp_path / "whole"), steps=43, **settings)
    assert long.best_step != 41
    assert bits_of(tmp_path / "run") == bits_of(tmp_path / "whole")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("short", [0, 1, 16, 41])
def test_a_finished_run_goes_on_like_one_that_was_planned_longer(tmp_path, engine, short):
    of_arrays(kept(tmp_path / "run"), steps=short, engine=engine)
    cr.resume(tmp_path / "run", steps=90)
    of_arrays(kept(tmp_path / "whole"), steps=90, engine=engine)
    assert bits_of(tmp_path / "run") == bits_of(tmp_path / "whole")


def test_a_longer_table_has_no_page_of_the_shorter_one(tmp_path):
    run = of_table(kept(tmp_path / "run"), epochs=2)
    leave_page(run, tmp_path / "run")
    cr.resume(tmp_path / "run", epochs=5)
    of_table(kept(tmp_path / "whole"), epochs=5)
    assert bits_of(tmp_path / "run") == bits_of(tmp_path / "whole")


def test_nothing_left_to_do(tmp_path):
    run = of_arrays(kept(tmp_path / "run"))
    before = bits_of(tmp_path / "run")
    assert cr.resume(tmp_path / "run").steps == run.steps
    assert bits_of(tmp_path / "run") == before
    with pytest.raises(SpecError, match="40 steps were asked for; this run has done 41"):
        cr.resume(tmp_path / "run", steps=40)


def test_a_branch_goes_on_too(tmp_path):
    whole = of_arrays().branch(11, optimizer=cr.SGD(0.1))
    part = of_arrays().branch(
        11, optimizer=cr.SGD(0.1), callbacks=[lambda progress: progress.step > 8]
    )
    part.save(tmp_path / "run")
    again = cr.resume(tmp_path / "run")
    assert again.record.origin == whole.record.origin
    np.testing.assert_array_equal(again.losses, whole.losses)
    for name, value in whole.parameters.items():
        np.testing.assert_array_equal(again.parameters[name], value)


def test_a_diverged_run_says_the_way_out(tmp_path):
    rows = {"X": X, "y": 1e3 * Y, "optimizer": cr.SGD(5.0), "steps": 90}
    with pytest.raises(DivergenceError) as caught:
        cr.train("3-4:relu-1", **rows, checkpoints=kept(tmp_path / "run"))
    found = cr.load(tmp_path / "run")
    assert found.stopped == "diverged"
    np.testing.assert_array_equal(found.losses, caught.value.run.losses)
    with pytest.raises(SpecError, match=r"diverged at step .*going on would repeat that"):
        cr.resume(tmp_path / "run")


@pytest.mark.filterwarnings("ignore:this run is unfinished")
def test_rows_of_a_source_are_read_again_and_verified(tmp_path, monkeypatch):
    csv = tmp_path / "table.csv"
    names = list(TABLE)
    lines = [",".join(map(str, row)) for row in zip(*TABLE.values(), strict=True)]
    csv.write_text("\n".join([",".join(names), *lines]) + "\n")
    for room, name in (("rows", "note_source"), ("saved", "keep_rows")):
        module = importlib.import_module(f"chainrule.train.{room}")
        own = getattr(module, name)
        monkeypatch.setattr(
            importlib.import_module("chainrule.tables") if name == "note_source" else module,
            name, lambda rows, source=None, own=own: own(rows, source, limit=10))  # fmt: skip

    def train(checkpoints, **more):
        settings = {"hidden": [5], "epochs": 9, "batch_size": 9, "seed": 2, **more}
        return cr.train_table(csv, "price", checkpoints=checkpoints, **settings)

    train(kept(tmp_path / "whole"))
    path = crashed(train, tmp_path / "run", 20)
    assert not (path / "rows.safetensors").exists()
    shutil.copytree(path, tmp_path / "late")
    cr.resume(path)
    assert bits_of(path) == bits_of(tmp_path / "whole")
    csv.write_text(csv.read_text() + "1,up,low\n")
    with pytest.raises(FileRefused, match="has changed since the run was made"):
        cr.resume(tmp_path / "late")


@pytest.mark.filterwarnings("ignore:this run is unfinished")
def test_rows_without_a_source_are_kept_however_many(tmp_path, monkeypatch):
    saved = importlib.import_module("chainrule.train.saved")
    own = saved.keep_rows
    monkeypatch.setattr(saved, "keep_rows", lambda rows, source: own(rows, source, limit=10))
    ends_alike(tmp_path, of_arrays, 9)
    of_arrays().save(tmp_path / "plain")
    with pytest.raises(SpecError, match=r"too large to be kept .* cannot go on"):
        cr.resume(tmp_path / "plain", steps=50)


def test_the_engine_of_the_run_has_to_be_there(tmp_path, monkeypatch):
    of_arrays(kept(tmp_path / "run"), engine="native")
    monkeypatch.setattr(resuming_room, "is_available", lambda: False)
    with pytest.raises(SpecError, match="machine code, which needs llvmlite"):
        cr.resume(tmp_path / "run", steps=50)


def test_another_numpy_is_told(tmp_path, monkeypatch):
    of_arrays(kept(tmp_path / "run"))
    monkeypatch.setattr(np, "__version__", "99.0")
    with pytest.warns(UserWarning, match=r"begun with NumPy .* here is 99\.0"):
        cr.resume(tmp_path / "run", steps=43)


def test_progress_counts_from_where_it_goes_on(tmp_path):
    of_arrays(kept(tmp_path / "run"), callbacks=[lambda progress: progress.step == 12])
    seen, whole = [], []
    cr.resume(tmp_path / "run", callbacks=[seen.append])
    of_arrays(callbacks=[whole.append])
    later = [progress for progress in whole if progress.step > 12]
    facts = ("step", "steps", "epoch", "epochs", "loss", "validation_loss", "validation_score")
    for one, other in zip(seen, later, strict=True):
        assert [getattr(one, f) for f in facts] == [getattr(other, f) for f in facts]
        assert one.seconds_left < 10
