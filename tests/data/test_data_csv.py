"""CSV files, nasty ones above all: read exactly, or refused with the line and what would do."""

import re

import numpy as np
import pytest

from chainrule.data import read_table
from chainrule.errors import DataError, SpecError


@pytest.fixture
def read(tmp_path):
    def read(content, name="t.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, **options)

    return read


def cells(table, name):
    return [table.column(name).cell(row) for row in range(table.rows)]


NUMBERS = {"a": [1.0, 3.0], "b": [2.0, 4.0]}

ACCEPTED = {
    "plain": ("a,b\n1,2\n3,4\n", {}, NUMBERS),
    "no last line end": ("a,b\n1,2\n3,4", {}, NUMBERS),
    "29 byte order mark, quoted header": (b'\xef\xbb\xbf"a","b"\n1,2\n3,4\n', {}, NUMBERS),
    "30 utf-16 little": ("\ufeffa,b\n1,é\n".encode("utf-16-le"), {}, {"a": [1], "b": ["é"]}),
    "30 utf-16 big": ("\ufeffa,b\n1,é\n".encode("utf-16-be"), {}, {"a": [1], "b": ["é"]}),
    "30 utf-32": ("\ufeffa,b\n1,é\n".encode("utf-32-le"), {}, {"a": [1], "b": ["é"]}),
    "31 latin-1, said": ("a,b\n1,é\n".encode("latin-1"), {"encoding": "latin-1"}, {"b": ["é"]}),
    "33 short row, said": (
        "a,b,c\n1,2,3\n4,5\n6\n",
        {"ragged": "missing"},
        {"a": [1, 4, 6], "b": [2, 5, None], "c": [3, None, None]},
    ),
    "35 trailing delimiter everywhere": ("a,b,\n1,2,\n3,4,\n", {}, NUMBERS),
    "35 trailing delimiter in the rows": ("a,b\n1,2,\n3,4,\n", {}, NUMBERS),
    "36 semicolon": ("a;b\n1;2\n3;4\n", {}, NUMBERS),
    "36 tab": ("a\tb\n1\t2\n3\t4\n", {}, NUMBERS),
    "36 pipe": ("a|b\n1|2\n3|4\n", {}, NUMBERS),
    "36 colon, said": ("a:b\n1:2\n3:4\n", {"delimiter": ":"}, NUMBERS),
    "37 thousands, said": (
        'a\n"1,234"\n"12,345,678.5"\n7\n',
        {"thousands": ","},
        {"a": [1234, 12345678.5, 7]},
    ),
    "37 decimal comma, said": ("a;b\n1,5;2\n", {"decimal": ","}, {"a": [1.5], "b": [2]}),
    "37 both, said": ("a;b\n1.234,5;2\n", {"decimal": ",", "thousands": "."}, {"a": [1234.5]}),
    "38 quotes": (
        'a,b\n"x ""q"", y",2\n"l1\nl2",3\n',
        {},
        {"a": ['x "q", y', "l1\nl2"], "b": [2, 3]},
    ),
    "38 quoted numbers": ('a,b\n"1","2"\n"3",4\n', {}, NUMBERS),
    "39 lone returns": ("a,b\r1,2\r3,4\r", {}, NUMBERS),
    "39 return and newline": ("a,b\r\n1,2\r\n3,4\r\n", {}, NUMBERS),
    "39 mixed": ("a,b\r1,2\r\n3,4\n", {}, NUMBERS),
    "41 no header, said": (
        "1,2\n3,4\n",
        {"header": False},
        {"column_1": [1, 3], "column_2": [2, 4]},
    ),
    "42 Namibia": ("c,x\nNA,1\nDE,2\n", {}, {"c": ["NA", "DE"]}),
    "42 declared": (
        "c,x\nNA,1\nDE,NA\n",
        {"missing": ["NA"]},
        {"c": [None, "DE"], "x": [1, None]},
    ),
    "43 infinity declared missing": ("a,b\n1,2\ninf,4\n", {"missing": "inf"}, {"a": [1, None]}),
    "44 large integers": (
        "a,b\n9223372036854775808,1\n18446744073709551616,2\n",
        {},
        {"a": [2.0**63, 2.0**64]},
    ),
    "46 empty line of one column": ("a\n1\n\n3\n\n", {}, {"a": [1, None, 3, None]}),
    "46 booleans": ("a,b\nTrue,1\nFalse,2\n", {}, {"a": ["True", "False"]}),
    "47 leading zeros": (
        "z,b\n00123,1\n01234,2\n12345,3\n",
        {},
        {"z": ["00123", "01234", "12345"]},
    ),
    "47 telephone": (
        "p,b\n+4912345678,1\n+4912345679,2\n",
        {},
        {"p": ["+4912345678", "+4912345679"]},
    ),
    "47 hexadecimal": ("a,b\n0x1F,1\n0x2F,2\n", {}, {"a": ["0x1F", "0x2F"]}),
    "51 empty cells": ('a,b\n,""\n1,2\n', {}, {"a": [None, 1], "b": [None, 2]}),
    "58 wide": ("x" + ",x".join(map(str, range(300))) + "\n" + ",".join(["1"] * 300), {}, {}),
    "61 formulas": ("=cmd(),<b>\n1,2\n", {}, {"=cmd()": [1], "<b>": [2]}),
    "numbers of all shapes": (
        "a,b\n1e5,.5\n+3, 5. \n-0,1E-3\n",
        {},
        {"a": [1e5, 3, 0], "b": [0.5, 5, 1e-3]},
    ),
    "extremes": (
        "a,b\n1.7976931348623157e308,5e-324\n1,1\n",
        {},
        {"a": [1.7976931348623157e308, 1], "b": [5e-324, 1]},
    ),
    "blank lines among rows": ("a,b\n\n1,2\n\n\n3,4\n\n", {}, NUMBERS),
    "blank lines before the header": ("\n\na,b\n1,2\n3,4\n", {}, NUMBERS),
    "blanks around names": (" a , b\n1,2\n3,4\n", {}, NUMBERS),
    "text is kept to the letter": ('a,b\n" x ",1\nÄ\u2028,2\n', {}, {"a": [" x ", "Ä\u2028"]}),
    "a cell of blanks is missing": ("a,b\n  ,x\n1, \n", {}, {"a": [None, 1], "b": ["x", None]}),
    "as text": ("a,b\n007,1\n1.0,2\n", {"as_text": ["a"]}, {"a": ["007", "1.0"]}),
    "quoted delimiters do not mislead": (
        'a;b\n"1,2,3";4\n"5,6,7";8\n',
        {},
        {"a": ["1,2,3", "5,6,7"]},
    ),
    "delimiter by name": ("a\tb\n1\t2\n3\t4\n", {"delimiter": "tab"}, NUMBERS),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_read_exactly(read, case):
    content, options, expected = ACCEPTED[case]
    table = read(content, **options)
    for name, values in expected.items():
        assert cells(table, name) == values
    if expected:
        assert table.rows == len(next(iter(expected.values())))


REFUSED = {
    "30 utf-16 without mark": ("a,b\n1,2\n".encode("utf-16-le"), {}, "NUL byte.*utf-16"),
    "30 the same, with accents": ("a,b\n1,é\n".encode("utf-16-le"), {}, "offset 12.*utf-16"),
    "31 latin-1": (
        "a,b\n1,é\n".encode("latin-1"),
        {},
        r"byte 0xE9 at offset 6 \(line 2\).*latin-1",
    ),
    "32 empty": (b"", {}, "is empty"),
    "32 only header": (b"a,b\n", {}, r"column names \(a, b\) but no rows"),
    "32 only header, no line end": (b"a,b", {}, "no rows"),
    "32 only blank lines": (b"\n\r\n  \n", {}, "only blank lines"),
    "33 short": (
        "a,b,c\n1,2,3\n4,5\n6,7,8\n",
        {},
        "line 3 has 2 cells, but there are 3 columns: '4,5'.*ragged",
    ),
    "34 long": ("a,b\n1,2\n3,4,5\n", {}, "line 3 has 3 cells, but there are 2 columns"),
    "34 long though short is allowed": ("a,b\n1\n3,4,5\n", {"ragged": "missing"}, "line 3 has 3"),
    "34 long behind quoted line ends": ('a,b\n"x\ny",2\n\n3,4,5\n', {}, "line 5 has 3 cells"),
    "34 all rows long": ("a,b\n1,2,3\n3,4,5\n", {}, "line 2 has 3 cells, but only 2 columns"),
    "35 trailing delimiter here and there": (
        "a,b\n1,2,\n3,4\n",
        {},
        "line 3.*delimiter, this one does not",
    ),
    "35 something behind it": ("a,b\n1,2,\n3,4,5\n", {}, "line 3 has 3 cells.*'5'"),
    "35 named nothing": ("a,b,\n1,2,3\n", {}, "line 2 has 3 cells, but only 2 columns"),
    "36 wrong delimiter asked": ("a;b\n1;2\n", {"delimiter": ","}, "Did you mean ';'"),
    "36 blanks between cells": ("a b\n1 2\n3 4\n", {}, "Did you mean blanks"),
    "38 quote in a cell": (
        'a,b\n1,2\n5" nail,2\n',
        {},
        "line 3: a quote stands inside a cell.*5. nail",
    ),
    "38 behind a quoted cell": ('a,b\n"x"y,2\n', {}, "line 2: a quote stands inside"),
    "38 never closed": (
        'a,b\n1,2\n"abc,2\n3,4\n',
        {},
        "line 3: a quote is opened and never closed",
    ),
    "40 twice": ("a,b,a\n1,2,3\n", {}, "occur twice: 'a'"),
    "40 without a name": ("a,,b\n1,2,3\n", {}, "without a name: column 2"),
    "40 an index written along": (",a\n0,1\n", {}, "column 1.*index"),
    "40 numbers twice": ("1,1\n2,3\n", {}, "no-header"),
    "a nul byte": (b"a,b\n1,\x002\n", {}, "line 2 holds a NUL byte"),
    "gzip": (b"\x1f\x8b\x08\x00rest", {}, "gzip"),
    "a workbook": (b"PK\x03\x04rest", {}, "workbook"),
    "parquet": (b"PAR1rest", {}, "ending .parquet"),
    "a title": ("Report\na,b,c\n1,2,3\n", {}, "line 2 has 3 cells, but there is 1 column.*title"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_its_place_and_a_way_out(read, case):
    content, options, words = REFUSED[case]
    with pytest.raises(DataError, match=f"(?s){words}") as caught:
        read(content, **options)
    assert "t.csv" in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 2


# A column that is doubtful is read, but refused when it is to be used.
DOUBTFUL = {
    "37 thousands": ('a,b\n"1,234",2\n5,3\n', "line 2 has '1,234'.*--thousands ,"),
    "37 all thousands": ('a,b\n"1,234",2\n"5,678",3\n', "'1,234'.*--thousands ,"),
    "37 decimal comma": ("a;b\n1,5;2\n2,5;3\n", "'1,5'.*--decimal ,"),
    "42 NA among numbers": ("a,b\n1,1\nNA,2\n3,3\n", "line 3 has 'NA'.*--missing NA"),
    "43 1e400": ("a,b\n1,1\n1e400,2\n", "line 3 has '1e400'.*not finite"),
    "43 -Infinity": ("a,b\n1,1\n-Infinity,2\n3,3\n", "line 3 has '-Infinity'.*not finite"),
    "43 nan": ("a,b\n1,1\nnan,2\n3,3\n", "line 3 has 'nan'.*--missing nan"),
    "45 one text": ("a,b\n1,1\n2,2\nx y,3\n4,4\n", "line 4 has 'x y'.*--missing 'x y'"),
    "46 mixed truths": (
        "a,b\nTrue,1\nTRUE,2\nyes,3\n0,4\n",
        "true and false in several ways.*--categorical a",
    ),
    "46 two spellings": ("a,b\nTrue,1\nTRUE,2\nFalse,3\n", "several ways"),
    "47 a stray zero": ("a,b\n1,1\n2,2\n007,3\n4,4\n5,5\n", "'007', which would lose"),
    "per cent": ("a,b\n5%,1\n6 %,2\n", "'5%'.*without the sign"),
    "a currency": ("a,b\n€5,1\n$6,2\n", "'€5'.*without the sign"),
    "a minus of typography": ("a,b\n−5,1\n6,2\n7,3\n", "line 2 has '−5'"),
    "an underscore": ("a,b\n1_000,1\n6,2\n7,3\n", "'1_000'"),
    "an exponent d": ("a,b\n1d3,1\n6,2\n7,3\n", "'1d3'"),
}


@pytest.mark.parametrize("case", DOUBTFUL)
def test_a_column_of_numbers_with_something_else_is_doubted(read, case):
    content, words = DOUBTFUL[case]
    doubt = read(content).column("a").doubt
    assert re.search(f"(?s){words}", doubt), doubt
    assert read(content, as_text="a").column("a").doubt == ""


def test_one_text_at_the_end_of_many_rows_is_found(read):
    rows = "".join(f"{i}.25,{i}\n" for i in range(200_000))
    table = read(f"a,b\n{rows}oops,7\n")
    assert "line 200002 has 'oops'" in table.column("a").doubt
    assert table.kinds == {"a": "number", "b": "number"}


def test_numbers_that_turn_out_to_be_words_are_read_again_from_the_start(read):
    rows = "".join(f"{i % 1000},x\n" for i in range(150_000))
    words = "".join(f"w{i % 500},x\n" for i in range(160_000))
    column = read(f"a,b\n{rows}{words}").column("a")
    assert column.kind in ("category", "text")
    assert column.cell(0) == "0"
    assert column.cell(149_999) == "999"
    assert column.cell(150_000) == "w0"


def test_a_code_far_behind_makes_the_whole_column_codes(read):
    rows = "".join(f"{10_000 + i % 50_000},x\n" for i in range(150_000))
    column = read(f"zip,b\n{rows}01234,x\n").column("zip")
    assert column.kind in ("category", "text")
    assert column.cell(150_000) == "01234"


def test_lines_of_rows(read):
    table = read('\na,b\n1,x\n\n2,"u\nv\r\nw"\n3,y\n\n\n4,z\n')
    assert [table.where(row) for row in range(4)] == ["line 3", "line 5", "line 8", "line 11"]


@pytest.mark.parametrize(
    ("content", "options", "note"),
    [
        (b"\xef\xbb\xbfa,b\n1,2\n", {}, "byte order mark: utf-8"),
        (b"\xef\xbb\xbfa,b\n1,2\n", {"encoding": "latin-1"}, "so not latin-1"),
        ("a;b\n1;2\n", {}, "semicolon"),
        ("a,b,\n1,2,\n", {}, "ends in a delimiter"),
        ("1,2\n3,4\n", {}, "--no-header"),
        ("a,b\n1,2\n\n3,4\n", {}, "1 empty line skipped (first: line 3)"),
        ("a,b\n1\n3,4\n", {"ragged": "missing"}, "1 short row filled up"),
        (" a,b\n1,2\n", {}, "blanks around column names"),
        ("c,x\nNA,1\nDE,2\nNA,3\n", {}, "'NA' is a category (2 cells)"),
        ("c,x\nAdelie,1\nadelie ,2\n", {}, "differ only by case or blanks"),
        ("a,b\n9007199254740993,1\n2,2\n", {}, "1 integer beyond 2**53"),
        ("a,b\n1e-400,1\n2,2\n", {}, "1 number too small"),
    ],
)
def test_what_was_inferred_is_said(read, content, options, note):
    assert note in "; ".join(read(content, **options).notes)


def test_kinds(read):
    rows = "".join(
        f"id{i:03},2020-01-{i % 28 + 1:02},{'red' if i % 3 else 'blue'},{i},{i / 4},"
        f"the quick brown fox number {i} jumps over the lazy dog,TRUE\n"
        for i in range(40)
    )
    table = read(f"id,day,colour,count,size,story,flag\n{rows}")
    assert table.kinds == {
        "id": "text",
        "day": "date",
        "colour": "category",
        "count": "number",
        "size": "number",
        "story": "text",
        "flag": "boolean",
    }
    assert table.column("count").whole
    assert not table.column("size").whole


@pytest.mark.parametrize("count", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_very_many_columns(read, count):
    names = ",".join(f"c{i}" for i in range(count))
    rows = "\n".join(",".join(map(str, np.arange(count) % 7 + row)) for row in range(5))
    table = read(f"{names}\n{rows}\n")
    assert (len(table.columns), table.rows) == (count, 5)
    first = (count - 1) % 7
    assert cells(table, f"c{count - 1}") == [first + row for row in range(5)]


def test_one_huge_line_without_an_end_is_refused(read, monkeypatch):
    monkeypatch.setattr("chainrule.data.records.LONGEST_RECORD", 3 << 20)
    with pytest.raises(DataError, match="line 2 is longer than 3 MiB"):
        read(b"a\n" + b"1" * (6 << 20))


@pytest.mark.parametrize(
    "options",
    [
        {"delimiter": ",,"},
        {"delimiter": '"'},
        {"delimiter": "é"},
        {"decimal": ",", "thousands": ","},
        {"thousands": "."},
        {"ragged": "ignore"},
        {"encoding": "klingon"},
        {"encoding": "rot13"},
        {"missing": [1]},
    ],
)
def test_options_that_make_no_sense(read, options):
    with pytest.raises(SpecError):
        read("a,b\n1,2\n", **options)


def test_a_column_that_does_not_exist(read):
    with pytest.raises(DataError, match=r"no column 'siez'\. Did you mean 'size'"):
        read("size,b\n1,2\n").column("siez")
