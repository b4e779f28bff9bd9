"""The textbook cases of `chainrule demo`: each plays, agrees with its source, and is plain data."""

import json
from dataclasses import FrozenInstanceError
from functools import cache

import pytest

from chainrule import cases
from chainrule.cases.case import compared
from chainrule.errors import SpecError

play = cache(cases.play)  # XOR and Mazur train for 10,000 steps


@pytest.mark.parametrize("name", cases.names())
def test_a_case_agrees_with_its_source(name):
    result = play(name)
    assert result.name == name
    assert result.title == cases.titles()[name]
    assert result.source
    assert result.rows
    assert result.agrees, [row for row in result.rows if row.verdict == "differs"]
    assert result.notes
    assert result.next


@pytest.mark.parametrize("name", cases.names())
def test_a_case_can_be_told_as_plain_data(name):
    result = play(name)
    assert json.loads(json.dumps(result.plain()))["name"] == name
    for row in result.rows:
        what, published, ours, relative, verdict = row
        assert isinstance(what, str)
        assert isinstance(verdict, str)
        float(published)
        assert type(ours) is float
        assert type(relative) is float
    with pytest.raises(FrozenInstanceError):
        result.name = "other"


def test_the_networks_of_the_published_cases_are_all_there():
    assert {"xor", "mazur", "coursera", "goodfellow", "micrograd", "cs231n"} <= set(cases.names())
    assert cases.names() == sorted(cases.names())


def test_the_transcript_of_xor_is_the_listing_s():
    lines = play("xor").transcript
    first, published = float(lines[0].partition("Loss: ")[2]), 0.38038349310856134
    assert lines[0] == f"Iteration 0, Loss: {first}"
    assert first == pytest.approx(published, rel=1e-15)
    assert [line.split(",")[0] for line in lines[:10]] == [
        f"Iteration {k}" for k in range(0, 10_000, 1000)
    ]
    assert lines[10:] == (
        "Final output after training:",
        "[[0.07125372]",
        " [0.93446125]",
        " [0.93473281]",
        " [0.06774813]]",
    )


def test_xor_says_that_the_printed_loss_is_not_the_one_descended():
    note = play("xor").notes[0]
    assert "not the loss whose gradient is descended" in note
    assert "half the summed squared error" in note
    assert "0.07124224 instead of 0.07125372" in play("xor").notes[1]


def test_mazur_says_which_published_numbers_are_wrong():
    result = play("mazur")
    wrong = [row for row in result.rows if "wrong" in row.verdict]
    assert [row.published for row in wrong] == ["0.291027924", "0.015912196", "0.984065734"]
    assert all(row.relative > 1e-7 for row in wrong)
    same = [row for row in result.rows if row.published == "0.291027924" and row not in wrong]
    assert [row.verdict for row in same] == ["agrees"]  # computed in the page's order
    assert "0.291027773694" in result.notes[1]


def test_an_unknown_case_names_near_ones():
    with pytest.raises(SpecError, match="no textbook case 'mazour'; did you mean mazur"):
        cases.play("mazour")
    with pytest.raises(SpecError, match=r"there are coursera, .*xor"):
        cases.play("qqq")


@pytest.mark.parametrize(
    ("published", "ours", "verdict"),
    [
        ("0.25", 0.2549, "agrees"),
        ("0.25", 0.2551, "differs"),
        ("-1.5e-3", -0.00154, "agrees"),
        ("-1.5e-3", 0.0015, "differs"),
        ("0", 0.0, "agrees"),
        ("3", float("nan"), "differs"),
        ("3", float("inf"), "differs"),
    ],
)
def test_what_agrees(published, ours, verdict):
    (row,) = compared(["it"], published, ours)
    assert row.verdict == verdict


def test_a_number_too_few_is_an_error():
    with pytest.raises(ValueError, match="zip"):
        compared(["a", "b"], "1 2", [1.0])


def test_a_result_that_differs_says_so():
    rows = compared(["it"], "0.25", 0.3)
    assert not cases.CaseResult("x", "X", "nobody", rows=rows).agrees
