"""Hand-ins made to harm: refused in a line or two, within bounds, and none is waited for."""

import io
import os
import struct
import warnings
import zipfile

import numpy as np
import pytest

from chainrule.errors import DataError
from chainrule.explain.review import read_file

HEADER = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(117) + b"\n"


def archive(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in members.items():
            zipped.writestr(name.replace("_npy", ".npy"), data)
    return file.getvalue()


def twice():
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w") as zipped:
        warnings.simplefilter("ignore")
        for _ in range(2):
            zipped.writestr("W1.npy", b"")
    return file.getvalue()


FILES = {
    "bomb.npz": (archive(W1_npy=bytes(30_000_000)), "would unpack"),
    "lie.npz": (archive(W1_npy=b"\x93NUMPY\1\0" + struct.pack("<H", 118) + HEADER), "cut off"),
    "header.npz": (archive(W1_npy=b"\x93NUMPY\2\0" + struct.pack("<I", 2**31)), "header"),
    "deep.npz": (
        archive(W1_npy=b"\x93NUMPY\1\0" + struct.pack("<H", 60000) + b"(" * 60000),
        "damaged",
    ),
    "polyglot.npz": (b"%PDF-1.4\n" + archive(W1_npy=b""), "does not begin"),
    "pickle.npz": (b"\x80\x04cos\nsystem\n.", "does not begin"),
    "other.npz": (archive(**{"W1.txt": "1"}), "no array"),
    "twice.npz": (twice(), "same name twice"),
    "wide.json": (b'{"W1":[' + b"1," * 60_000 + b"1]}", "more than 50,000"),
    "digits.json": (b'{"W1":' + b"9" * 5000 + b"}", "5,000 characters"),
    "objects.json": (b'{"a":' * 30_000, "not valid JSON"),
    "large.json": (bytes(2**23), "too much for text"),
    "line.csv": (b"W1," + b"1" * 1_000_000, "no number"),
    "names.csv": (b"a\n" * 60_000, "more than 50,000"),
    "quotes.csv": (b'W1,"' + b"1" * 200_000, "no number"),
    "spaces.csv": (b"a " * 60_000, "more than 50,000"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file(name, tmp_path):
    data, says = FILES[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=says) as caught:
        read_file(str(tmp_path / name))
    assert len(str(caught.value)) < 600
    assert len(str(caught.value).splitlines()) <= 2


@pytest.mark.parametrize("suffix", ["npz", "json", "csv"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "loop"])
def test_what_is_no_file_is_not_waited_for(kind, suffix, tmp_path):
    path = tmp_path / f"mine.{suffix}"
    {
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "folder": path.mkdir,
        "loop": lambda: path.symlink_to(path),
    }[kind]()
    with pytest.raises(DataError, match=r"not a regular file|link stands in the way"):
        read_file(str(path))


def test_objects_are_not_unpickled(tmp_path):
    np.savez(tmp_path / "mine.npz", W1=np.array([print], dtype=object))
    with pytest.raises(DataError, match="pickled"):
        read_file(str(tmp_path / "mine.npz"))
