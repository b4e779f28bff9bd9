"""Entries by name: columns and classes beside numbers, in why and in review."""

import json

import numpy as np
import pytest

import chainrule as cr
from chainrule.apps.cli import run as command
from chainrule.errors import SpecError
from chainrule.explain.entries import axis_names, parts_of, quoted, resolved

COLUMNS = (
    "island=Dream", "island=Biscoe", "length, mm", "depth", "Depth", "2020", "it's", 'a "b"', "x[0]"
)  # fmt: skip


@pytest.fixture(scope="module")
def table():
    """A run made from a table: a column of words, numbers with odd names, three classes."""
    rng = np.random.default_rng(0)
    made = {
        "island": rng.choice(["Dream", "Biscoe", "Torgersen"], 60).tolist(),
        "bill_length_mm": rng.normal(size=60).round(3).tolist(),
        "bill, depth": rng.normal(size=60).round(3).tolist(),
        "species": rng.choice(["Adelie", "Gentoo", "Chinstrap"], 60).tolist(),
    }
    return cr.train_table(made, "species", epochs=2, seed=1, hidden=(6,))


def indices(name, **axes):
    return resolved(name, parts_of(name[name.index("[") + 1 : -1]), [axes.get("a"), axes.get("b")])


@pytest.mark.parametrize("name", COLUMNS)
def test_every_name_is_understood_as_it_is_quoted(name):
    asked = f"W1[{quoted(name)},5]"
    assert indices(asked, a=COLUMNS) == (COLUMNS.index(name), 5)


def test_numbers_stay_numbers_unless_they_are_quoted():
    assert indices("W1[3,5]", a=COLUMNS) == (3, 5)
    assert indices("W1[-1,0]", a=COLUMNS) == (-1, 0)
    assert indices("W1[ 2 , '2020' ]", b=COLUMNS) == (2, 5)


def test_other_case_is_understood_where_it_is_clear():
    assert indices("out[3,adelie]", b=("Adelie", "Gentoo")) == (3, 0)
    with pytest.raises(SpecError, match=r"'DEPTH' .* means 2 entries: depth \(3\), Depth \(4\)"):
        indices("W1[DEPTH,0]", a=COLUMNS)


def test_what_is_not_known_gets_those_that_are_near():
    with pytest.raises(SpecError, match=r"'island' .* island=Dream \(0\), island=Biscoe \(1\)"):
        indices("W1[island,0]", a=COLUMNS)
    with pytest.raises(SpecError, match=r"nothing is called 'dept'.*did you mean depth, Depth\?"):
        indices("W1[dept,0]", a=COLUMNS)
    with pytest.raises(SpecError, match="there are Adelie, Gentoo"):
        indices("out[0,Penguin]", b=("Adelie", "Gentoo"))
    with pytest.raises(SpecError, match="only axis 0 has names"):
        indices("W1[0,depth]", a=COLUMNS)
    assert parts_of("0,'open") is None


def test_axes_that_do_not_fit_have_no_names():
    shapes = {"x": (9, 2), "W1": (2, 4), "W2": (4, 1), "b2": (1,), "out": (9, 1), "y": (9,)}
    found = axis_names(shapes, ("a", "b"), ("no", "yes"), ["W1", "W2"])
    assert found == {"x": (None, ("a", "b")), "W1": (("a", "b"), None)}


def test_why_takes_columns_and_classes(table):
    names, labels = table.preparation.feature_names, table.preparation.labels
    row = int(table.at(2).rows[0])
    one, class_ = names.index("bill_length_mm"), labels.index("Adelie")
    same = {
        "W1[bill_length_mm,5]": f"W1[{one},5]",
        "W1['bill, depth',5]": f"W1[{names.index('bill, depth')},5]",
        "W1[island=Biscoe,2]": f"W1[{names.index('island=Biscoe')},2]",
        "W2[3,Adelie]": f"W2[3,{class_}]",
        "b2[adelie]": f"b2[{class_}]",
        f"out[{row},Adelie]": f"out[{row},{class_}]",
        f"z2[{row},Adelie]": f"z2[{row},{class_}]",
        f"x[{row},bill_length_mm]": f"x[{row},{one}]",
    }
    for named, numbered in same.items():
        page = table.why(named, 2)
        assert page.data["question"] == numbered
        assert str(page) == str(table.why(numbered, 2))


def test_a_column_of_words_is_the_input_that_is_lit_in_the_row(table):
    names = table.preparation.feature_names
    for row in map(int, table.at(2).rows[:6]):
        page = table.why(f"x[{row},island]", 2)
        place = int(page.data["question"].rpartition(",")[2][:-1])
        assert names[place].startswith("island=")
        assert page.data["value"] == 1
        assert f"belongs to input {names[place]}." in str(page)
    with pytest.raises(SpecError, match="means 3 entries"):
        table.why("W1[island,2]", 2)


def test_pages_speak_of_classes_by_name(table):
    row, class_ = int(table.at(2).rows[0]), table.preparation.labels.index("Gentoo")
    page = str(table.why(f"out[{row},Gentoo]", 2))
    assert f"out[{row},{class_}] belongs to class Gentoo." in page
    for label in table.preparation.labels:
        assert f"\n  {label} " in page
        assert f"\n  {label} " in str(table.why(f"l[{row}]", 2))
    assert f"unit {class_} of layer 2 (Gentoo)" in str(table.why("b2[Gentoo]", 2))


def test_review_takes_names_and_speaks_of_them(table, tmp_path, capsys):
    g, names = table.at(0).gradients["W1"], table.preparation.feature_names
    i, j = names.index("bill, depth"), names.index("island=Dream")
    given = {"W1['bill, depth',5]": -g[i, 5], "W1[island=Dream,2]": -g[j, 2]}
    found = table.review(given)
    assert found.data == table.review({f"W1[{i},5]": -g[i, 5], f"W1[{j},2]": -g[j, 2]}).data
    assert "bill, depth" in str(found)
    assert "island=Dream" in str(found)
    with pytest.raises(SpecError, match="did you mean island=Dream"):
        table.review({"W1[island=Drem,5]": 0.1})
    place = str(table.save(tmp_path / "run"))
    assert command(["review", place, f"W1[island=Dream,2]={float(g[j, 2])!r}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["right"] is True
    csv = tmp_path / "mine.csv"
    csv.write_text(
        f"W1[island=Dream,2],{float(g[j, 2])!r}\nW1[bill_length_mm,0],{float(g[3, 0])!r}\n"
    )
    assert command(["review", place, str(csv)]) == 0
    assert capsys.readouterr().out.startswith("Right")


def test_all_shares_of_a_softmax_are_listed_or_folded():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 4)), rng.integers(0, 40, 50)
    run = cr.train("4-8:tanh-40:softmax", X, y, steps=3, seed=1)
    page = run.why("out[3,17]", 2)
    table = next(b for b in page.document.blocks if getattr(b, "total", None))
    *listed, rest = table.rows
    assert "17" in [row[0] for row in listed]
    assert rest[0] == "28 smaller ones"
    shares = [row[-1].value for row in table.rows]
    assert sum(shares) == pytest.approx(1.0, abs=1e-12)
    powers = [row[-2].value for row in table.rows]
    np.testing.assert_allclose(np.array(powers) / sum(powers), shares, rtol=1e-12)
    out = run.at(2).values["out"][3]
    assert {row[-1].value for row in listed} >= set(np.sort(out)[-11:].tolist())
