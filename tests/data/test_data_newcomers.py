"""What new users stumbled over: each stumble once, under its own name."""

import numpy as np
import pytest

from chainrule.data import Reading, batch_of_step, check_inputs, prepare, read_table, split
from chainrule.errors import DataError, SpecError

ROWS = range(24)


def written(tmp_path, column, name="t.csv", target="ab"):
    """Write a table of this column and a target, separated by semicolons."""
    path = tmp_path / name
    lines = [f"{cell};{target[k % 2]}" for k, cell in enumerate(column)]
    path.write_text("\n".join(["x;y", *lines]) + "\n", "utf-8")
    return path


@pytest.mark.parametrize("seed", [-1, 1.5, True, None, "1"])
def test_a_seed_that_is_none_is_refused_by_name(seed):
    for ask in (
        lambda: split(9, fractions=(0.2, 0.2), seed=seed),
        lambda: batch_of_step(seed, 0, 9, 3),
        lambda: prepare({"x": list(ROWS), "y": list("ab") * 12}, "y", seed=seed),
    ):
        with pytest.raises(SpecError, match="seed must be a whole number from 0 on, got"):
            ask()


def test_fractions_are_not_said_to_be_possible_classes():
    dataset = prepare({"x": list(ROWS), "y": [k + 0.5 for k in ROWS]}, "y")
    notes = "; ".join(dataset.table_report["notes"])
    assert "the target has fractions" in notes
    assert "classification" not in notes


@pytest.mark.parametrize(
    ("cell", "way"),
    [
        ("1 {:03}", "--thousands ' ' "),
        ("1_{:03}", "--thousands _ "),
        ("1’{:03}", r"--thousands \$'\\u2019' "),
        ("1\u00a0{:03}", r"--thousands \$'\\u00a0' "),
        ("1\u202f{:03}.5", r"--thousands \$'\\u202f' "),
        ("1.{:03},5", r"--thousands \. --decimal , "),
        ("1,{:03}.5", "--thousands , "),
        ("{},25", "Say --decimal , .decimal=','.; or"),
        ("₹ 1 {:03}", "without the sign"),
        ("{} ‰", "without the sign"),
        ("({})", "plain digits, point and minus"),
        ("\N{MINUS SIGN}{}", "plain digits, point and minus"),
    ],
)
def test_numbers_in_other_clothes_are_no_ids(tmp_path, cell, way):
    path = written(tmp_path, [cell.format(100 + k) for k in ROWS])
    with pytest.raises(DataError, match=rf"column 'x' holds numbers(.|\n)*{way}"):
        prepare(path, "y")


def test_digits_of_other_scripts_are_no_categories(tmp_path):
    path = written(tmp_path, ["\N{ARABIC-INDIC DIGIT THREE}"] * 24)
    with pytest.raises(DataError, match="plain digits, point and minus"):
        prepare(path, "y")


@pytest.mark.parametrize("mark", [" ", "_", "’", "\u00a0", "\u202f"])
def test_every_mark_that_is_proposed_can_be_said(tmp_path, mark):
    path = written(tmp_path, [f"1{mark}{100 + k}" for k in ROWS])
    table = read_table(path, thousands=mark)
    assert table.column("x").values.tolist() == [1100.0 + k for k in ROWS]


def test_a_delimiter_beyond_ascii_is_refused():
    with pytest.raises(SpecError, match="delimiter must be an ASCII character"):
        Reading(delimiter="¦")


@pytest.mark.parametrize(
    ("start", "fact"),
    [('[{"a": 1}]', "is JSON"), ('{"a": 1}', "is JSON"), ("<!DOCTYPE html>", "is a web page")],
)
def test_other_texts_are_called_by_their_names(tmp_path, start, fact):
    path = tmp_path / "t.csv"
    path.write_text(f"{start}\n")
    with pytest.raises(DataError, match=fact):
        read_table(path)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("https://example.org/t.csv", "is an address, not a file"),
        ("~/nowhere.csv", "Write your home folder out"),
    ],
)
def test_paths_that_only_others_understand(path, words):
    with pytest.raises(DataError, match=words):
        read_table(path)


def test_a_name_in_the_wrong_case_is_proposed(tmp_path):
    with pytest.raises(DataError, match=r"no column 'Y'\. Did you mean 'y'\?"):
        prepare(written(tmp_path, ROWS), "Y")


def test_words_between_blanks_make_one_column(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("size kind\n" + "".join(f"{k} a\n" for k in ROWS))
    with pytest.raises(DataError, match="is the delimiter right"):
        prepare(path, "kind")


def test_an_index_that_was_written_along_has_a_way_out(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(",x,y\n0,1,a\n1,2,b\n")
    with pytest.raises(DataError, match="index=False"):
        read_table(path)


def test_the_target_under_another_name_is_called_so():
    y = list("aab") * 8
    notes = prepare({"x": list(ROWS), "again": y, "y": y}, "y").table_report["notes"]
    assert "the target y itself, under another name: again" in notes


def test_labels_with_blanks_and_endless_words_are_shown_as_such():
    kinds = ["w", "w ", "w" * 100_000] * 8
    dataset = prepare({"x": kinds, "y": list("ab") * 12}, "y")
    (line,) = [one.describe() for one in dataset.preparation.transforms]
    assert "(w, 'w ', www" in line
    assert len(line) < 100


def test_remarks_count_like_people(tmp_path):
    fitted = prepare({"x": list(ROWS), "y": list("ab") * 12}, "y").preparation
    assert fitted.remarks(read_table({"x": [1.0, None]})) == (
        "column 'x': 1 missing cell filled in",
    )


def test_columns_too_many_have_a_way_out_in_a_shell_too():
    fitted = prepare({"x": list(ROWS), "y": list("ab") * 12}, "y").preparation
    with pytest.raises(DataError, match=r"extra='ignore' \(--extra ignore\)"):
        fitted.inputs(read_table({"x": [1.0], "z": [2.0]}))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("data.csv", r"^X is 'data\.csv', not a number"),
        (None, "^X is None, not a number"),
        (np.ones((2, 2), object), r"give X\.astype\(float\)"),
        (np.ones((2, 2), complex), "real and imaginary parts"),
        ([[1, 2], [3, 4], [5]], r"^X\[2\] has length 1, but X\[0\] has length 2\.$"),
    ],
)
def test_what_beginners_hand_in_for_x(given, words):
    with pytest.raises(DataError, match=words):
        check_inputs(given)
