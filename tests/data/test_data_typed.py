"""Tables that come with types: dataframes, dicts, arrays, Parquet, NPZ and NPY."""

import contextlib
import datetime
import decimal
import io
import zipfile

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chainrule.data import read_table
from chainrule.errors import DataError

COLUMNS = {
    "n": [1.5, 2.5, 3.5],
    "i": [1, 2, 3],
    "c": ["red", "blue", "red"],
    "b": [True, False, True],
}
KINDS = {"n": "number", "i": "number", "c": "category", "b": "boolean"}


@pytest.fixture(params=["dict", "arrays", "pandas", "polars", "pyarrow", "parquet", "npz"])
def columns(request, tmp_path):
    arrays = {name: np.array(values) for name, values in COLUMNS.items()}
    if request.param == "parquet":
        pq.write_table(pa.table(COLUMNS), tmp_path / "t.parquet")
        return tmp_path / "t.parquet"
    if request.param == "npz":
        np.savez(tmp_path / "t.npz", **arrays)
        return tmp_path / "t.npz"
    makers = {
        "dict": dict,
        "arrays": lambda _: arrays,
        "pandas": pd.DataFrame,
        "polars": pl.DataFrame,
        "pyarrow": pa.table,
    }
    return makers[request.param](COLUMNS)


def test_all_ways_to_hand_in_the_same_table_agree(columns):
    table = read_table(columns)
    assert table.kinds == KINDS
    assert table.column("n").values.tolist() == COLUMNS["n"]
    assert table.column("i").values.tolist() == COLUMNS["i"]
    assert list(table.column("c").cells()) == COLUMNS["c"]
    assert list(table.column("b").cells()) == ["True", "False", "True"]


@pytest.mark.parametrize(
    ("values", "missing", "nans"),
    [
        ([1.0, None, 3.0], 1, 0),
        ([1.0, float("nan"), 3.0], 0, 1),
        (np.array([1.0, np.nan, 3.0]), 0, 1),
        (pd.Series([1.0, np.nan, 3.0]), 0, 1),
        (pd.Series([1, None, 3], dtype="Int64"), 1, 0),
        (pd.Series([1.5, None, 3], dtype="float64[pyarrow]"), 1, 0),
        (pl.Series([1.0, None, 3.0]), 1, 0),
        (pl.Series([1.0, float("nan"), None]), 1, 1),
        (np.ma.masked_array([1.0, 2, 3], [0, 1, 0]), 1, 0),
        ([1, pd.NA, 3], 1, 0),
    ],
)
def test_a_missing_number_is_not_a_nan(values, missing, nans):
    column = read_table({"x": values}).column("x")
    assert (column.kind, column.missing, column.nans) == ("number", missing, nans)


@pytest.mark.parametrize(
    "values",
    [
        ["a", None, "b"],
        pd.Series(["a", None, "b"]),
        pd.Series(["a", None, "b"], dtype=object),
        pd.Categorical(["a", None, "b"]),
        pl.Series(["a", None, "b"]),
        pl.Series(["a", None, "b"], dtype=pl.Categorical),
        np.array(["a", None, "b"], dtype=object),
    ],
)
def test_missing_texts(values):
    column = read_table({"x": values}).column("x")
    assert (column.kind, column.missing) == ("category", 1)
    assert list(column.cells()) == ["a", None, "b"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.array([1, 2], np.uint8), "number"),
        (np.array([1, 2], ">i4"), "number"),
        (np.array([1, 2], np.float16), "number"),
        (np.array(["a", "a"], np.dtypes.StringDType()), "category"),
        (np.array([b"a", b"b"]), "category"),
        (np.array(["2020-01-01", "2020-01-02"], "M8[D]"), "date"),
        ([datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)], "date"),
        ([decimal.Decimal("1.5"), decimal.Decimal(2)], "number"),
        (pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"])), "date"),
        ([None, None], "empty"),
        ([float("nan")] * 2, "empty"),
    ],
)
def test_types_that_have_a_reading(values, kind):
    assert read_table({"x": values}).column("x").kind == kind


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, 2, "x"], r"type int, but row 2 \(counted from 0\) is 'x'"),
        (np.array([1, 2, "x"], object), "'x'"),
        (pd.Series([1, 2, "x"]), "'x'"),
        ([1.0, float("inf"), 2], r"row 1 \(counted from 0\) is inf"),
        ([[1], [2], [3]], "list"),
        ([1j, 2j, 3j], "complex"),
        (np.array([1j, 2, 3]), "complex"),
        (pl.Series([[1], [2], [3]]), "list"),
        ([datetime.timedelta(1)] * 3, "duration"),
        ([10**400, 1, 2], "int beyond float64"),
    ],
)
def test_columns_without_a_reading_are_doubted(values, words):
    import re

    doubt = read_table({"x": values}).column("x").doubt
    assert re.search(words, doubt), doubt


