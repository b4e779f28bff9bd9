"""Predictions: every row, in its order, wherever they go."""

import csv
import io

import pytest


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_pipe_gets_every_row_as_csv(cli, penguins):
    run, path = penguins
    said = cli("predict", run, path)
    rows = read(said.out)
    assert len(rows) == 344
    truth = [row["species"] for row in read(path.read_text())]
    right = sum(row["prediction"] == name for row, name in zip(rows, truth, strict=True))
    assert right / 344 > 0.95
    assert "2 missing cells filled in" in said.err


def test_rows_keep_their_order(cli, penguins, table):
    run, path = penguins
    head, *rows = path.read_text().splitlines()
    straight = read(cli("predict", run, path).out)
    turned = read(cli("predict", run, table("\n".join([head, *rows[::-1]]))).out)
    assert turned == straight[::-1]


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_a_file_of_each_kind(cli, penguins, bare, ending):
    run, path = penguins
    said = cli("predict", run, path, "--out", f"p.{ending}")
    assert said.code == 0
    assert f"Predicted  344 rows, written to p.{ending}" in said.out
    assert (bare / f"p.{ending}").stat().st_size > 1000
    assert cli("predict", run, path, "--out", f"p.{ending}").code == 1
    assert cli("predict", run, path, "--out", f"p.{ending}", "--overwrite").code == 0


def test_the_csv_is_the_file(cli, penguins, bare):
    run, path = penguins
    piped = cli("predict", run, path).out
    cli("predict", run, path, "--out", "p.csv")
    assert (bare / "p.csv").read_text() == piped


def test_numbers(cli, table, bare):
    name = table("a,y\n" + "".join(f"{k / 2},{3 * k + 0.5}\n" for k in range(40)))
    options = ("--hidden", "none", "--epochs", 200, "--quiet", "--learning-rate", 0.05)
    assert cli("train", name, "--target", "y", *options).code == 0
    rows = read(cli("predict", "runs/data", table("a\n10\n2.5\n", "new.csv")).out)
    assert list(rows[0]) == ["prediction"]
    assert float(rows[0]["prediction"]) == pytest.approx(60.5, abs=3)
    assert float(rows[1]["prediction"]) == pytest.approx(15.5, abs=3)


def test_other_delimiters_and_encodings(cli, table, bare):
    text = "größe;y\n" + "".join(f"{k};{'üv'[k % 2]}\n" for k in range(20))
    name = table(text.encode("latin-1"))
    options = ("--target", "y", "--epochs", 2, "--quiet", "--encoding", "latin-1")
    assert cli("train", name, *options).code == 0
    assert cli("predict", "runs/data", name).code == 1
    said = cli("predict", "runs/data", name, "--encoding", "latin-1", "--delimiter", ";")
    assert said.code == 0
    assert said.out.startswith("prediction,probability of v,probability of ü\n")
