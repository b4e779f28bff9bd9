"""Runs of every old format load for ever; the files in golden/ are never written again."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from run_samples import contents_bits, files_of, forge

from chainrule.errors import FileRefused
from chainrule.files import RowSource, RunContents, read_run, record, write_run

GOLDEN = Path(__file__).parent / "golden"

V1 = RunContents(
    manifest={
        "network": {"spec": "2-2:tanh-1", "inputs": 2},
        "seed": 7,
        "rate": 0.1,
        "best": float("inf"),
        "worst": float("nan"),
        "zero": -0.0,
        "large": 2**80,
        "name": "Straße 😀",
        "nothing": None,
        "list": [True, 1, 1.0, "1", {}],
    },
    weights={
        "W1": np.array([[0.1, -0.0], [5e-324, 1 / 3]]),
        "b1": np.array([1.5, -2.5], np.float32),
        "mask": np.array([True, False, True]),
        "empty": np.zeros((0, 3)),
        "t": np.array(7),
    },
    history={
        "loss": np.array([0.5, np.nan, 0.25]),
        "rows_per_second": np.array([1, 2, 3], np.float32),
        "step": np.array([0, 1, 2]),
    },
    checkpoints={0: {"W1": np.ones((2, 2))}, 12_345_678_901: {"W1": np.zeros((2, 2))}},
    rows={"X": np.arange(6.0).reshape(3, 2), "y": np.array([1, 0, 1], np.int8)},
    report=b"<!doctype html>\n",
)
V1_SOURCE = RunContents({}, {}, rows=RowSource("/data/table.csv", "ab" * 32, 123, 9))
RUNS = {f"v{k}/{name}": one for k in (1, 2) for name, one in (("run", V1), ("source", V1_SOURCE))}
PRESENT = [name for name in RUNS if name.startswith(f"v{record.VERSION}/")]


@pytest.mark.parametrize("name", RUNS)
def test_it_loads_as_it_was_written(name):
    assert contents_bits(read_run(GOLDEN / name)) == contents_bits(RUNS[name])


@pytest.mark.parametrize("name", PRESENT)
def test_the_present_writer_still_writes_these_bytes(name, tmp_path, monkeypatch):
    """A format is frozen; a change of any byte that we write needs a new version."""
    monkeypatch.setattr(record, "written_by", lambda: "chainrule 0.1.0")
    new = files_of(write_run(tmp_path / "run", RUNS[name]))
    old = files_of(GOLDEN / name)
    assert sorted(new) == sorted(old)
    assert all(new[name].read_bytes() == old[name].read_bytes() for name in old)


def test_every_version_has_its_golden_run():
    assert sorted(path.name for path in GOLDEN.glob("v*")) == [
        f"v{number}" for number in range(1, record.VERSION + 1)
    ]
    assert set(record.UPGRADES) == set(range(1, record.VERSION))


def test_an_old_record_goes_through_the_upgrade_table(tmp_path, monkeypatch):
    """A record of an old format is brought to the present one step by step."""
    run = shutil.copytree(GOLDEN / "v1" / "run", tmp_path / "run")
    newest = record.VERSION
    forge(run, lambda tree: {**tree, "old word": tree.pop("written_by")})
    with pytest.raises(FileRefused, match="old word"):
        read_run(run)

    def next_one(tree):
        new = {**tree, "version": newest + 1, "written_by": tree["old word"]}
        del new["old word"]
        return new

    monkeypatch.setattr(record, "VERSION", newest + 1)
    monkeypatch.setitem(record.UPGRADES, newest, next_one)
    assert contents_bits(read_run(run)) == contents_bits(V1)


def test_the_record_is_for_people_too():
    text = (GOLDEN / "v1" / "run" / "run.json").read_text()
    tree = json.loads(text)
    assert list(tree) == ["integrity", "format", "version", "written_by", "files", "source",
                          "manifest"]  # fmt: skip
    assert text.count("\n") == len(tree)
