"""Streamed tables: the same facts, the same refusals as in memory, whatever the pieces.

The reader in memory is the reference: what one pass in small pieces learns must be what it learns
from the whole table.
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainrule.data import Preparation, Reading, memory, prepare, read_table
from chainrule.data.stream import dealing, fits, sources
from chainrule.data.stream.dataset import StreamedDataset, prepare_stream
from chainrule.data.stream.pieces import TableFiles
from chainrule.data.stream.scratch import PLACE
from chainrule.data.transforms import OneHot, Standardize
from chainrule.errors import DataError

NUMBERS = st.sampled_from(["0", "1", "2", "-3", "4.5", "1e3", " 7 ", "12345678", "0.1", "-0"])
CELLS = st.one_of(
    NUMBERS,
    st.sampled_from(
        ["", " ", "NA", "x", "y", "True", "false", "1,5", "007", "1e400", "2024-01-05"]
    ),
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut tables into pieces of seven rows and blocks of few."""
    monkeypatch.setattr(TableFiles, "piece_rows", property(lambda files: 7))
    monkeypatch.setattr(dealing, "BLOCK_BYTES", 200)
    monkeypatch.setattr(dealing, "RUN_BYTES", 700)
    monkeypatch.setattr(dealing, "HELD_OUT_BYTES", 300)


def _write_csv(path: Path, columns: dict[str, list[str]]) -> None:
    rows = zip(*columns.values(), strict=True)
    quoted = [",".join(f'"{c}"' if "," in c else c for c in row) for row in rows]
    path.write_text("\n".join([",".join(columns), *quoted]) + "\n")


def _close(one: float, other: float, size: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-13 * size)


def _assert_like(streamed: Preparation, whole: Preparation) -> None:
    """Compare what was learnt; numbers to rounding, all else exactly."""
    pairs = [*zip(streamed.transforms, whole.transforms, strict=True)]
    for one, other in [*pairs, (streamed.output, whole.output)]:
        assert type(one) is type(other), (one, other)
        if isinstance(one, Standardize) and isinstance(other, Standardize):
            size = abs(other.center) + other.spread
            for field in ("center", "spread", "fill"):
                assert _close(getattr(one, field), getattr(other, field), size), (one, other)
            same = {field: getattr(other, field) for field in ("center", "spread", "fill")}
            assert replace(one, **same) == other
        else:
            assert one == other
    assert streamed.left_out == whole.left_out
    assert streamed.task == whole.task
    assert streamed.notes[1:] == whole.notes[1:]


def _refusal(do: object) -> str | None:
    assert callable(do)
    try:
        do()
    except DataError as error:
        return str(error)
    return None


@settings(
    max_examples=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.data())
def test_nasty_csv_is_learnt_as_in_memory(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    rows = data.draw(st.integers(4, 40), "rows")
    kinds = data.draw(st.lists(st.sampled_from([CELLS, NUMBERS]), min_size=2, max_size=4), "kinds")
    columns = {
        f"c{k}": data.draw(st.lists(kind, min_size=rows, max_size=rows), f"c{k}")
        for k, kind in enumerate(kinds)
    }
    columns["y"] = data.draw(st.lists(NUMBERS, min_size=rows, max_size=rows), "y")
    path = tmp_path / "nasty.csv"
    _write_csv(path, columns)
    monkeypatch.setattr("chainrule.data.decoding.CHUNK", data.draw(st.sampled_from([40, 1 << 20])))
    _compare(path, {})


@settings(
    max_examples=25, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.data())
def test_nasty_parquet_is_learnt_as_in_memory(
    small: None, tmp_path: Path, data: st.DataObject
) -> None:
    rows = data.draw(st.integers(4, 40), "rows")
    floats = st.one_of(st.none(), st.floats(width=32), st.sampled_from([0.0, 1.0, 1e300, 1e-300]))
    choices = [
        (floats, pa.float64()),
        (st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), pa.int64()),
        (st.one_of(st.none(), st.sampled_from(["a", "b", "NA", "7"])), pa.string()),
        (st.one_of(st.none(), st.booleans()), pa.bool_()),
        (st.just([1]), pa.list_(pa.int8())),
        (st.none(), pa.null()),
    ]
    picked = data.draw(st.lists(st.sampled_from(range(6)), min_size=1, max_size=4), "types")
    columns = {
        f"c{n}": pa.array(
            data.draw(st.lists(choices[k][0], min_size=rows, max_size=rows), f"c{n}"), choices[k][1]
        )
        for n, k in enumerate(picked)
    }
    columns["y"] = pa.array([k % 3 for k in range(rows)])
    path = tmp_path / "nasty.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=data.draw(st.sampled_from([3, 100])))
    _compare(path, data.draw(st.sampled_from([{}, {"missing": "impute"}, {"missing": "error"}])))