def test_mixed_columns_can_be_read_as_text():
    assert list(read_table({"x": [1, 2.5, "x"]}, as_text="x").column("x").cells()) == [
        "1",
        "2.5",
        "x",
    ]
    assert list(read_table({"x": [1.0, 2.5]}, as_text="x").column("x").cells()) == ["1", "2.5"]
    large = {"x": [2**53 + 1, 2**53]}
    assert read_table(large, as_text="x").column("x").words == (
        "9007199254740992",
        "9007199254740993",
    )
    assert "1 integer beyond 2**53" in read_table(large).column("x").notes[0]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "no columns"),
        ({"a": []}, "no rows"),
        ({"a": [1], "b": [1, 2]}, "differ in length: a 1, b 2"),
        ({"": [1]}, "has no name"),
        ({"a": 3}, "not a list of cells"),
        ({"a": "text"}, "not a list of cells"),
        ({"a": np.zeros((2, 2))}, "not one axis"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "(?i)a"),
        (3, "table was expected"),
        (np.float64(3), "table was expected"),
        (np.zeros((0, 2)), "no rows"),
    ],
)
def test_what_is_no_table_is_refused(value, words):
    with pytest.raises(DataError, match=words):
        read_table(value)


def test_an_array_has_numbered_columns():
    assert read_table(np.arange(6.0).reshape(3, 2)).names == ("x0", "x1")
    fields = np.array([(1, 2.5)], dtype=[("p", "i4"), ("q", "f8")])
    assert read_table(fields).names == ("p", "q")


def test_dataframes_whose_columns_have_numbers_for_names():
    table = read_table(pd.DataFrame(np.eye(2)))
    assert table.names == ("0", "1")
    assert table.column("1").values.tolist() == [0, 1]
    with pytest.raises(DataError, match="collected"):
        read_table(pl.LazyFrame({"a": [1]}))


def test_a_signalling_nan_is_a_nan():
    values = np.array([1.0, 2.0])
    values.view(np.uint64)[1] = 0x7FF0000000000001
    assert read_table({"x": values}).column("x").nans == 1


def test_a_doubt_is_among_the_notes():
    assert "cannot be used as it is: column 'x'" in read_table({"x": [1, 2, "x"]}).notes[0]


def test_npy_and_npz(tmp_path):
    x = np.arange(12.0).reshape(4, 3)
    np.save(tmp_path / "x.npy", np.asfortranarray(x))
    assert read_table(tmp_path / "x.npy").column("x1").values.tolist() == [1, 4, 7, 10]
    np.savez_compressed(
        tmp_path / "t.npz", x=x.reshape(4, 3, 1), y=np.array([0, 1, 0, 1], np.uint8)
    )
    table = read_table(tmp_path / "t.npz")
    assert table.names == ("x0", "x1", "x2", "y")


def npz(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def npy(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def header(shape):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("t.npy", npy(np.array([{}], object), allow_pickle=True), "pickled"),
        ("t.npy", npy(np.ones(9))[:-3], "cut off"),
        ("t.npy", npy(np.ones(9))[:20], "damaged"),
        ("t.npy", b"", "damaged"),
        ("t.npy", b"\x93NUMPY\x07\x00", "damaged"),
        ("t.npy", b"\x93NUMPY\x01\x00\x05\x00" + b"(((((", "damaged"),
        ("t.npy", b"\x93NUMPY\x01\x00\x02\x00" + b"{}", "other fields"),
        ("t.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "header has 4294967295 bytes"),
        ("t.npy", header((10**12, 10)) + b"\0" * 64, "header says 80000000000000 bytes"),
        ("t.npy", header((-5,)) + b"\0" * 64, "damaged"),
        ("t.npz", b"PK\x03\x04 no zip", "damaged"),
        ("t.npz", npz({}), "no arrays"),
        ("t.npz", npz({"x.npy": npy(np.ones(2)), "y.npy": npy(np.ones(3))}), "differ in rows"),
        ("t.npz", npz({"x.npy": npy(np.array([{}], object), allow_pickle=True)}), "pickled"),
        ("t.npz", npz({"x.npy": b"nonsense"}), "damaged"),
        ("t.npz", npz({"x.npy": npy(np.float64(3))}), "one value"),
        ("t.parquet", b"PAR1 nonsense PAR1", "damaged"),
        ("t.parquet", b"", "damaged"),
    ],
)
def test_damaged_and_hostile_files_are_refused(tmp_path, name, data, words):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=words):
        read_table(tmp_path / name)


