"""Preparations: what is learnt from training rows, and what a new table must and may have."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import Preparation, Reading, read_table
from chainrule.data.transforms import fit_standardize
from chainrule.errors import DataError, ShapeError, SpecError, ValueRefused

COLUMNS = {
    "size": [1.0, 2.0, 3.0, 6.0, 8.0, 10.0],
    "colour": ["red", "blue", "red", "green", "blue", "red"],
    "flag": [True, False, True, True, False, True],
    "kind": ["b", "a", "b", "a", "b", "a"],
}


@pytest.fixture
def table():
    return read_table(COLUMNS)


def changed(**columns):
    return read_table({name: v for name, v in {**COLUMNS, **columns}.items() if v is not None})


def csv_table(tmp_path, text, **options):
    (tmp_path / "new.csv").write_text(text)
    return read_table(tmp_path / "new.csv", **options)


def test_by_hand(table):
    fitted = Preparation.fit(table, "kind", rows=[0, 1, 2, 3])
    names = ("size", "colour=blue", "colour=green", "colour=red", "flag")
    assert fitted.feature_names == names
    # mean of 1 2 3 6 is 3, standard deviation sqrt((4 + 1 + 0 + 9) / 4) = sqrt(3.5)
    expected = [(1 - 3) / np.sqrt(3.5), 0, 0, 1, 1]
    np.testing.assert_allclose(fitted.inputs(table, [0])[0], expected, rtol=1e-15)
    assert fitted.targets(table).tolist() == [1, 0, 1, 0, 1, 0]
    assert fitted.labels == ("a", "b")
    assert (fitted.task, fitted.outputs) == ("classification", 1)


def test_only_training_rows_are_learnt_from(table):
    one = Preparation.fit(table, "kind", rows=[0, 1, 2, 3])
    other = changed(size=[1.0, 2.0, 3.0, 6.0, -1e9, 1e9])
    assert Preparation.fit(other, "kind", rows=[0, 1, 2, 3]).transforms == one.transforms


numbers = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20).map(
    np.array
)


@given(values=numbers)
def test_standardised_numbers_are_finite_with_mean_0_and_variance_1(values):
    fitted = fit_standardize("x", values)
    scaled = fitted.scaled(values)
    assert np.isfinite(scaled).all()
    if np.ptp(values / 4) == 0 and np.all(values == values[0]):
        assert np.all(scaled == 0)
    else:
        assert abs(scaled.mean()) < 1e-6 * max(1, np.abs(scaled).max())
        assert np.sqrt(np.mean(scaled**2)) == pytest.approx(1, abs=1e-6)


@given(values=numbers)
def test_scaling_can_be_undone(values):
    values = values / 8
    fitted = fit_standardize("x", values)
    back = fitted.unscaled(fitted.scaled(values))
    largest = np.abs(values).max()
    assert np.all(np.abs(back - values) <= 1e-12 * largest + 5e-324 * len(values))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([14.62] * 1000, [0.0] * 1000),
        ([0.1 + 0.2] * 7, [0.0] * 7),
        ([0.0, 0.0], [0.0, 0.0]),
        ([1e308, 1e308], [0.0, 0.0]),
        ([1e308, -1e308], [1.0, -1.0]),
        ([1e-310, 3e-310], [-1.0, 1.0]),
        ([5e-324, 0.0], [1.0, -1.0]),
        ([1e300, 3e300], [-1.0, 1.0]),
        ([7.0], [0.0]),
    ],
)
def test_rows_19_to_21(values, expected):
    fitted = fit_standardize("x", np.array(values))
    np.testing.assert_allclose(fitted.scaled(np.array(values)), expected, rtol=1e-9, atol=0)


def test_means_do_not_overflow():
    assert fit_standardize("x", np.array([1e308, 1e308])).mean == 1e308


def test_integers_beyond_their_type_are_cast_first():
    table = read_table({"x": np.array([0, 255], np.uint8), "y": [1.5, 2.5]})
    assert Preparation.fit(table, "y").inputs(table).tolist() == [[-1.0], [1.0]]


def test_float32_inputs_and_what_it_cannot_hold(table):
    fitted = Preparation.fit(table, "kind")
    assert fitted.inputs(table, dtype="float32").dtype == np.float32
    with pytest.raises(DataError, match=r"column 'size' has 1e\+60 in row 2 .*too far"):
        fitted.inputs(changed(size=[1.0, 2, 1e60, 1, 1, 1]), dtype="float32")


def test_a_target_that_float32_cannot_hold():
    table = read_table({"x": [1.0, 2.0, 3.0], "y": [1.5, 2.5, 1e200]})
    with pytest.raises(DataError, match=r"column 'y' has 1e\+200 in row 2"):
        Preparation.fit(table, "y", rows=[0, 1]).targets(table, dtype="float32")


def test_without_scaling_numbers_stay_as_they_are(table):
    fitted = Preparation.fit(table, "kind", scale=False)
    assert fitted.inputs(table)[:, 0].tolist() == COLUMNS["size"]
    target = Preparation.fit(table, "size", task="regression", scale=False)
    assert target.targets(table).tolist() == COLUMNS["size"]


def test_gaps_in_training_are_filled_and_marked():
    table = changed(size=[1.0, None, 3.0, 2.0, 2.0, 2.0], colour=["red", None, "red"] * 2)
    fitted = Preparation.fit(table, "kind")
    assert fitted.feature_names == (
        "size",
        "size missing",
        "colour=red",
        "colour missing",
        "flag",
    )
    assert fitted.inputs(table, [1]).tolist() == [[0.0, 1.0, 0.0, 1.0, 0.0]]


def test_gaps_that_training_did_not_have_are_filled_and_reported(table):
    fitted = Preparation.fit(table, "kind")
    new = changed(
        size=[None, 2.0, 3.0, 6.0, 8.0, 10.0],
        colour=["red", None, "red", "green", "blue", "red"],
        flag=[None, False, True, True, False, True],
    )
    found = fitted.inputs(new)
    assert found[0, 0] == 0  # the mean
    assert found[1, 1:4].tolist() == [0, 0, 1]  # red is the most frequent
    assert found[0, 4] == 1  # as is true
    assert "column 'size': 1 missing cell filled in" in fitted.remarks(new)


def test_gaps_can_be_refused():
    table = changed(size=[1.0, None, 3.0, 2.0, 2.0, 2.0])
    with pytest.raises(DataError, match="column 'size' has a missing value in row 1"):
        Preparation.fit(table, "kind", missing="error")
    strict = Preparation.fit(read_table(COLUMNS), "kind", missing="error")
    with pytest.raises(DataError, match="column 'size' has a missing value in row 1"):
        strict.inputs(table)
    assert strict.inputs(table, [0, 2]).shape == (2, 5)


def test_a_nan_from_python_is_refused_unless_imputing_is_asked_for():
    table = changed(size=[1.0, float("nan"), 3.0, 2.0, 2.0, 2.0])
    with pytest.raises(DataError, match="column 'size' has a missing value in row 1"):
        Preparation.fit(table, "kind")
    assert Preparation.fit(table, "kind", missing="impute").inputs(table)[1, 0] == 0


def test_columns_in_another_order_give_the_same_inputs(table):
    fitted = Preparation.fit(table, "kind")
    other = read_table(dict(reversed(COLUMNS.items())))
    assert np.array_equal(fitted.inputs(other), fitted.inputs(table))


def test_the_target_may_be_absent(table):
    fitted = Preparation.fit(table, "kind", drop=["flag"])
    assert fitted.inputs(changed(kind=None, flag=None)).shape == (6, 4)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"size": None}, "missing: 'size'"),
        ({"weight": [1] * 6}, "not known from training: 'weight'"),
        (
            {"size": None, "Size": [1.0] * 6},
            "missing: 'size'; not known from training: 'Size'.*'Size' may be 'size'",
        ),
        ({"size": ["a"] * 6}, r"column 'size' held numbers in training, but row 0 .* has 'a'"),
        ({"size": [1, 2, "x", 4, 5, 6]}, "row 2 .* is 'x'"),
        ({"size": [1.0, 2, float("inf"), 4, 5, 6]}, "row 2 .* is inf"),
        ({"flag": ["yes", "no"] * 3}, "column 'flag' held true and false.*'yes'"),
        (
            {"colour": ["red", "red", "gren", "red", "red", "blue"]},
            r"column 'colour': row 2 .* has 'gren'.*Did you mean 'green'\?.*--unseen ignore",
        ),
    ],
)
def test_new_tables_that_do_not_fit(table, columns, words):
    fitted = Preparation.fit(table, "kind")
    with pytest.raises(DataError, match=f"(?s){words}"):
        fitted.inputs(changed(**columns))


def test_extra_columns_can_be_ignored(table):
    fitted = Preparation.fit(table, "kind")
    extra = changed(weight=[1] * 6)
    assert fitted.inputs(extra, extra="ignore").shape == (6, 5)
    assert fitted.remarks(extra, extra="ignore") == ("columns not used: weight",)


def test_an_unseen_category_never_shifts_an_index(table):
    fitted = Preparation.fit(table, "kind", unseen="ignore")
    found = fitted.inputs(changed(colour=["alpha", "blue", "red", "green", "zeta", "red"]))
    assert found[:, 1:4].tolist() == [
        [0, 0, 0],
        [1, 0, 0],
        [0, 0, 1],
        [0, 1, 0],
        [0, 0, 0],
        [0, 0, 1],
    ]


def test_a_file_is_read_as_the_training_file_was(tmp_path):
    reading = Reading(missing=("NA",), decimal=",", as_text=("zip",))
    training = "zip;x;y\n00123;1,5;2,5\n4567;NA;3,5\n00123;2,5;4,25\n"
    table = csv_table(tmp_path, training, missing="NA", decimal=",", as_text="zip")
    fitted = Preparation.fit(table, "y", categorical=["zip"], reading=reading)
    (tmp_path / "later.csv").write_text("x;zip\nNA;4567\n")
    new = fitted.read(tmp_path / "later.csv")
    assert fitted.inputs(new).tolist() == [[0.0, 1.0, 0.0, 1.0]]
    (tmp_path / "later.tsv").write_text("x\tzip\n1,5\t4567\n")
    found = fitted.inputs(fitted.read(tmp_path / "later.tsv"))
    assert found.tolist() == [[0.0, 1.0, -1.0, 0.0]]


def test_errors_name_the_line_of_the_file(tmp_path, table):
    fitted = Preparation.fit(table, "kind")
    rows = "1.5,red,True\n\n2.5,purple,False\n"
    new = csv_table(tmp_path, f"size,colour,flag\n{rows}")
    with pytest.raises(DataError, match=r"new\.csv|column 'colour': line 4 has 'purple'"):
        fitted.inputs(new)


def test_a_column_that_looks_different_in_a_small_file(tmp_path):
    rows = "".join(f"{'00123' if i % 2 else '4567'},{i}.5\n" for i in range(10))
    fitted = Preparation.fit(csv_table(tmp_path, f"zip,y\n{rows}"), "y")
    assert fitted.feature_names == ("zip=00123", "zip=4567")
    assert fitted.inputs(csv_table(tmp_path, "zip\n4567\n")).tolist() == [[0.0, 1.0]]
    empty = csv_table(tmp_path, "zip,a\n,\n").column("zip")
    assert empty.kind == "empty"


@pytest.mark.parametrize(
    ("target", "task", "labels"),
    [
        ([3, 1, 2, 1, 2, 3], "classification", (1, 2, 3)),
        ([10, 9, 10, 9, 10, 9], "classification", (9, 10)),
        ([1.0, 0.0, 1.0, 0.0, 1.0, 0.0], "classification", (0, 1)),
        ([True, False] * 3, "classification", ("False", "True")),
        (["b", "a", "c"] * 2, "classification", ("a", "b", "c")),
        ([1.5, 2.5, 1.5, 2.5, 1.5, 2.5], "regression", None),
        ([1, 2, 3, 4, 5, 6], "regression", None),
        (list(range(21)) * 2, "regression", None),
        (list(range(20)) * 2, "classification", tuple(range(20))),
        ([-1, 1] * 3, "classification", (-1, 1)),
    ],
)
def test_what_kind_of_task_a_target_is(target, task, labels):
    table = read_table({"x": np.arange(len(target)) + 0.5, "y": target})
    fitted = Preparation.fit(table, "y")
    assert (fitted.task, fitted.labels) == (task, labels)
    assert fitted.notes[0].startswith(task)


def test_numbers_sort_as_numbers_and_predictions_are_labels():
    table = read_table({"x": [1.0, 2, 3, 4, 5, 6], "y": [9, 10, 100, 9, 10, 100]})
    fitted = Preparation.fit(table, "y")
    assert fitted.labels == (9, 10, 100)
    assert fitted.outputs == 3
    assert fitted.decode(np.eye(3)).tolist() == [9, 10, 100]


def test_decoding():
    table = read_table(COLUMNS)
    classes = Preparation.fit(table, "kind")
    assert classes.decode([[0.2], [0.9]]).tolist() == ["a", "b"]
    assert classes.decode([0.2, 0.9]).tolist() == ["a", "b"]
    assert classes.decode([[0.2, 0.8], [0.6, 0.4]]).tolist() == ["b", "a"]
    numbers = Preparation.fit(table, "size", task="regression")
    np.testing.assert_allclose(numbers.decode(numbers.targets(table)), COLUMNS["size"], rtol=1e-15)
    np.testing.assert_allclose(numbers.decode([[0.0]]), [5.0])
    for outputs in (np.zeros((2, 3)), np.zeros((2, 2, 2)), np.float64(1)):
        with pytest.raises(ShapeError):
            numbers.decode(outputs)
    for outputs in ([np.nan], [1e308]):
        with pytest.raises(ValueRefused):
            numbers.decode(outputs)


@pytest.mark.parametrize(
    ("columns", "options", "words"),
    [
        ({"kind": ["a"] * 6}, {}, "one class only, 'a'"),
        ({"kind": [1.5, 2, 2, 1, 1, 2]}, {"task": "classification"}, "1.5 in row 0.*regression"),
        ({}, {"task": "regression"}, "'b' in row 0.*classification"),
        ({"kind": [None, "a", "b", "a", "b", "a"]}, {}, "missing in row 0.*missing-target drop"),
        ({"kind": [None] * 6}, {}, "no value at all"),
        ({"kind": [1, 2, "x", 1, 2, 1]}, {}, "row 2 .* is 'x'"),
        ({}, {"drop": ["size", "colour", "flag"]}, "no input column remains"),
        ({}, {"drop": ["sise"]}, "no column 'sise'. Did you mean 'size'"),
        ({"size": [1, 2, "x", 1, 2, 1]}, {}, "row 2 .* is 'x'"),
        ({"size": [1, 2, "x", 1, 2, 1]}, {"categorical": ["size"]}, "as_text"),
    ],
)
def test_what_cannot_be_fitted(columns, options, words):
    with pytest.raises(DataError, match=f"(?s){words}"):
        Preparation.fit(changed(**columns), "kind", **options)


@pytest.mark.parametrize(
    "options",
    [
        {"task": "clustering"},
        {"unseen": "maybe"},
        {"missing": "drop"},
        {"drop": ["kind"]},
        {"drop": ["size"], "categorical": ["size"]},
        {"categorical": ["kind"], "task": "regression"},
    ],
)
def test_choices_that_contradict(table, options):
    with pytest.raises(SpecError):
        Preparation.fit(table, "kind", **options)


@pytest.mark.parametrize("rows", [[6], [-1], [0.5], [True, False, True, True, True, True], []])
def test_rows_that_do_not_exist(table, rows):
    with pytest.raises(DataError, match="row"):
        Preparation.fit(table, "kind", rows=rows)


def test_declared_columns():
    table = changed(code=[1, 2, 1, 2, 3, 1], story=["x"] * 6)
    fitted = Preparation.fit(table, "kind", categorical="code", text=["story"], drop="size")
    assert fitted.feature_names[-3:] == ("code=1", "code=2", "code=3")
    assert [item.reason for item in fitted.left_out] == ["as asked", "declared as text"]


def test_a_target_of_broken_numbers_declared_categorical():
    table = read_table({"x": [1.0, 2, 3, 4], "y": [0.5, 1.5, 0.5, 1.5]})
    assert Preparation.fit(table, "y", categorical="y").labels == (0.5, 1.5)


def test_what_is_left_out_and_noticed():
    rows = 30
    table = read_table(
        {
            "id": [f"u{i}" for i in range(rows)],
            "number": np.arange(rows)[::-1],
            "day": [f"2020-01-{i % 28 + 1:02}" for i in range(rows)],
            "nothing": [None] * rows,
            "constant": [5.0] * rows,
            "x": np.sin(np.arange(rows)),
            "same": np.sin(np.arange(rows)),
            "y": ["a", "b"] * (rows // 2),
        }
    )
    fitted = Preparation.fit(table, "y")
    assert fitted.input_names == ("number", "constant", "x", "same")
    notes = "; ".join(fitted.notes)
    for words in (
        "id (all 30 values differ, like an id)",
        "day (dates)",
        "nothing (all its cells are missing)",
        "constant in the training rows: constant",
        "copies of another column: same of x",
        "may be row numbers or ids; drop=[...] (--drop) leaves them out: number",
    ):
        assert words in notes
    assert not fitted.inputs(table)[:, 1].any()
    assert any("day: left out, dates" in line for line in fitted.describe())


def test_a_column_empty_in_the_training_rows_only():
    table = changed(size=[None, None, None, None, 5.0, 6.0])
    fitted = Preparation.fit(table, "kind", rows=[0, 1, 2, 3])
    assert np.isfinite(fitted.inputs(table)).all()


def test_very_many_features_are_refused_with_an_estimate(table, monkeypatch):
    fitted = Preparation.fit(table, "kind")
    monkeypatch.setattr("chainrule.data.memory.available_memory", lambda: 100)
    with pytest.raises(DataError, match=r"6 rows x 5 features would need .* MiB, but only"):
        fitted.inputs(table)
