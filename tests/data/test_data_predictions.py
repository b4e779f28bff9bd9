"""Predictions: written whole or not at all, and harmless in a spreadsheet."""

import os

import numpy as np
import pytest

from chainrule.data import read_table, write_predictions
from chainrule.errors import DataError

COLUMNS = {"label": np.array(["a", "b, c", 'd "e"']), "p": np.array([0.1, 1 / 3, 1e-300])}


@pytest.mark.parametrize("name", ["out.csv", "out.tsv", "out.parquet"])
def test_what_is_written_can_be_read(tmp_path, name):
    path = write_predictions(tmp_path / name, COLUMNS)
    table = read_table(path)
    assert list(table.column("label").cells()) == COLUMNS["label"].tolist()
    assert table.column("p").values.tobytes() == COLUMNS["p"].tobytes()
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=cmd()", "'=cmd()"),
        ("+1+1", "'+1+1"),
        ("-cmd", "'-cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("-5", "-5"),
        ("+1e3", "+1e3"),
        ("a=b", "a=b"),
        ("<script>", "<script>"),
        ("", ""),
    ],
)
def test_formulas_are_neutralised_in_cells_and_names(tmp_path, text, written):
    path = write_predictions(tmp_path / "out.csv", {"label": [text], f"{text}x": [1]})
    lines = path.read_text().splitlines()
    assert lines[1].split(",")[0].strip('"') == written
    assert lines[0].startswith("label,")


def test_numbers_are_never_touched(tmp_path):
    path = write_predictions(tmp_path / "out.csv", {"p": [-1.5, 2.0], "k": [-1, 2]})
    assert path.read_text() == "p,k\n-1.5,-1\n2.0,2\n"
    single = write_predictions(tmp_path / "one.csv", {"p": np.array([0.1], np.float32)})
    assert single.read_text() == "p\n0.1\n"


def test_mixed_labels_as_objects(tmp_path):
    columns = {"label": np.array(["=a", 3, None], dtype=object)}
    assert write_predictions(tmp_path / "o.csv", columns).read_text() == 'label\n\'=a\n3\n""\n'


def test_an_existing_file_is_replaced_whole(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")
    write_predictions(path, {"p": [1]})
    assert path.read_text() == "p\n1\n"


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "out.csv"
    path.write_text("old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="No space left"):
        write_predictions(path, {"p": [1]})
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.csv"]


@pytest.mark.parametrize(
    ("name", "columns", "words"),
    [
        ("out.xlsx", {"p": [1]}, "ending '.xlsx' is unknown"),
        ("out", {"p": [1]}, "ending '' is unknown"),
        ("out.csv", {"p": [1], "q": [1, 2]}, "one length"),
        ("out.csv", {"p": [[1]]}, "one axis"),
        ("absent/out.csv", {"p": [1]}, "cannot be written"),
        ("folder.csv", {"p": [1]}, "folder"),
    ],
)
def test_what_cannot_be_written(tmp_path, name, columns, words):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match=words):
        write_predictions(tmp_path / name, columns)


def test_many_rows(tmp_path):
    path = write_predictions(tmp_path / "out.csv", {"p": np.arange(25_000)})
    assert read_table(path).column("p").values.tolist() == list(range(25_000))
