"""Trained runs, damaged and forged: samples of the batteries that are run by hand."""

import json
import random

import numpy as np
import pytest
import real_runs
from damage import door_verdict, doors, old_states, put, sampled, verdict
from forgeries import battery, forge_manifest
from run_samples import files_of, record_of

import chainrule as cr
from chainrule.errors import FileRefused
from chainrule.files import lines, read_run


@pytest.fixture(scope="module")
def runs(module_path):
    return real_runs.save_all(module_path)


@pytest.mark.slow
def test_damage_of_every_kind_is_refused(runs):
    kinds = set()
    for name, path, kind, bad in sampled({"branch": runs["branch"]}, 40, random.Random(1)):
        with put(runs[name] / path, bad):
            assert verdict(runs[name]) == "refused", (path, kind)
        kinds.add(kind)
    assert len(kinds) == 5


@pytest.mark.slow
def test_files_of_an_older_state_are_refused(module_path):
    assert set(old_states(module_path)) == {"refused"}


def test_every_command_says_it_in_two_lines(runs, module_path):
    (module_path / "new.csv").write_text("size,colour\n0.5,red\n")
    run = runs["arrays"]
    path = run / "model.safetensors"
    with put(path, path.read_bytes()[:-1] + b"?"):
        for tokens in doors(run, module_path / "new.csv"):
            assert door_verdict(tokens) == "refused", tokens


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_forged_runs_are_refused_or_sound(runs):
    with np.errstate(all="ignore"):
        found = set(battery(list(runs.values()), 120, random.Random(7), use=True))
    assert found <= {"refused", "taken", "refused when used"}


FORGERIES = {
    "batch_size": "3", "clock": [], "first": 1.5, "seed": -1, "soft_labels": 1, "best_step": 99,
    "stopped": "diverged", "trouble": [1, "L", 2], "executor": "cuda", "dtype": "float16",
    "features": ["one"], "new": 1, "report": {"table": {}}, "rows": 11, "versions": None,
    "origin": {"run": "x"}, "planned": -1, "summation": None, "steps": 4,
}  # fmt: skip


@pytest.mark.parametrize("field", FORGERIES)
def test_one_wrong_field_of_a_manifest(runs, field):
    run = runs["arrays"]
    good = (run / "run.json").read_bytes()
    try:
        forge_manifest(run, {**record_of(run)["manifest"], field: FORGERIES[field]})
        with pytest.raises(FileRefused) as caught:
            cr.load(run)
    finally:
        (run / "run.json").write_bytes(good)
    first, way = str(caught.value).splitlines()
    assert first.startswith(f"run.json of run {str(run)!r} does not fit: ")
    assert way


@pytest.mark.parametrize(
    ("kind", "name", "change", "says"),
    [
        ("classes", "y", lambda a: a + 3, "has no output"),
        ("classes", "y", lambda a: a - 9, "has no output"),
        ("arrays", "x", lambda a: np.where(a == a.flat[0], np.nan, a), "nan"),
        ("arrays", "w", lambda a: -a, "negative"),
        ("arrays", "y", lambda a: a[:-1], "rows"),
        ("arrays", "x", lambda a: a.astype(np.float32), "float32"),
        ("table", "row_numbers", lambda a: -a, "below 0"),
    ],
)
def test_rows_that_no_training_had(runs, tmp_path, kind, name, change, says):
    """Class numbers, above all: machine code would read beyond the end of an array."""
    from dataclasses import replace

    from chainrule.files import write_run

    contents = read_run(runs[kind])
    rows = {**contents.rows, name: np.array(change(np.array(contents.rows[name])))}
    bad = write_run(tmp_path / "bad", replace(contents, rows=rows))
    with pytest.raises(FileRefused, match=f"(?i){says}"):
        cr.load(bad)


def test_the_lines_are_the_history(runs):
    for run in runs.values():
        history = read_run(run).history
        told = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
        assert len(told) == len(history["loss"])
        for name, column in history.items():
            found = [np.nan if line[name] is None else float(line[name]) for line in told]
            assert np.array_equal(found, column.astype(float), equal_nan=True), name


@pytest.mark.parametrize("epochs", [2, 3_333, 10_000, 10_001, 12_345, 70_000])
def test_a_long_history_has_few_lines(epochs):
    count = 70_000
    history = {"epoch": np.arange(count) * epochs // count}
    rows = lines.rows_of(history)
    assert len(rows) <= lines.MOST
    assert rows[-1] == count - 1
    if epochs <= lines.MOST:
        assert (history["epoch"][rows] == np.arange(epochs)).all()
        assert (np.diff(history["epoch"], append=-1)[rows] != 0).all()


def test_numbers_that_json_cannot_say():
    text = b"".join(lines.encode({"a": np.array([np.nan, np.inf, -np.inf, 0.1])})).decode()
    assert [json.loads(line)["a"] for line in text.splitlines()] == [
        None, "Infinity", "-Infinity", 0.1
    ]  # fmt: skip


def test_files_are_the_ones_that_are_listed(runs):
    for run in runs.values():
        assert set(files_of(run)) == {*record_of(run)["files"], "run.json"}
