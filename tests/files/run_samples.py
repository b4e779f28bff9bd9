"""Small runs, and tools to compare, damage and forge them."""

import hashlib
import io
import json
import struct
from pathlib import Path

import numpy as np

from chainrule.files import RowSource, RunContents

WEIRD = np.array([0.0, -0.0, 5e-324, -2.2e-308, 1.8e308, 1 / 3, np.inf, -np.inf])


def sample(seed=1):
    """A run with every kind of part, small enough to damage byte by byte."""
    w = np.random.default_rng(seed).standard_normal((2, 2))
    return RunContents(
        manifest={"seed": seed, "spec": "2-2:tanh-1", "best": float("inf"), "rate": 0.1},
        weights={"W1": w, "b1": np.zeros(2, np.float32)},
        history={"loss": np.array([0.5, np.nan]), "step": np.array([0, 1])},
        checkpoints={0: {"W1": w + 1}, 7: {"W1": w + 2, "t": np.array(7)}},
        rows={"X": np.arange(4.0).reshape(2, 2) + seed, "y": np.array([True, False])},
        report=b"<html>%d</html>" % seed,
    )


def bits(value):
    """A value as something that is equal only where every bit is."""
    if isinstance(value, np.ndarray):
        little = np.asarray(value, dtype=value.dtype.newbyteorder("<"), order="C")
        return (value.dtype.newbyteorder("=").name, value.shape, little.tobytes())
    if isinstance(value, dict):
        return [(key, bits(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [bits(item) for item in value]
    return repr(value) if isinstance(value, float | RowSource) else value


def contents_bits(contents):
    """Everything that a run holds, comparable with ==."""
    parts = (contents.manifest, contents.weights, contents.history, contents.checkpoints)
    return bits([*parts, contents.rows, contents.report])


def files_of(run):
    """The files of a run folder by relative name."""
    return {
        path.relative_to(run).as_posix(): path for path in Path(run).rglob("*") if path.is_file()
    }


def sealed(rest):
    """The bytes of a run.json with a right integrity sum over whatever `rest` is."""
    rest = rest.encode() if isinstance(rest, str) else rest
    return b'{"integrity":"%s",\n' % hashlib.sha256(rest).hexdigest().encode() + rest


def record_of(run):
    """The tree inside run.json, without its sum."""
    tree = json.loads((Path(run) / "run.json").read_bytes())
    del tree["integrity"]
    return tree


def forge(run, change=lambda tree: None):
    """Change a run as someone does who knows the format: all sums are right afterwards."""
    tree = record_of(run)
    for name in tree["files"]:
        data = (Path(run) / name).read_bytes()
        tree["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    tree = change(tree) or tree
    (Path(run) / "run.json").write_bytes(sealed(json.dumps(tree)[1:]))


def tensors_file(header, body=b""):
    """A safetensors file of any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def tensor(dtype="F64", shape=(2,), offsets=(0, 16), **more):
    """One entry of a safetensors header."""
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


def parquet(table, **options):
    """A table as another program may write it."""
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    plain = {"compression": "none", "use_dictionary": False, "store_schema": False}
    pq.write_table(table, sink, **(plain | options))
    return sink.getvalue()