def _compare(path: Path, how: dict[str, str]) -> None:
    """Hold a streamed table against the same one in memory, fitted on the same rows."""
    found: list[StreamedDataset] = []
    refused = _refusal(lambda: found.append(prepare_stream(path, "y", seed=3, **how)))
    if refused is not None:
        whole = _refusal(lambda: prepare(path, "y", seed=3, **how))
        assert whole is not None, f"only the stream refuses: {refused}"
        if "one class only" not in refused and "missing value in" not in refused:
            assert refused == whole
        return
    (dataset,) = found
    table = read_table(path)
    rows = np.sort(dataset.rows_train[:])
    asked: Any = how.get("missing")
    task = dataset.preparation.task
    whole_fit = Preparation.fit(table, "y", rows=rows, task=task, missing=asked)
    _assert_like(dataset.preparation, whole_fit)
    assert dataset.table_report["kinds"] == table.kinds
    assert dataset.table_report["missing"] == {k: v for k, v in table.missing.items() if v}
    lenient = dataset.preparation.with_unseen("ignore")
    for part in ("train", "validation", "test"):
        numbers = getattr(dataset, f"rows_{part}")[:]
        x, y = getattr(dataset, f"x_{part}")[:], getattr(dataset, f"y_{part}")[:]
        assert np.array_equal(x, lenient.inputs(table, numbers, extra="ignore"))
        assert np.array_equal(y.reshape(-1), lenient.targets(table, numbers))
    everyone = [getattr(dataset, f"rows_{part}")[:] for part in ("train", "validation", "test")]
    assert np.array_equal(np.sort(np.concatenate(everyone)), np.arange(table.rows))


def test_numbers_that_turn_out_words_are_surveyed_again(small: None, tmp_path: Path) -> None:
    late = ["1"] * 20 + ["a", "b"] * 20
    _write_csv(tmp_path / "t.csv", {"c": late, "y": [str(k % 2) for k in range(60)]})
    dataset = prepare_stream(tmp_path / "t.csv", "y")
    (transform,) = dataset.preparation.transforms
    assert isinstance(transform, OneHot)
    assert transform.categories == ("1", "a", "b")


def test_a_bad_cell_names_file_line_column_and_value(small: None, tmp_path: Path) -> None:
    cells = [str(k) for k in range(50)]
    cells[33] = "12O"
    path = tmp_path / "t.csv"
    _write_csv(path, {"size": cells, "y": [str(k % 2) for k in range(50)]})
    with pytest.raises(DataError, match=r"t\.csv: column 'size' .* line 35 has '12O'"):
        prepare_stream(path, "y")


