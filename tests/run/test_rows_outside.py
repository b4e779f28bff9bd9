"""Rows too large for the run folder: noted with path and SHA-256, fetched when a step is opened."""

import shutil
from importlib import import_module

import numpy as np
import pytest

import chainrule as cr
from chainrule.data import shipped
from chainrule.errors import FileRefused, SpecError
from chainrule.files import keep_rows

rows_room = import_module("chainrule.train.rows")
saved_room = import_module("chainrule.train.saved")


@pytest.fixture
def table(tmp_path):
    path, _ = shipped()
    return shutil.copy(path, tmp_path / "penguins.csv")


@pytest.fixture
def large_run(table, monkeypatch):
    """A run whose rows count as too large for its folder, as 10 bytes are the limit here."""
    run = cr.train_table(table, "species", missing_words=["NA"], epochs=3, hidden=[5])
    source = rows_room.note_source(run.record, table, limit=10)
    monkeypatch.setattr(
        saved_room, "keep_rows", lambda rows, source=None: keep_rows(rows, source, limit=10)
    )
    return cr.Run(run.record, run.preparation, run.report, source)


def test_steps_are_replayed_from_the_source_bit_for_bit(large_run, tmp_path):
    again = cr.load(large_run.save(tmp_path / "run"))
    assert not (tmp_path / "run" / "rows.safetensors").exists()
    ours, theirs = large_run.at(17), again.at(17)
    assert list(ours.rows) == list(theirs.rows)
    for name, gradient in ours.gradients.items():
        np.testing.assert_array_equal(theirs.gradients[name], gradient)


def test_a_changed_source_is_refused_but_the_run_still_predicts(large_run, table, tmp_path):
    again = cr.load(large_run.save(tmp_path / "run"))
    with open(table, "a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(FileRefused, match="has changed since the run was made"):
        again.at(3)
    assert len(again.predict_table(table)["prediction"]) == 344


def test_arrays_that_are_too_large_say_that_steps_cannot_be_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(
        saved_room, "keep_rows", lambda rows, source=None: keep_rows(rows, source, limit=10)
    )
    run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=3)
    again = cr.load(run.save(tmp_path / "run"))
    with pytest.raises(SpecError, match="too large to be kept"):
        again.at(1)
    np.testing.assert_array_equal(again.losses, run.losses)


def test_an_opened_step_names_rows_of_the_users_table(table):
    run = cr.train_table(table, "species", missing_words=["NA"], epochs=1, hidden=[5])
    seen = np.concatenate([run.at(k).rows for k in range(run.steps)])
    assert len(set(seen)) == len(seen) == 240
    assert seen.max() > 240
