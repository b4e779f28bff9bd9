"""What goes into a run comes out of it, bit for bit."""

import json
import sys

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_samples import WEIRD, bits, contents_bits, files_of, sample

from chainrule.errors import FileRefused
from chainrule.files import (
    PARTS,
    RowSource,
    RunContents,
    describe_files,
    hash_file,
    keep_rows,
    open_rows,
    read_run,
    row_source,
    update_run,
    write_run,
)

DTYPES = st.sampled_from(["f8", "f4", "f2", "i8", "i4", "u1", "i2", "u8", "?", ">f8", ">i4"])
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
NAMES = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=9
).filter(lambda name: not name.startswith("$") and name.isprintable())
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text()
KEYS = st.text().filter(lambda key: not key.startswith("$"))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None)
@given(
    st.dictionaries(KEYS, VALUES, max_size=4),
    st.dictionaries(NAMES, ARRAYS, max_size=4),
    st.dictionaries(st.integers(0, 10**12), st.dictionaries(NAMES, ARRAYS, max_size=2), max_size=2),
)
def test_any_run_comes_back_bit_for_bit(module_path, manifest, weights, checkpoints):
    run = write_run(
        module_path / "run",
        RunContents(manifest, weights, {}, dict(sorted(checkpoints.items())), rows=weights),
        overwrite=True,
    )
    back = read_run(run)
    assert bits(back.manifest) == bits(manifest)
    assert bits(back.weights) == bits(weights)
    assert bits(back.rows) == bits(weights)
    assert bits(back.checkpoints) == bits(dict(sorted(checkpoints.items())))


def test_every_part_comes_back(tmp_path):
    run = write_run(tmp_path / "a" / "b" / "run", sample())
    assert contents_bits(read_run(run)) == contents_bits(sample())
    assert sorted(files_of(run)) == [
        "checkpoints/step-0000000000.safetensors",
        "checkpoints/step-0000000007.safetensors",
        "history.jsonl",
        "history.parquet",
        "model.safetensors",
        "report.html",
        "rows.safetensors",
        "run.json",
    ]
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["run"]


@pytest.mark.parametrize(
    "array",
    [
        WEIRD,
        WEIRD[::-2],
        WEIRD.astype(">f8"),
        np.asfortranarray(WEIRD.reshape(2, 4)),
        WEIRD.reshape(2, 2, 2).transpose(2, 0, 1),
        np.float64(-0.0),
        np.array(-0.0),
        np.zeros((0, 3)),
        np.zeros((3, 0), np.float32),
        np.array([2**63 - 1, -(2**63)]),
        np.array([[True], [False]]),
        np.frombuffer(b"\x01\x00\x00\x00\x00\x00\xf4\x7f", "f8"),
        np.broadcast_to(np.float32(1.5), (3, 2)),
    ],
)
def test_an_array_comes_back(tmp_path, array):
    run = write_run(tmp_path / "run", RunContents({}, {"a": array, "flag": np.array([True])}))
    back = read_run(run).weights["a"]
    assert bits(back) == bits(np.asarray(array))
    assert back.flags.aligned
    assert back.dtype.isnative
    with pytest.raises(ValueError, match="read-only"):
        back[...] = 0


def test_names_keep_their_order(tmp_path):
    weights = {name: np.zeros(1, dtype) for name, dtype in zip("zaMb", "?dfi", strict=True)}
    run = write_run(tmp_path / "run", RunContents({"z": 1, "a": 2}, weights))
    assert list(read_run(run).weights) == list("zaMb")
    assert list(read_run(run).manifest) == ["z", "a"]


def test_the_same_contents_give_the_same_bytes(tmp_path):
    one, two = (files_of(write_run(tmp_path / name, sample())) for name in "ab")
    assert {k: p.read_bytes() for k, p in one.items()} == {
        k: p.read_bytes() for k, p in two.items()
    }


def test_other_programs_read_our_files(tmp_path):
    import pyarrow.parquet as pq
    from safetensors.numpy import load_file, save_file

    run = write_run(tmp_path / "run", sample())
    assert bits(dict(sorted(load_file(run / "model.safetensors").items()))) == bits(
        sample().weights
    )
    table = pq.read_table(run / "history.parquet")
    assert table["step"].to_pylist() == [0, 1]
    assert table["loss"].to_pylist()[0] == 0.5
    assert json.loads((run / "run.json").read_text())["manifest"]["spec"] == "2-2:tanh-1"

    from chainrule.files import tensors

    save_file({"b": np.ones(3, np.float32), "W": np.eye(2)}, tmp_path / "theirs")
    data = np.fromfile(tmp_path / "theirs", np.uint8)
    assert bits(tensors.decode(data, "theirs")["W"]) == bits(np.eye(2))


@pytest.mark.parametrize("part", PARTS)
def test_a_part_alone_is_read_but_every_file_is_verified(tmp_path, part):
    run = write_run(tmp_path / "run", sample())
    got, empty = read_run(run, parts=(part,)), RunContents(sample().manifest, {})
    for name in PARTS:
        expected = getattr(sample() if name == part else empty, name)
        assert bits(getattr(got, name)) == bits(expected)
    for path in files_of(run).values():
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        with pytest.raises(FileRefused):
            read_run(run, parts=(part,))
        data[-1] ^= 1
        path.write_bytes(data)


def test_an_unknown_part_is_refused(tmp_path):
    run = write_run(tmp_path / "run", sample())
    with pytest.raises(FileRefused, match="no parts"):
        read_run(run, parts=("weight",))


def test_history_of_one_long_column_is_quick_to_open(tmp_path):
    loss = np.random.default_rng(0).standard_normal(300_000).astype(np.float32)
    run = write_run(tmp_path / "run", RunContents({}, {}, {"loss": loss, "none": loss[::-1]}))
    back = read_run(run).history
    assert bits(back) == bits({"loss": loss, "none": loss[::-1]})