@pytest.mark.parametrize("ragged", ["1,2,3\n", '1,"2\n'])
def test_a_broken_line_is_refused_as_in_memory(small: None, tmp_path: Path, ragged: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{k},{k % 2}\n" for k in range(30)) + ragged)
    with pytest.raises(DataError) as streamed:
        prepare_stream(path, "y")
    with pytest.raises(DataError) as whole:
        prepare(path, "y")
    assert str(streamed.value) == str(whole.value)


def test_several_files_are_one_table(small: None, tmp_path: Path) -> None:
    for name, start in (("a", 0), ("b", 30)):
        table = {"x": np.arange(start, start + 30) / 7, "y": np.arange(30) % 2}
        pq.write_table(pa.table(table), tmp_path / f"{name}.parquet")
    dataset = prepare_stream(f"{tmp_path}/*.parquet", "y", scale=False)
    numbers = dataset.rows_train[:]
    assert dataset.table_report["rows"] == 60
    assert np.array_equal(dataset.x_train[:][:, 0], numbers / 7)


def test_files_with_other_columns_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,0\n2,1\n")
    (tmp_path / "b.csv").write_text("x,z\n1,0\n2,1\n")
    with pytest.raises(DataError, match=r"b\.csv .*missing: 'y'; not in the first file: 'z'"):
        prepare_stream([tmp_path / "a.csv", tmp_path / "b.csv"], "y")


@pytest.mark.parametrize("change", ["grow", "rewrite", "touch back", "replace", "remove"])
@pytest.mark.parametrize("at", ["reading", "preparing"])
def test_a_file_that_changes_while_it_is_read_is_refused(
    small: None, tmp_path: Path, change: str, at: str
) -> None:
    path = tmp_path / "t.csv"
    text = "x,y\n" + "".join(f"{k},{k % 2}\n" for k in range(100))
    path.write_text(text)
    done = []

    def meddle(what: str, share: float) -> None:
        if what == at and not done:
            done.append(what)
            _meddle(path, text, change)

    with pytest.raises(DataError, match=r"t\.csv .*(chang|replaced|written to|not any more)"):
        prepare_stream(path, "y", see=meddle)
    assert done == [at]


def _meddle(path: Path, text: str, change: str) -> None:
    before = path.stat()
    if change == "grow":
        path.write_text(text + "7,1\n")
    elif change == "rewrite":
        path.write_text(text.replace("50,0", "51,0"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    elif change == "touch back":  # other bytes, and a clock that was turned back: the sums tell
        path.write_text(text.replace("98,0", "97,0"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif change == "replace":
        other = path.with_name("other")
        other.write_text(text)
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.replace(path)
    else:
        path.unlink()


def test_sums_tell_in_which_bytes_a_file_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "SUM_BYTES", 10)
    path = tmp_path / "t"
    path.write_bytes(b"0123456789" * 3)
    old = sources.file_sums(str(path))
    path.write_bytes(b"0123456789" * 2 + b"x123456789")
    with pytest.raises(DataError, match="from 20 on"):
        sources.check_sums(str(path), old, sources.file_sums(str(path)), "meanwhile")


def test_scratch_is_where_it_is_said_and_leaves_nothing(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setenv(PLACE, str(place))
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{k},{k % 2}\n" for k in range(40)))
    dataset = prepare_stream(tmp_path / "t.csv", "y")
    assert dataset.x_train.held.store.place == place
    assert list(place.iterdir()) == []
    monkeypatch.setenv(PLACE, str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=f"{PLACE} names"):
        prepare_stream(tmp_path / "t.csv", "y")


def test_a_full_disk_is_told_before_and_while_writing(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{k},{k % 2}\n" for k in range(400)))
    if not Path("/dev/full").exists():
        pytest.skip("this system has no disk that is always full")
    full = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
    monkeypatch.setattr("chainrule.data.stream.store.scratch_file", lambda place: full)
    with full, pytest.raises(DataError, match=r"the disk is full: .*no longer fit"):
        prepare_stream(tmp_path / "t.csv", "y")
    monkeypatch.undo()
    monkeypatch.setattr("chainrule.data.stream.scratch._RESERVE", 1 << 60)
    with pytest.raises(DataError, match=r"holding 400 prepared rows needs .* of disk in"):
        prepare_stream(tmp_path / "t.csv", "y")


def test_a_disk_that_gives_back_other_bytes_is_noticed(small: None, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{k},{k % 2}\n" for k in range(40)))
    dataset = prepare_stream(tmp_path / "t.csv", "y")
    store = dataset.x_train.held.store
    os.pwrite(store._file.fileno(), b"\x01", 3)
    with pytest.raises(DataError, match="gave back other bytes"):
        dataset.x_train[:]


def test_reading_options_hold_for_every_piece(small: None, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x;y\n" + "".join(f"{k},5;{'?' if k == 30 else k}\n" for k in range(40)))
    reading = Reading(decimal=",", missing=("?",))
    dataset = prepare_stream(path, "y", reading=reading, missing_target="drop", scale=False)
    assert sorted(dataset.x_train[:][:, 0].tolist())[0] % 1 == 0.5
    assert "1 row without a target left out (first: line 32)" in dataset.table_report["notes"]


def test_a_table_that_would_not_fit_is_streamed_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {"x": np.arange(1000.0), "y": np.arange(1000)}
    pq.write_table(pa.table(rows), tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("x,y\n" + "1.5,2\n" * 2700)
    np.savez(tmp_path / "t.npz", x=rows["x"])
    for free, wanted in ((60_000, False), (50_000, True)):
        monkeypatch.setattr(fits, "available_memory", lambda free=free: free)
        assert fits.streams_by_itself(tmp_path / "t.parquet") is wanted
        assert fits.streams_by_itself(str(tmp_path / "t.csv")) is wanted
        assert not fits.streams_by_itself(tmp_path / "t.npz")
        assert not fits.streams_by_itself(rows)


def test_free_memory_knows_the_limit_of_the_address_space() -> None:
    """As under ``ulimit -v``: the smaller of what is free and what is left."""
    resource = pytest.importorskip("resource")
    old = resource.getrlimit(resource.RLIMIT_AS)
    taken = memory._kilobytes(Path("/proc/self/status"), "VmSize:")
    if taken is None:
        pytest.skip("this system does not tell")
    resource.setrlimit(resource.RLIMIT_AS, (taken + (1 << 30), old[1]))
    try:
        left = memory.available_memory()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, old)
    assert left is not None
    assert left <= 1 << 30
