"""CSV against the standard library's reader, with block borders at every possible place."""

import csv
import io
from unittest import mock

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chainrule.data import decoding, read_table
from chainrule.data.records import blocks, structure

texts = st.text(st.sampled_from('ab\n\r",;é\u2028 1.'), max_size=6)
numbers = st.floats(allow_nan=False, allow_infinity=False).map(repr)
cells = st.one_of(texts, numbers, st.integers(-99, 99).map(str))
tables = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=8)
)


def written(rows, ending):
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator=ending, quoting=csv.QUOTE_ALL).writerows(rows)
    return file.getvalue().encode()


@settings(max_examples=150, deadline=None)
@given(rows=tables, chunk=st.integers(1, 40), ending=st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_was_written_is_read(tmp_path_factory, rows, chunk, ending):
    """Read as text, every cell comes back to the letter; a cell of blanks is missing."""
    names = [f"c{i}" for i in range(len(rows[0]))]
    path = tmp_path_factory.mktemp("property") / "t.csv"
    path.write_bytes(written([names, *rows], ending))
    with mock.patch.object(decoding, "CHUNK", chunk):
        table = read_table(path, as_text=names, delimiter=",")
    assert table.rows == len(rows)
    for i, name in enumerate(names):
        column = table.column(name)
        for row, cell in enumerate(rows):
            assert column.cell(row) == (cell[i] if cell[i].strip(" \t\n\r\u2028") else None)


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30),
    chunk=st.integers(1, 60),
)
def test_floats_keep_every_bit(tmp_path_factory, values, chunk):
    path = tmp_path_factory.mktemp("floats") / "t.csv"
    path.write_text("x,y\n" + "".join(f"{value!r},1\n" for value in values))
    with mock.patch.object(decoding, "CHUNK", chunk):
        column = read_table(path).column("x")
    assert column.values.tobytes() == np.array(values).tobytes()


@settings(max_examples=200, deadline=None)
@given(rows=tables, ending=st.sampled_from(["\n", "\r\n", "\r"]), chunk=st.integers(1, 30))
def test_lines_are_those_of_the_file(rows, ending, chunk):
    """The line of a record is one more than the line ends before it, quoted ones counted."""
    data = written(rows, ending)
    whole = data.decode().replace("\r\n", "\n").replace("\r", "\n")
    found = []
    parts = (data[i : i + chunk] for i in range(0, len(data), chunk))
    for block in blocks(parts, "t"):
        found += structure(block, ",", "t").lines.tolist()
    expected, line = [], 1
    for row in rows:
        expected.append(line)
        text = written([row], "\n").decode().replace("\r\n", "\n").replace("\r", "\n")
        line += text.count("\n")
    assume(whole.count("\n") == line - 1)
    assert found == expected


@settings(max_examples=200, deadline=None)
@given(data=st.text(st.sampled_from('a1,"\n\r '), max_size=40), chunk=st.integers(1, 12))
def test_any_text_is_read_like_the_standard_library_or_refused(tmp_path_factory, data, chunk):
    """Whatever is accepted has the cells that csv.reader finds; nothing is shifted or dropped."""
    from chainrule.errors import DataError

    path = tmp_path_factory.mktemp("any") / "t.csv"
    path.write_text("p,q\n" + data, newline="")
    try:
        with mock.patch.object(decoding, "CHUNK", chunk):
            table = read_table(path, delimiter=",", as_text=["p", "q"])
    except DataError:
        return
    lines = io.StringIO("p,q\n" + data, newline="")
    expected = [row for row in csv.reader(lines, strict=True) if row][1:]
    assert table.rows == len(expected)
    for row, line in enumerate(expected):
        for name, cell in zip(("p", "q"), line, strict=False):
            assert table.column(name).cell(row) == (cell if cell.strip() else None)
        assert all(not cell.strip() for cell in line[2:])
