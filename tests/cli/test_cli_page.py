"""Paragraphs, tables and curves: any width, any text, no blanks at the end of lines."""

import io
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from chainrule.apps.cli.curve import Line, draw
from chainrule.apps.cli.figures import duration, size
from chainrule.apps.cli.page import item, plain, steps, table
from chainrule.apps.cli.screen import Screen


class Paper(io.StringIO):
    """A stream of which the encoding can be chosen."""

    encoding = "utf-8"


def written(width, write):
    screen = Screen(Paper())
    screen.width = width
    write(screen)
    return screen.file.getvalue()


@given(st.text(max_size=200), st.integers(20, 160))
def test_a_paragraph_loses_nothing_and_fits(text, width):
    found = written(width, lambda out: item(out, "Label", text))
    kept = "".join(found.split()).removeprefix("Label")
    assert kept == "".join(plain(text).split())
    for line in found.splitlines():
        assert cell_len(line) <= width
        assert line == line.rstrip()
        assert all(c.isprintable() for c in line)


@given(
    st.lists(st.tuples(st.text(max_size=30), st.integers(), st.text(max_size=60)), max_size=5),
    st.integers(90, 160),
)
def test_a_table_fits_and_loses_nothing(rows, width):
    cells = [(a, str(b), c) for a, b, c in rows]
    found = written(width, lambda out: table(out, ("", "", ""), cells, label="T", right=(1,)))
    for line in found.splitlines():
        assert cell_len(line) <= width
        assert line == line.rstrip()
    for _, number, _ in cells:
        assert number in found


def test_control_characters_cannot_move_the_cursor():
    assert plain("a\x1b[2Jb\r\u202e\ud800") == "a\\x1b[2Jb\\r\\u202e\\ud800"
    assert plain("Adélie 名") == "Adélie 名"


def test_commands_are_never_wrapped():
    lines = [("chainrule info " + "x" * 40, "what it does")]
    assert "x" * 40 in written(40, lambda out: steps(out, "Next", lines))


@given(
    st.lists(st.one_of(st.floats(allow_subnormal=False), st.just(math.nan)), max_size=300),
    st.integers(20, 120),
    st.integers(1, 12),
    st.booleans(),
)
def test_any_numbers_can_be_drawn(values, width, height, braille):
    picture = draw([Line("n", values, "red", "*")], width=width, height=height, braille=braille)
    assert len(picture) in (0, height)
    if any(math.isfinite(value) for value in values):
        assert len(picture) == height
    for line in picture:
        assert braille or line.plain.isascii()


def test_a_falling_line_falls():
    picture = draw([Line("loss", [4.0, 3.0, 2.0, 1.0], "", "*")], width=40, height=4, braille=False)
    marks = [line.plain.index("*") for line in picture]
    assert marks == sorted(marks)
    assert re.search(r"loss 1$", picture[-1].plain.rstrip())


def test_a_wide_range_has_a_logarithmic_axis():
    picture = draw([Line("l", [100.0, 1.0, 0.01], "", "*")], width=40, height=5, braille=False)
    assert [line.plain.split("|")[0].strip() for line in picture] == ["100", "", "1", "", "0.01"]


def test_every_cell_of_a_braille_line_is_joined():
    picture = draw([Line("l", [10.0, 1.0, 8.0, 2.0], "", "*")], width=60, height=6, braille=True)
    columns = [
        any(line.plain[k] > "\u2800" for line in picture) for k in range(11, 11 + 60 - 11 - 5)
    ]
    assert all(columns)


@pytest.mark.parametrize("length", [0, 1, 999, 1000, 10**6, 10**12])
def test_sizes(length):
    assert re.fullmatch(r"[\d.e+]+ (bytes|[kMG]B)", size(length))


@pytest.mark.parametrize("seconds", [0, 9.96, 119.9, 7199.9, 10**6])
def test_durations(seconds):
    assert "60 s" not in duration(seconds)
    assert "60 min" not in duration(seconds)
