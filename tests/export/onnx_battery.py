"""Random models against onnxruntime: python -m tests.export.onnx_battery --count 500 --seed 0.

Two of three are networks on arrays (every activation, 0 to 6 hidden layers of 1 to 64 units,
float32 and float64, every ending), one is a table with columns of every kind. Every one answers
for 0, 1, 7 and 100 rows, within the bound of `onnx_bounds`.
"""

import argparse
import sys
import time
from contextlib import suppress

import numpy as np
from tests.export.onnx_models import Tally, compare, random_run, random_table_run


def battery(count, seed, *, arrays=2):
    """Return the tally of so many models; of each three, `arrays` are on arrays.

    Ctrl-C ends it early, with the tally so far.
    """
    tally = Tally()
    with suppress(KeyboardInterrupt):
        for number in range(count):
            rng = np.random.default_rng([seed, number])
            made = random_run if number % 3 < arrays else random_table_run
            compare(*made(rng), tally)
    return tally


def main():
    """Run the battery and print what it found."""
    reader = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    reader.add_argument("--count", type=int, default=500)
    reader.add_argument("--seed", type=int, default=0)
    given = reader.parse_args()
    began = time.monotonic()
    tally = battery(given.count, given.seed)
    for sentence in tally.wrong:
        print("wrong:", sentence)
    shares = np.sort(tally.shares)
    print(
        f"{tally.models} models, {tally.numbers:,} numbers, {tally.labels:,} labels in "
        f"{time.monotonic() - began:.0f} s: {len(tally.wrong)} wrong.\n"
        "Difference as a share of the bound, largest of each batch: "
        f"median {np.median(shares):.3f}, largest {shares[-1]:.3f}.\n"
        f"{tally.unbounded:,} numbers without a bound; {tally.near} labels differed where "
        "probabilities were too near to decide."
    )
    return bool(tally.wrong)


if __name__ == "__main__":
    sys.exit(main())
