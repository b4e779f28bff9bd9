"""Damaged files of weights: flipped bits, cuts, zeroed and swapped blocks.

``python -m tests.adopt.damage --count 20000`` runs it by hand and prints how many were refused.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from chainrule.adopt.opening import open_weights
from chainrule.errors import ChainruleError

GOLDEN = Path(__file__).parent / "golden"
FILES = ("torch_relu.safetensors", "torch_bfloat16.safetensors", "keras_softmax.npz")


def spoil(data, rng):
    """Return the bytes with one kind of damage."""
    found, kind = bytearray(data), rng.integers(4)
    a, b = sorted(rng.integers(0, len(data), 2).tolist())
    if kind == 0:
        for place in rng.integers(0, len(data), rng.integers(1, 4)):
            found[place] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        del found[a:]
    elif kind == 2:
        found[a:b] = bytes(b - a)
    else:
        found[a : a + 16], found[b : b + 16] = found[b : b + 16], found[a : a + 16]
    return bytes(found)


def damaged(folder, count, seed):
    """Return how many damaged files were refused, and how many were read."""
    rng, refused = np.random.default_rng(seed), 0
    for k in range(count):
        source = GOLDEN / FILES[k % len(FILES)]
        path = Path(folder) / f"net{source.suffix}"
        path.write_bytes(spoil(source.read_bytes(), rng))
        try:
            arrays = open_weights(path)
        except ChainruleError as error:
            refused += bool(str(error))
        else:
            assert all(isinstance(array, np.ndarray) for array in arrays.values())
    return refused, count - refused


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        refused, read = damaged(folder, given.count, given.seed)
    print(f"{given.count:,} damaged files: {refused:,} refused, {read:,} read, 0 other errors")


if __name__ == "__main__":
    main()
