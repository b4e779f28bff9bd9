"""A hostile run needs at most twice its length of memory, plus 16 MiB."""

import os
import subprocess
import sys

import numpy as np
import pytest
from run_samples import forge, parquet, sample, sealed, tensor, tensors_file

from chainrule.files import RunContents, write_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc"),
]


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", sample())


PEAK = """
import re, sys
import numpy, msgspec
from chainrule.errors import FileRefused
from chainrule.files import read_run
try:
    read_run(sys.argv[1])
except FileRefused:
    pass
def peak():
    return int(re.search("VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])

before = peak()
try:
    read_run(sys.argv[2])
    print("read", end=" ")
except FileRefused as problem:
    print("refused", end=" ")
print(peak() - before)
"""


def repeated(text, size):
    return '"manifest":{"a":[' + ",".join([text] * (size // (len(text) + 1))) + "]}}"


WIDE = {
    "empty lists": lambda size: sealed(repeated("[]", size)),
    "empty objects": lambda size: sealed(repeated("{}", size)),
    "small objects": lambda size: sealed(repeated('{"a":1}', size)),
    "empty strings": lambda size: sealed(repeated('""', size)),
    "short strings": lambda size: sealed(repeated('"ab"', size)),
    "numbers": lambda size: sealed(repeated("7777", size)),
    "floats": lambda size: sealed(repeated("0.5", size)),
    "keys": lambda size: sealed(
        '"manifest":{' + ",".join(f'"{k:06x}":1' for k in range(size // 11)) + "}}"
    ),
    "one string of emoji": lambda size: sealed('"manifest":"\\ud83d\\ude00' + "a" * size + '"}'),
    "one string of escapes": lambda size: sealed('"manifest":"' + "\\u00e9" * (size // 6) + '"}'),
    "quotes in a string": lambda size: sealed('"manifest":"' + '\\"' * (size // 2) + '"}'),
    "colons in a string": lambda size: sealed(
        '"manifest":["' + ":" * (size // 2) + '",""' * 2000 + "]}"
    ),
    "deep lists": lambda size: sealed('"manifest":' + "[" * (size // 2) + "]" * (size // 2) + "}"),
    "blanks": lambda size: sealed('"manifest":' + " " * size + "1}"),
    "junk": lambda size: os.urandom(size),
    "brackets, then quotes that never end": lambda size: sealed(
        '"manifest":[' + "[]," * 200 + "1" + '"' + '\\"' * (size // 2)
    ),
    "brackets and a string that never ends": lambda size: sealed("[]," * 200 + '"' + "a\\" * size),
    "brackets and strings": lambda size: sealed('"a":["[",' * 60 + '"[",' * (size // 4)),
    "zeros": lambda size: bytes(size),
}


@pytest.mark.parametrize("size", [2**18, 2**20, 12 * 2**20])
@pytest.mark.parametrize("what", WIDE)
def test_a_hostile_record_needs_no_more_than_twice_its_length(run, tmp_path, what, size):
    """Some are refused before a single object is built, some after all are."""
    bad = tmp_path / "bad"
    bad.mkdir()
    data = WIDE[what](size)
    (bad / "run.json").write_bytes(data)
    (bad / "model.safetensors").write_bytes(b"")
    answer, peak = peak_of(run, bad)
    assert answer == "refused"
    assert peak <= 2 * len(data) + 16 * 2**20


def peak_of(run, bad):
    command = [sys.executable, "-c", PEAK, str(run), str(bad)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer, peak = done.stdout.split()
    return answer, int(peak) * 1024


@pytest.mark.parametrize("wide", [True, False])
def test_hostile_tensors_and_histories_need_no_more_than_twice_the_run(run, tmp_path, wide):
    import pyarrow as pa

    many = {f"t{k}": tensor(shape=(0,), offsets=(0, 0)) for k in range(12_000)}
    bomb = pa.table({"loss": np.zeros(50_000_000)})
    (run / "model.safetensors").write_bytes(tensors_file(many if wide else {}))
    (run / "history.parquet").write_bytes(parquet(bomb, compression="zstd"))
    forge(run)
    answer, peak = peak_of(write_run(tmp_path / "good", sample()), run)
    total = sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
    assert answer == "refused"
    assert peak <= 2 * total + 16 * 2**20


def test_the_measure_sees_memory(tmp_path):
    """A good run of 40 MB is read in about its own length: the tests above are not blind."""
    small = write_run(tmp_path / "small", sample())
    large = write_run(tmp_path / "large", RunContents({}, {"W": np.ones(5_000_000)}))
    answer, peak = peak_of(small, large)
    assert answer == "read"
    assert 39e6 < peak < 48e6