@pytest.mark.parametrize("rows", [0, 1, 2**20, 2**20 + 3])
@pytest.mark.parametrize("columns", [1, 13, 14, 15, 200])
def test_histories_of_every_layout_are_parquet(tmp_path, rows, columns):
    """Lists of 15 and more, and columns of several pages, are written in another way."""
    import pyarrow.parquet as pq

    if rows > 2 and columns > 1:
        rows -= 2**20 - 2
    history = {f"é{k}": np.full(rows, k, ["f4", "f8", "i8"][k % 3]) for k in range(columns)}
    run = write_run(tmp_path / "run", RunContents({}, {}, history))
    assert bits(read_run(run).history) == bits(history)
    table = pq.read_table(run / "history.parquet")
    table.validate(full=True)
    assert bits({name: table[name].to_numpy() for name in table.column_names}) == bits(history)


def test_empty_histories(tmp_path):
    for number, history in enumerate([{}, {"loss": np.zeros(0), "step": np.zeros(0, np.int64)}]):
        run = write_run(tmp_path / f"run{number}", RunContents({}, {}, history))
        assert bits(read_run(run).history) == bits(history)


# ---------------------------------------------------------------- the next state of a run


def test_update_changes_what_is_given_and_keeps_the_rest(tmp_path):
    run = write_run(tmp_path / "run", sample())
    rows = (run / "rows.safetensors").stat().st_ino
    weights, history = {"W1": np.ones(3)}, {"loss": np.array([1.0, 2.0, 3.0])}
    update_run(
        run, manifest={"n": 2}, weights=weights, history=history, drop=[0],
        checkpoints={9: weights}, report=b"new",
    )  # fmt: skip
    steps = {7: sample().checkpoints[7], 9: weights}
    expected = RunContents({"n": 2}, weights, history, steps, sample().rows, b"new")
    assert contents_bits(read_run(run)) == contents_bits(expected)
    assert (run / "rows.safetensors").stat().st_ino == rows
    assert all(line["ok"] for line in describe_files(run))
    assert not (run / ".next").exists()


def test_update_with_nothing_keeps_everything(tmp_path):
    run = write_run(tmp_path / "run", sample())
    before = {name: path.read_bytes() for name, path in files_of(run).items()}
    update_run(run)
    assert {name: path.read_bytes() for name, path in files_of(run).items()} == before


def test_update_can_take_the_history_away(tmp_path):
    run = write_run(tmp_path / "run", sample())
    update_run(run, history={})
    assert read_run(run).history == {}
    assert not (run / "history.parquet").exists()


def test_a_damaged_run_is_not_updated(tmp_path):
    run = write_run(tmp_path / "run", sample())
    (run / "run.json").write_bytes((run / "run.json").read_bytes() + b" ")
    before = {name: path.read_bytes() for name, path in files_of(run).items()}
    with pytest.raises(FileRefused, match="integrity"):
        update_run(run, report=b"new")
    assert {name: path.read_bytes() for name, path in files_of(run).items()} == before


def test_overwriting_leaves_only_the_new_run_and_what_is_not_ours(tmp_path):
    run = write_run(tmp_path / "run", sample())
    (run / "notes.txt").write_text("mine")
    new = RunContents({"n": 2}, {"W": np.ones(2)}, checkpoints={1: {"W": np.zeros(2)}})
    write_run(run, new, overwrite=True)
    assert contents_bits(read_run(run)) == contents_bits(new)
    assert sorted(files_of(run)) == [
        "checkpoints/step-0000000001.safetensors",
        "model.safetensors",
        "notes.txt",
        "run.json",
    ]


# ---------------------------------------------------------------- rows outside the folder


def test_rows_too_large_are_named_by_their_source(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n")
    source = row_source(table, rows=1)
    rows = keep_rows({"X": np.zeros((8, 2))}, source, limit=127)
    assert rows is source
    run = write_run(tmp_path / "run", RunContents({}, {}, rows=rows))
    table.unlink()
    back = read_run(run).rows  # loading does not look for the table
    assert back == source == RowSource(str(table), source.sha256, 8, 1)
    with pytest.raises(FileRefused, match="no such file"):
        open_rows(back)
    table.write_text("a,b\n1,3\n")
    with pytest.raises(FileRefused, match="has changed since the run was made"):
        open_rows(back)
    table.write_text("a,b\n1,2\n")
    with open_rows(back) as file:
        assert file.read() == b"a,b\n1,2\n"


def test_hash_file_refuses_what_is_no_file(tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", "/dev/zero", tmp_path / "none", "a\0b"):
        with pytest.raises(FileRefused):
            hash_file(path)


# ---------------------------------------------------------------- telling what is there


def test_describe_names_every_file_and_its_state(tmp_path):
    run = write_run(tmp_path / "run", sample())
    (run / "model.safetensors").write_bytes(b"x")
    (run / "history.parquet").unlink()
    (run / "notes.txt").write_text("mine")
    (run / "checkpoints" / "more").write_text("mine")
    states = {line["name"]: line["ok"] for line in describe_files(run)}
    assert states.pop("notes.txt") is None
    assert states.pop("checkpoints/more") is None
    assert {name for name, ok in states.items() if not ok} == {
        "model.safetensors",
        "history.parquet",
    }
    (run / "run.json").write_text("{}")
    assert {line["name"]: line["ok"] for line in describe_files(run)}["run.json"] is False


def test_importing_the_room_loads_nothing_heavy():
    import subprocess

    heavy = "{'pyarrow', 'safetensors', 'msgspec', 'pandas'}"
    code = f"import sys, chainrule.files; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
