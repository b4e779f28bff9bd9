"""Files of weights: what the formats allow is read, anything else is refused in one line."""

import io
import json
import pickle
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save
from tests.adopt.damage import damaged

from chainrule.adopt.opening import open_weights
from chainrule.adopt.opening.safetensors import HEADER_LIMIT, read_safetensors
from chainrule.errors import ChainruleError, FileRefused


def file_of(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def read(data):
    return read_safetensors(io.BytesIO(data), len(data), "it")


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "u1", "?"])
def test_what_the_library_writes_is_read(dtype):
    rng = np.random.default_rng(1)
    arrays = {f"net.{k}.weight": (rng.normal(size=(k + 1, 3)) * 9).astype(dtype) for k in range(4)}
    arrays |= {"scalar": np.array(1, dtype), "nothing": np.zeros((0, 5), dtype)}
    found = read(save(arrays, metadata={"format": "pt", "ü": "日本"}))
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)


def test_any_order_of_names_and_no_padding_are_allowed():
    body = np.float32([1, 2]).tobytes() + b"\x01" + np.float64([3]).tobytes()
    header = {"z": entry("F64", (1,), (9, 17)), "é": entry("F32", (2,), (0, 8)),
              "a": entry("BOOL", (), (8, 9))}  # fmt: skip
    found = read(file_of(json.dumps(header, ensure_ascii=False).encode(), body))
    assert list(found) == ["z", "é", "a"]
    assert [x.tolist() for x in found.values()] == [[3.0], [1.0, 2.0], True]


def test_each_bfloat16_is_exact():
    upper = np.arange(2**16, dtype=np.uint32)
    found = read(file_of({"w": entry("BF16", (2**16,), (0, 2**17))},
                         upper.astype("<u2").tobytes()))["w"]  # fmt: skip
    assert np.array_equal(found.view(np.uint32), upper << 16)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "does not begin"),
        (b"\x05\0\0\0\0\0\0", "does not begin"),
        (struct.pack("<Q", 2**63) + b"{}", "does not begin"),
        (struct.pack("<Q", HEADER_LIMIT + 1) + b" " * (HEADER_LIMIT + 9), "at most"),
        (file_of(b"[]"), "begin with {"),
        (file_of(b" {}"), "begin with {"),
        (file_of(b'{"a\xff":{}}'), "not UTF-8"),
        (file_of(b'{"a":NaN}'), "JSON"),
        (file_of(b'{"$float":"inf"}'), "no object"),
        (file_of(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), "deeper"),
        (file_of(b'{"a":1,"a":2}'), "duplicate"),
        (file_of({"a": 1}), "something else"),
        (file_of({"a": {**entry(), "more": 1}}, b"1234"), "something else"),
        (file_of({"a": entry("F99")}, b"1234"), "'F99'"),
        (file_of({"a": entry("F8_E4M3", (4,))}, b"1234"), "F8_E4M3"),
        (file_of({"a": entry(shape=(-1,))}, b"1234"), "impossible shape"),
        (file_of({"a": entry(shape=(1.5,))}, b"1234"), "impossible shape"),
        (file_of({"a": entry(shape=(True,))}, b"1234"), "impossible shape"),
        (file_of({"a": entry(shape=(1,) * 40)}, b"1234"), "impossible shape"),
        (file_of({"a": entry(shape=(2**62, 0, 2**62), offsets=(0, 0))}), "impossible shape"),
        (file_of({"a": entry(offsets=(4, 0))}, b"1234"), "impossible offsets"),
        (file_of({"a": entry(offsets=(-4, 0))}, b"1234"), "impossible offsets"),
        (file_of({"a": entry(shape=(2**40, 2**40))}, b"1234"), "does not fit"),
        (file_of({"a": entry(offsets=(0, 2**64))}, b"1234"), "impossible offsets"),
        (file_of({"a": entry(), "b": entry()}, b"1234"), "overlap"),
        (file_of({"a": entry(offsets=(4, 8))}, b"12345678"), "gap"),
        (file_of({"a": entry()}, b"12345"), "5 bytes of tensors"),
        (file_of({"a": entry(shape=(2,), offsets=(0, 8))}, b"1234"), "says 8"),
        (file_of({"__metadata__": {"a": 1}}), "__metadata__"),
    ],
)
def test_hostile_headers_are_refused_in_little_memory(data, said):
    tracemalloc.start()
    with pytest.raises(FileRefused) as error:
        read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert said in str(error.value)
    assert len(str(error.value)) < 300
    assert peak < 2 * len(data) + 16 * 2**20


class Harm:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))


def test_no_pickle_is_opened(tmp_path):
    np.savez(tmp_path / "objects.npz", W1=np.array([Harm()], dtype=object))
    (tmp_path / "net.safetensors").write_bytes(pickle.dumps(Harm()))
    (tmp_path / "plain").write_bytes(pickle.dumps(Harm()))
    with zipfile.ZipFile(tmp_path / "torch", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Harm()))
    for name in ("objects.npz", "net.safetensors", "plain", "torch"):
        with pytest.raises(ChainruleError) as error:
            open_weights(tmp_path / name)
        assert "Traceback" not in str(error.value)


OTHERS = ["h5", "weights.h5", "keras", "pt", "pth", "bin", "pkl", "joblib", "onnx", "npy", "csv"]


@pytest.mark.parametrize("ending", OTHERS)
def test_other_files_are_refused_with_a_way_out(tmp_path, ending):
    path = tmp_path / f"net.{ending}"
    path.write_bytes(b"whatever")
    with pytest.raises(FileRefused) as error:
        open_weights(path)
    assert any(way in str(error.value) for way in ("np.savez(", "save_file(", "cr.adopt("))


@pytest.mark.parametrize("name", ["", "nothing.npz", "a\0b.npz", "."])
def test_what_is_no_file(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileRefused):
        open_weights(name)


def test_a_member_that_is_twice_there_or_no_array(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(FileRefused, match=r"readme\.txt"):
        open_weights(tmp_path / "a.npz")


def test_damage_is_refused_or_harmless(tmp_path):
    """Flipped bits, cuts and swapped blocks: an error of ours, or arrays; never another error."""
    refused, read_all = damaged(tmp_path, count=150, seed=0)
    assert refused + read_all == 150
    assert refused > 30
