"""Datasets: from a source to arrays in one call, and what is said about it."""

import json

import numpy as np
import pytest

from chainrule.data import Preparation, Reading, prepare, read_table, report_lines, shipped
from chainrule.errors import DataError, SpecError


def test_the_shipped_penguins():
    path, manifest = shipped()
    assert manifest.licence == "CC0-1.0"
    data = prepare(path, manifest.target, reading=Reading(missing=manifest.missing))
    assert data.preparation.labels == ("Adelie", "Chinstrap", "Gentoo")
    assert (len(data.x_train), len(data.x_validation), len(data.x_test)) == (240, 52, 52)
    assert data.x_train.shape[1] == len(data.preparation.feature_names) == 15
    assert data.table_report["missing"]["sex"] == 11
    assert np.isfinite(data.x_train).all()
    assert data.x_train.flags.c_contiguous
    assert data.y_train.dtype == np.int64
    text = "\n".join(data.report_lines())
    assert "344 rows, 8 columns" in text
    assert "classification of 3 classes" in text
    assert json.loads(json.dumps(data.table_report)) == data.table_report
    assert report_lines(data.table_report) == data.report_lines()


def test_a_table_that_is_not_shipped():
    with pytest.raises(DataError, match="there are: penguins"):
        shipped("iris")


def test_the_penguins_need_their_missing_word():
    with pytest.raises(DataError, match=r"bill_length_mm.*line 5 has 'NA'.*\n.*--missing NA"):
        prepare(shipped()[0], "species")


def sorted_table(rows=60):
    return {"x": np.arange(rows) * 0.5, "y": ["a"] * (rows // 2) + ["b"] * (rows // 2)}


def test_rows_and_arrays_belong_together():
    source = sorted_table()
    data = prepare(source, "y", seed=3)
    table = read_table(source)
    for x, y, rows in (
        (data.x_train, data.y_train, data.rows_train),
        (data.x_validation, data.y_validation, data.rows_validation),
        (data.x_test, data.y_test, data.rows_test),
    ):
        assert np.array_equal(data.preparation.inputs(table, rows), x)
        assert np.array_equal(data.preparation.targets(table, rows), y)
        assert {"a", "b"} == {source["y"][row] for row in rows}
    everything = np.concatenate([data.rows_train, data.rows_validation, data.rows_test])
    assert sorted(everything) == list(range(60))


def test_nothing_is_learnt_from_held_out_rows():
    source = sorted_table()
    data = prepare(source, "y")
    source["x"] = source["x"].copy()
    source["x"][data.rows_test] = 1e9
    assert prepare(source, "y").preparation.transforms == data.preparation.transforms


def test_the_seed_decides():
    one, two, three = (prepare(sorted_table(), "y", seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.rows_test, two.rows_test)
    assert not np.array_equal(one.rows_test, three.rows_test)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5])
def test_tiny_tables_of_numbers(rows):
    data = prepare({"x": np.arange(rows) * 1.5, "y": np.arange(rows) + 0.5}, "y")
    assert len(data.x_train) + len(data.x_validation) + len(data.x_test) == rows
    assert len(data.x_train) >= 1
    assert data.x_validation.shape[1] == 1
    if rows < 4:
        assert any("too few rows" in line for line in data.report_lines())


def test_tiny_classes():
    data = prepare({"x": np.arange(12.0), "y": ["a"] * 9 + ["b"] * 2 + ["c"]}, "y")
    assert data.preparation.labels == ("a", "b", "c")
    assert set(data.y_train) == {0, 1, 2}
    with pytest.raises(DataError, match="one class only"):
        prepare({"x": [1.0], "y": ["a"]}, "y")


def test_rows_without_a_target():
    source = {"x": np.arange(10.0), "y": ["a", None] * 4 + ["b", "b"]}
    with pytest.raises(
        DataError, match=r"missing in row 1 .*4 of 10 rows.*\n.*missing-target drop"
    ):
        prepare(source, "y")
    data = prepare(source, "y", missing_target="drop")
    everything = np.concatenate([data.rows_train, data.rows_validation, data.rows_test])
    assert sorted(everything) == [0, 2, 4, 6, 8, 9]
    assert "4 rows without a target left out" in "; ".join(data.table_report["notes"])
    with pytest.raises(SpecError, match="missing_target"):
        prepare(source, "y", missing_target="guess")


def test_a_category_only_in_held_out_rows_is_zeros_and_reported():
    colours = np.array(["red", "blue"] * 20)
    first = prepare({"c": colours, "y": np.linspace(0, 1, 40)}, "y")
    colours = colours.astype(object)
    colours[first.rows_test[0]] = "rare"
    data = prepare({"c": colours, "y": np.linspace(0, 1, 40)}, "y")
    assert data.preparation.feature_names == ("c=blue", "c=red")
    assert not data.x_test[0].any()
    assert "c (1 row)" in "; ".join(data.table_report["notes"])
    with pytest.raises(DataError, match="'rare'"):
        data.preparation.inputs(read_table({"c": ["rare"]}))


def test_columns_declared_keep_their_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "zip,id,x,y\n" + "".join(f"0{i % 3},{2**63 + i},{i},{i}.5\n" for i in range(30))
    )
    data = prepare(path, "y", categorical=["id"], drop="x")
    assert f"id={2**63}" in data.preparation.feature_names
    assert data.preparation.reading.as_text == ("id",)
    again = data.preparation.inputs(data.preparation.read(path), data.rows_train)
    assert np.array_equal(again, data.x_train)


