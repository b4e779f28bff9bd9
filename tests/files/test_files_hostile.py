"""Files made to harm: refused in one clear line, within a stated memory, whatever their sums say.

Every run here is forged: its SHA-256 sums are right, as an attacker would make them.
"""

import io
import json
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
from run_samples import (
    contents_bits,
    forge,
    parquet,
    record_of,
    sample,
    sealed,
    tensor,
    tensors_file,
)

from chainrule.errors import FileRefused
from chainrule.files import RowSource, open_rows, read_run, record, update_run, write_run


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", sample())


def refused(run):
    with pytest.raises(FileRefused) as caught:
        read_run(run)
    assert len(str(caught.value).splitlines()) == 2, "one fact, one way out"
    return str(caught.value)


class Boom:
    def __reduce__(self):
        return os.mkdir, ("/tmp/never-made-by-chainrule",)


def zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Boom()))
    return file.getvalue()


BODY = bytes(16)
TENSORS = {
    "nothing": b"",
    "seven bytes": b"1234567",
    "a pickle": pickle.dumps(Boom()),
    "an old pickle": pickle.dumps(Boom(), protocol=0),
    "a zip with a pickle": zipped(),
    "a NumPy array file": b"\x93NUMPY\x01\x00" + bytes(120),
    "header of 2^64-1": struct.pack("<Q", 2**64 - 1) + b"{}",
    "header of 2^63": struct.pack("<Q", 2**63) + b"{}      ",
    "header longer than the file": struct.pack("<Q", 4096) + b"{}      ",
    "header of 0": struct.pack("<Q", 0) + BODY,
    "header not aligned": struct.pack("<Q", 2) + b"{}",
    "header not JSON": tensors_file(b"not json"),
    "header a list": tensors_file([]),
    "header a number": tensors_file(1),
    "header with NaN": tensors_file(b'{"W1":NaN}'),
    "header not UTF-8": tensors_file(b'{"\xff":1}'),
    "header with junk behind": tensors_file(b"{}\0\0junk"),
    "header deep": tensors_file(b"[" * 200_000),
    "header deep and closed": tensors_file(b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "metadata": tensors_file({"__metadata__": {"format": "pt"}}),
    "duplicate name": tensors_file(
        b'{"W1":%b,"W1":%b}' % ((json.dumps(tensor()).encode(),) * 2), BODY
    ),
    "duplicate field": tensors_file(
        b'{"W1":{"dtype":"F64","shape":[2],"shape":[2],"data_offsets":[0,16]}}', BODY
    ),
    "unknown dtype": tensors_file({"W1": tensor("C64")}, BODY),
    "dtype object": tensors_file({"W1": tensor("O")}, BODY),
    "dtype a number": tensors_file({"W1": tensor(8)}, BODY),
    "unknown field": tensors_file({"W1": tensor(more=1)}, BODY),
    "missing field": tensors_file({"W1": {"dtype": "F64", "shape": [2]}}, BODY),
    "negative shape": tensors_file({"W1": tensor(shape=(-2,))}, BODY),
    "two negative axes": tensors_file({"W1": tensor(shape=(-1, -2))}, BODY),
    "shape of floats": tensors_file({"W1": tensor(shape=(2.0,))}, BODY),
    "shape true": tensors_file({"W1": tensor("F64", (True,), (0, 8))}, BODY[:8]),
    "shape wraps around 2^64": tensors_file({"W1": tensor(shape=(2**61, 8, 2))}, BODY),
    "shape too long": tensors_file({"W1": tensor(shape=(2,) + (1,) * 40)}, BODY),
    "empty and impossible": tensors_file({"W1": tensor(shape=(0, 2**62, 2**62), offsets=(0, 0))}),
    "shape beyond any integer": tensors_file({"W1": tensor(shape=(10**30,))}, BODY),
    "offsets reversed": tensors_file({"W1": tensor(offsets=(16, 0))}, BODY),
    "offsets negative": tensors_file({"W1": tensor(offsets=(-16, 0))}, BODY),
    "offsets behind the end": tensors_file({"W1": tensor(offsets=(16, 32))}, BODY),
    "offsets beyond 2^64": tensors_file({"W1": tensor(offsets=(2**64, 2**64 + 16))}, BODY),
    "three offsets": tensors_file({"W1": tensor(offsets=(0, 8, 16))}, BODY),
    "overlap": tensors_file({"a": tensor(), "b": tensor(offsets=(8, 24))}, bytes(24)),
    "the same bytes twice": tensors_file({"a": tensor(), "b": tensor()}, BODY),
    "a gap": tensors_file({"a": tensor(), "b": tensor(offsets=(24, 40))}, bytes(40)),
    "bytes in front": tensors_file({"a": tensor(offsets=(8, 24))}, bytes(24)),
    "bytes behind": tensors_file({"a": tensor()}, bytes(24)),
    "shape smaller than bytes": tensors_file({"a": tensor(shape=(1,))}, BODY),
    "not aligned": tensors_file(
        {"a": tensor("U8", (4,), (0, 4)), "b": tensor("F64", (2,), (4, 20))}, bytes(20)
    ),
    "a boolean of 2": tensors_file({"a": tensor("BOOL", (1,), (0, 1))}, b"\x02"),
    "reserved name": tensors_file({"$float": "inf"}),
}


@pytest.mark.parametrize("name", ["model", "rows", "checkpoints/step-0000000007"])
@pytest.mark.parametrize("what", TENSORS)
def test_hostile_tensors(run, name, what):
    (run / f"{name}.safetensors").write_bytes(TENSORS[what])
    forge(run)
    assert refused(run).startswith(f"{name}.safetensors of run ")
    assert not os.path.exists("/tmp/never-made-by-chainrule")


RECORDS = {
    "nothing": b"",
    "a pickle": pickle.dumps(Boom()),
    "no sum": b"{}",
    "sum alone": sealed("}"),
    "not closed": sealed('"version":1'),
    "list": sealed('"format":[]}'),
    "NaN": sealed('"format":"chainrule run","version":NaN}'),
    "Infinity": sealed('"format":"chainrule run","version":-Infinity}'),
    "1e999": sealed('"format":"chainrule run","version":1e999}'),
    "an integer of 100,000 digits": sealed('"version":' + "9" * 100_000 + "}"),
    "deep lists": sealed('"manifest":' + "[" * 1_000_000 + "]" * 1_000_000 + "}"),
    "deep objects": sealed('"manifest":' + '{"a":' * 300_000 + "1" + "}" * 300_000 + "}"),
    "not ASCII": sealed('"manifest":"é"}'),
    "a byte order mark": b"\xef\xbb\xbf" + sealed("}"),
    "NUL": sealed('"manifest":"\0"}'),
    "duplicate key": sealed('"version":1,"version":1}'),
    "a second integrity": sealed('"integrity":"x"}'),
    "junk behind": sealed("}junk"),
}


@pytest.mark.parametrize("what", RECORDS)
def test_hostile_records(run, what):
    (run / "run.json").write_bytes(RECORDS[what])
    assert refused(run).startswith("run.json of run ")


CHANGES = {
    "unknown field": lambda tree: tree | {"extra": 1},
    "missing field": lambda tree: {k: v for k, v in tree.items() if k != "files"},
    "version 0": lambda tree: tree | {"version": 0},
    "version true": lambda tree: tree | {"version": True},
    "version text": lambda tree: tree | {"version": "1"},
    "other format": lambda tree: tree | {"format": "other"},
    "manifest a list": lambda tree: tree | {"manifest": []},
    "manifest null": lambda tree: tree | {"manifest": None},
    "manifest with a reserved key": lambda tree: tree | {"manifest": {"$ref": "x"}},
    "a float of no meaning": lambda tree: tree | {"manifest": {"$float": "1"}},
    "files a list": lambda tree: tree | {"files": []},
    "no model": lambda tree: tree["files"].pop("model.safetensors") and None,
    "length negative": lambda tree: tree["files"]["model.safetensors"].update(bytes=-1),
    "length beyond 2^64": lambda tree: tree["files"]["model.safetensors"].update(bytes=2**70),
    "sum short": lambda tree: tree["files"]["model.safetensors"].update(sha256="00"),
    "sum with newline": lambda tree: tree["files"]["model.safetensors"].update(
        sha256="0" * 64 + "\n"
    ),
    "entry with more": lambda tree: tree["files"]["model.safetensors"].update(path="/etc/passwd"),
    "source beside rows": lambda tree: (
        tree | {"source": {"path": "x", "sha256": "0" * 64, "bytes": 1, "rows": 1}}
    ),
    "source with more": lambda tree: tree | {"source": {"path": "x", "url": "http://x"}},
}


@pytest.mark.parametrize("what", CHANGES)
def test_forged_records(run, what):
    forge(run, CHANGES[what])
    assert refused(run).startswith("run.json of run ")


@pytest.mark.parametrize(
    "name",
    [
        "../secret.safetensors", "/etc/passwd", "checkpoints/../../secret", "model.pkl", "", ".",
        "checkpoints/step-1.safetensors", "checkpoints/step-00000000007.safetensors",
        "checkpoints\\step-0000000001.safetensors", "checkpoints//step-0000000001.safetensors",
        "checkpoints/step-000000000\u0661.safetensors", "MODEL.safetensors", "run.json",
        "report.html\0", ".next/model.safetensors", "a" * 100_000,
    ],
)  # fmt: skip
def test_names_that_no_run_lists(run, name):
    entry = {"bytes": 0, "sha256": "0" * 64}
    forge(run, lambda tree: tree["files"].update({name: entry}))
    assert "which no run contains" in refused(run)


def test_a_newer_format_says_what_to_install(run):
    forge(run, lambda tree: tree | {"version": record.VERSION + 1, "new field": []})
    assert "Install a newer chainrule" in refused(run)


# ---------------------------------------------------------------- history


def bad_histories():
    import pyarrow as pa

    zeros = pa.array(np.zeros(1_000_000))
    strict = pa.schema([pa.field("loss", pa.float64(), nullable=False)])
    good = pa.table([zeros], schema=strict)
    nulls = pa.table({"loss": pa.nulls(1_000_000, pa.float64())})
    return {
        "nothing": b"",
        "magic only": b"PAR1PAR1",
        "footer of 2^31": b"PAR1" + struct.pack("<I", 2**31 - 1) + b"PAR1",
        "a pickle": pickle.dumps(Boom()),
        "a CSV": b"loss\n1\n",
        "compressed": parquet(good, compression="zstd"),
        "dictionary": parquet(good, use_dictionary=True),
        "nulls": parquet(nulls),
        "text": parquet(pa.table({"loss": ["a", "b"]})),
        "lists": parquet(pa.table({"loss": [[1.0], [2.0]]})),
        "struct": parquet(pa.table({"loss": [{"a": 1.0}]})),
        "two row groups": parquet(good, row_group_size=500_000),
        "schema of arrow": parquet(good, store_schema=True),
        "half": parquet(good)[:-3000],
        "as pyarrow writes it": parquet(good),
        "byte stream split": parquet(good, column_encoding={"loss": "BYTE_STREAM_SPLIT"}),
    }


def test_hostile_histories(run):
    pytest.importorskip("pyarrow")
    for what, data in bad_histories().items():
        (run / "history.parquet").write_bytes(data)
        forge(run)
        assert refused(run).startswith("history.parquet of run "), what


def test_a_history_with_any_byte_changed_is_read_or_refused(run):
    """Forged sums let every change through to the decoder: never a crash, never a traceback.

    (pyarrow, for one, aborts the whole process when such a file names an unknown codec.)
    """
    path = run / "history.parquet"
    good = path.read_bytes()
    for place in range(len(good)):
        bad = bytearray(good)
        bad[place] ^= 1 << place % 8
        path.write_bytes(bad)
        forge(run)
        try:
            found = read_run(run).history
        except FileRefused:
            continue
        assert [len(column) for column in found.values()] == [2, 2]


# ---------------------------------------------------------------- what is no plain file


@pytest.mark.parametrize("name", ["model.safetensors", "run.json", "history.parquet"])
def test_links_pipes_folders_and_devices(run, name, tmp_path):
    path = run / name
    (tmp_path / "outside").write_bytes(path.read_bytes())
    makers = {
        "link outside": lambda: path.symlink_to(tmp_path / "outside"),
        "link inside": lambda: path.symlink_to(run / "report.html"),
        "link to itself": lambda: path.symlink_to(path),
        "link to nothing": lambda: path.symlink_to(tmp_path / "none"),
        "link to a device": lambda: path.symlink_to("/dev/zero"),
        "pipe": lambda: os.mkfifo(path),
        "folder": lambda: path.mkdir(),
    }
    for make in makers.values():
        path.unlink()
        make()
        assert refused(run).startswith(f"{name} of run ")
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        path.write_bytes((tmp_path / "outside").read_bytes())
    assert contents_bits(read_run(run)) == contents_bits(sample())


@pytest.mark.parametrize("name", ["checkpoints", ".next"])
def test_folders_that_are_links_are_neither_read_nor_written(run, name, tmp_path):
    outside = tmp_path / "outside"
    if (run / name).exists():
        (run / name).rename(outside)
    else:
        outside.mkdir()
        (outside / "model.safetensors").write_bytes((run / "model.safetensors").read_bytes())
        (run / "model.safetensors").unlink()
    before = {path.name: path.read_bytes() for path in outside.iterdir()}
    (run / name).symlink_to(outside)
    refused(run)
    for write in (
        lambda: write_run(run, sample(2), overwrite=True),
        lambda: update_run(run, checkpoints={1: {}}),
    ):
        with pytest.raises(FileRefused, match="is not a folder"):
            write()
    assert {path.name: path.read_bytes() for path in outside.iterdir()} == before


def test_a_run_behind_a_link_is_read_but_not_replaced(run, tmp_path):
    (tmp_path / "latest").symlink_to(run)
    assert contents_bits(read_run(tmp_path / "latest")) == contents_bits(sample())
    with pytest.raises(FileRefused, match="symbolic link"):
        write_run(tmp_path / "latest", sample(), overwrite=True)


@pytest.mark.parametrize("path", ["/dev/zero", "/etc", "/", "a\0b", "/proc/self/fd/0"])
def test_a_source_of_rows_that_is_no_file(run, path):
    source = {"path": path, "sha256": "0" * 64, "bytes": 10, "rows": 1}
    (run / "rows.safetensors").unlink()
    tree = record_of(run)
    del tree["files"]["rows.safetensors"]
    tree["source"] = source
    (run / "run.json").write_bytes(sealed(json.dumps(tree)[1:]))
    found = read_run(run).rows  # nothing is opened yet
    assert found == RowSource(**source)
    with pytest.raises(FileRefused):
        open_rows(found)


def test_a_sparse_file_of_a_terabyte_is_refused_before_it_is_read(run):
    with open(run / "model.safetensors", "r+b") as file:
        file.truncate(2**40)
    assert "run.json says" in refused(run)
    with open(run / "run.json", "r+b") as file:
        file.truncate(2**40)
    assert "more than the 67,108,864" in refused(run)