def test_a_zip_bomb_is_refused_before_memory_is_taken(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "t.npz", x=np.zeros(1 << 20))
    monkeypatch.setattr("chainrule.data.memory.available_memory", lambda: 1 << 20)
    with pytest.raises(DataError, match=r"would need 8 MiB, but only 1 MiB are free"):
        read_table(tmp_path / "t.npz")


def test_parquet_types(tmp_path):
    table = pa.table(
        {
            "nested": pa.array([[1], [2]]),
            "decimal": pa.array([decimal.Decimal("1.50"), None]),
            "stamp": pa.array([0, 1], pa.timestamp("us", "UTC")),
            "dictionary": pa.array(["a", "b"]).dictionary_encode(),
            "numbers": pa.array([3, 4]).dictionary_encode(),
            "nothing": pa.nulls(2),
            "binary": pa.array([b"a", b"b"]),
            "large": pa.array([2**63, 2**64 - 1], pa.uint64()),
            "half": pa.array(np.array([1, 2], np.float16)),
            "view": pa.array(["p", None], pa.string_view()),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet")
    assert found.kinds == {
        "nested": "unreadable",
        "decimal": "number",
        "stamp": "date",
        "dictionary": "category",
        "numbers": "number",
        "nothing": "empty",
        "binary": "unreadable",
        "large": "number",
        "half": "number",
        "view": "category",
    }
    assert "list<" in found.column("nested").doubt
    assert "--drop nested" in found.column("nested").doubt
    assert found.column("decimal").cell(0) == 1.5


def test_parquet_nan_is_no_missing_cell(tmp_path):
    pq.write_table(pa.table({"x": pa.array([1.0, float("nan"), None])}), tmp_path / "t.parquet")
    column = read_table(tmp_path / "t.parquet").column("x")
    assert (column.missing, column.nans) == (1, 1)


def test_no_extension_type_is_made(tmp_path):
    made = []

    class Trap(pa.ExtensionType):
        def __init__(self):
            super().__init__(pa.int64(), "chainrule.trap")

        def __arrow_ext_serialize__(self):
            return b""

        @classmethod
        def __arrow_ext_deserialize__(cls, *_):
            made.append(1)
            return cls()

    pa.register_extension_type(Trap())
    try:
        array = pa.ExtensionArray.from_storage(Trap(), pa.array([1, 2]))
        pq.write_table(pa.table({"x": array}), tmp_path / "t.parquet")
        made.clear()
        with pytest.raises(DataError, match="extension type"):
            read_table(tmp_path / "t.parquet")
        assert not made
    finally:
        pa.unregister_extension_type("chainrule.trap")


def test_a_parquet_file_cut_or_flipped_is_refused_or_read_the_same(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": list(range(50)), "c": ["a", "b"] * 25}), path)
    whole = path.read_bytes()
    for cut in range(0, len(whole), 37):
        path.write_bytes(whole[:cut])
        with pytest.raises(DataError):
            read_table(path)
    for place in range(4, len(whole), 53):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with contextlib.suppress(DataError):
            read_table(path)


def test_a_parquet_file_of_a_billion_rows_is_refused_by_its_footer(tmp_path, monkeypatch):
    monkeypatch.setattr("chainrule.data.memory.available_memory", lambda: 1 << 20)
    pq.write_table(pa.table({"x": pa.array(np.zeros(1 << 20))}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="1048576 rows x 1"):
        read_table(tmp_path / "t.parquet")