def test_a_number_column_with_one_word_can_be_declared(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("doors,y\n" + "2,1.5\n3,2.5\n4,1\n5more,3\n" * 6)
    with pytest.raises(DataError, match="'5more'"):
        prepare(path, "y")
    names = prepare(path, "y", categorical="doors").preparation.feature_names
    assert names == ("doors=2", "doors=3", "doors=4", "doors=5more")


def test_numbers_as_labels():
    data = prepare({"x": np.arange(20.0), "y": [3, 7] * 10}, "y", dtype="float32")
    assert data.preparation.labels == (3, 7)
    assert data.x_train.dtype == np.float32
    assert data.y_train.dtype == np.int64
    assert data.table_report["labels"] == [3, 7]


def test_regression_targets_are_scaled_and_come_back():
    y = np.array([10.0, 30.0, 20.0, 50.0, 40.0, 15.5, 70.25, 1.0])
    data = prepare({"x": np.arange(8.0), "y": y}, "y", validation=0, test=0)
    assert abs(data.y_train.mean()) < 1e-15
    np.testing.assert_allclose(data.preparation.decode(data.y_train), y, rtol=1e-15)


def test_an_array_or_a_table_as_source():
    x = np.random.default_rng(0).normal(size=(30, 3))
    assert prepare(x, "x2").preparation.input_names == ("x0", "x1")
    table = read_table(x)
    assert prepare(table, "x2").table_report["source"] == "an array"


def test_unknown_target():
    with pytest.raises(DataError, match="no column 'z'"):
        prepare(sorted_table(), "z")
    with pytest.raises(DataError, match="no column 'z'"):
        prepare(sorted_table(), "z", missing_target="drop")


def test_the_report_abbreviates_wide_tables():
    data = prepare(np.random.default_rng(0).normal(size=(6, 500)), "x0")
    assert max(map(len, data.report_lines())) < 300


@pytest.mark.slow
def test_a_hundred_thousand_columns(tmp_path):
    path = tmp_path / "t.csv"
    names = ",".join(f"c{i}" for i in range(100_000))
    rows = "\n".join(",".join(map(str, np.arange(100_000) % 7 + r * r)) for r in range(5))
    path.write_text(f"{names}\n{rows}\n")
    data = prepare(path, "c0")
    assert data.x_train.shape == (3, 99_999)
    plain = data.preparation.to_dict()
    assert Preparation.from_dict(plain) == data.preparation


@pytest.mark.slow
def test_a_large_table_is_prepared_within_three_times_its_matrix(tmp_path):
    """200,000 rows x 20 columns: 32 MB as float64; measured beyond what imports take."""
    import subprocess
    import sys

    path = tmp_path / "large.csv"
    values = np.random.default_rng(0).normal(size=(200_000, 20))
    with open(path, "w") as file:
        file.write(",".join(f"c{i}" for i in range(20)) + "\n")
        file.writelines(",".join(map(repr, row)) + "\n" for row in values.tolist())
    code = (
        "import sys; from pathlib import Path; from chainrule.data import prepare\n"
        "small = Path(sys.argv[1]).with_name('small.csv')\n"
        "small.write_text('a,b\\n1,2.5\\n3,4\\n')\n"
        "prepare(small, 'b')\n"
        "def field(name):\n"
        "    lines = Path('/proc/self/status').read_text().splitlines()\n"
        "    return int(next(l for l in lines if l.startswith(name)).split()[1]) * 1024\n"
        "Path('/proc/self/clear_refs').write_text('5')\n"
        "before = field('VmRSS'); prepare(sys.argv[1], 'c0'); print(field('VmHWM') - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 3 * values.nbytes
