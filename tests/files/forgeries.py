"""Forged runs that are right in every sum: each part of a manifest, in turn, as it must not be.

By hand: python -m tests.files.forgeries --count 20000
"""

import argparse
import collections
import contextlib
import copy
import io
import json
import random
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import real_runs
from run_samples import files_of, forge, record_of, sealed

import chainrule as cr
from chainrule.apps.cli import run as command
from chainrule.errors import ChainruleError, FileRefused
from chainrule.files import strict_json

EVIL = (
    None, True, False, 0, 1, -1, 2, 3, 1.5, -0.0, 1e308, float("inf"), float("nan"), 2**31, 2**63,
    2**64, 2**80, -(2**70), 10**9, "", "a", "x" * 300, "float32", "float64", "native", "sum",
    "__class__", "os.system", "../../etc/passwd", "\x1b[2J", "\u202e", "0" * 64, [], [[]], [None],
    [1, 2], [0, "L", "x"], ["a"] * 3, {}, {"kind": "dense"}, {"name": "adam"}, {"a": {"b": [1]}},
    {"type": "Preparation"}, {"type": "OneHot"},
)  # fmt: skip
"""What may stand anywhere."""


def places(tree, at=()):
    """Every place in a tree of lists and objects, as the keys that lead to it."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, item in items:
        yield (*at, key)
        if isinstance(item, dict | list):
            yield from places(item, (*at, key))


def parent_of(tree, place):
    for key in place[:-1]:
        tree = tree[key]
    return tree


def mutated(tree, rng):
    """A copy of a tree with one to three changes, and what they were."""
    tree, said = copy.deepcopy(tree), []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        place = rng.choice(list(places(tree)))
        parent, key = parent_of(tree, place), place[-1]
        said.append((place, _change(tree, parent, key, rng)))
    return tree, said


def _change(tree, parent, key, rng):
    old = parent[key]
    way = rng.choice(("evil", "evil", "evil", "remove", "add", "other", "number", "repeat"))
    if way == "remove":
        del parent[key]
    elif way == "add" and isinstance(parent, dict):
        parent[rng.choice(("extra", "type", "kind", "name", "W1"))] = rng.choice(EVIL)
    elif way == "other":
        other = rng.choice(list(places(tree)))
        parent[key] = copy.deepcopy(parent_of(tree, other)[other[-1]])
    elif way == "number" and isinstance(old, int | float) and not isinstance(old, bool):
        parent[key] = rng.choice((old + 1, old - 1, -old, old * 1000, old / 2, 10**7))
    elif way == "repeat" and isinstance(old, list):
        parent[key] = old * rng.choice((2, 1000))
    else:
        parent[key] = rng.choice(EVIL)
    return way, parent[key] if isinstance(parent, dict) and key in parent else None


def forge_manifest(run, manifest):
    """Put a manifest into a run, all sums made right again."""
    tree = record_of(run)
    del tree["manifest"]
    text = strict_json.encode(manifest, "a forged manifest")
    (run / "run.json").write_bytes(sealed(json.dumps(tree)[1:-1] + ',"manifest":' + text + "}"))


def forge_bytes(run, rng):
    """Damage some bytes of a tensor file or a history, then make all sums right again."""
    paths = [path for name, path in files_of(run).items() if name.endswith(("tensors", "parquet"))]
    path = rng.choice(paths)
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 2, 8))):
        at = rng.randrange(len(data))
        data[at] = rng.choice(
            (data[at] ^ 1 << rng.randrange(8), 0, 255, ord(rng.choice('[]{}",:9')))
        )
    way = rng.random()
    if way < 0.2:
        del data[rng.randrange(len(data)) :]
    elif way < 0.3:
        data += data[-rng.randrange(1, 64) :]
    path.write_bytes(data)
    forge(run)


def used(run):
    """Ask a run what people ask; whatever it is, it is no traceback."""
    found = cr.load(run)
    found.summary()
    found.at(0)
    found.why("W1[0,0]", step=0).text()
    if found.record.trouble is None and found.preparation is None:
        found.predict(found.record.setup.x)
    elif found.preparation is not None:
        found.predict_table({"size": [0.5, 1.0], "colour": ["red", "green"]})
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        command(["info", str(run)])
    if "fault of chainrule" in err.getvalue():
        raise RuntimeError(err.getvalue())


def verdict(run, use):
    """What a forged run comes to: refused, taken as it is, or a fault."""
    try:
        used(run) if use else cr.load(run)
    except FileRefused as problem:
        return "refused" if len(str(problem).splitlines()) == 2 else "refused at length"
    except ChainruleError:
        return "refused when used" if use else "NOT AS A FILE"
    except Exception as error:
        return f"TRACEBACK {type(error).__name__}: {error}"[:90]
    return "taken"


def battery(runs, count, rng, use):
    """Forge so many times, alternately the manifest and the bytes; yields each verdict."""
    trees = {run: record_of(run)["manifest"] for run in runs}
    for number in range(count):
        run = rng.choice(runs)
        good = {path: path.read_bytes() for path in files_of(run).values()}
        try:
            if number % 2:
                forge_bytes(run, rng)
            else:
                forge_manifest(run, mutated(trees[run], rng)[0])
        except FileRefused:  # such a manifest cannot even be written
            continue
        yield verdict(run, use)
        for path, data in good.items():
            path.write_bytes(data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--load-only", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
        runs = list(real_runs.save_all(place).values())
        found = battery(runs, asked.count, random.Random(asked.seed), not asked.load_only)
        tally = collections.Counter(found)
    for word, count in tally.most_common():
        print(f"{word:24} {count:>9,}")
    return 0 if set(tally) <= {"refused", "taken", "refused when used"} else 1


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    sys.exit(main())
