"""Damage of every kind to runs of every kind: refused in one clear line, never another model.

By hand: python -m tests.files.damage                every bit, every length, every block
         python -m tests.files.damage --count 5000   so many of each kind, at random
         python -m tests.files.damage --doors 300    so many, through every command
"""

import argparse
import collections
import contextlib
import io
import itertools
import random
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import real_runs
from run_samples import files_of

import chainrule as cr
from chainrule.apps.cli import run as command
from chainrule.errors import FileRefused
from chainrule.files import update_run

BLOCKS = (1, 16, 512, 4096)


def flips(data):
    """Every bit, flipped."""
    for place in range(8 * len(data)):
        bad = bytearray(data)
        bad[place // 8] ^= 1 << place % 8
        yield bytes(bad)


def truncations(data):
    """Every shorter length."""
    return (data[:length] for length in range(len(data)))


def zeroed(data):
    """Every block, in place of which there are zeros."""
    for size in BLOCKS:
        for at in range(0, len(data), size):
            block = data[at : at + size]
            yield data[:at] + bytes(len(block)) + data[at + size :]


def swapped(data, rng=None):
    """Two blocks that changed places: neighbours, and pairs at random."""
    rng = rng or random.Random(len(data))
    for size in BLOCKS:
        count = len(data) // size
        pairs = [(k, k + 1) for k in range(count - 1)]
        pairs += [tuple(sorted(rng.sample(range(count), 2))) for _ in range(20 if count > 2 else 0)]
        for a, b in pairs:
            a, b = a * size, b * size
            yield (data[:a] + data[b : b + size] + data[a + size : b] + data[a : a + size]
                   + data[b + size :])  # fmt: skip


def borrowed(data, other):
    """Each block, taken from the same place of another file."""
    for size in (*BLOCKS, len(data)):
        for at in range(0, len(data), size):
            yield data[:at] + other[at : at + size] + data[at + size :]


def changes(runs, name, path):
    """Every damage to one file of one run: what kind, and the file's bytes then."""
    data = (runs[name] / path).read_bytes()
    for kind in (flips, truncations, zeroed, swapped):
        yield from ((kind.__name__, bad) for bad in kind(data))
    for file in files_of(runs[name]).values():
        yield from (("block of another file", bad) for bad in borrowed(data, file.read_bytes()))
    for other in set(runs) - {name}:
        if (runs[other] / path).exists():
            found = (runs[other] / path).read_bytes()
            yield from (("block of another run", bad) for bad in borrowed(data, found))


def every_change(runs):
    for name in runs:
        for path in sorted(files_of(runs[name])):
            good = (runs[name] / path).read_bytes()
            for kind, bad in changes(runs, name, path):
                if bad != good:
                    yield name, path, kind, bad


def sampled(runs, count, rng):
    """So many damages of each kind, evenly over files."""
    found = collections.defaultdict(list)
    for name, path, kind, bad in every_change(runs):
        kept = found[kind]
        kept.append((name, path, kind, bad))
        if len(kept) > 4 * count + 100:
            found[kind] = rng.sample(kept, count)
    for kept in found.values():
        yield from rng.sample(kept, min(count, len(kept)))


@contextlib.contextmanager
def put(path, data):
    """A file that holds something else for a while."""
    good = path.read_bytes()
    path.write_bytes(data)
    try:
        yield
    finally:
        path.write_bytes(good)


def verdict(run):
    """What loading a run comes to."""
    try:
        cr.load(run)
    except FileRefused as problem:
        lines = str(problem).splitlines()
        return "refused" if len(lines) == 2 and lines[1].startswith("  ") else "refused at length"
    except Exception as error:
        return f"TRACEBACK {type(error).__name__}"
    return "LOADED"


def old_states(folder, most=30):
    """Files of an older state put back into a run, each alone and all sets but the whole."""
    run = real_runs.arrays().save(folder / "older")
    old = {name: path.read_bytes() for name, path in files_of(run).items()}
    longer = real_runs.arrays().branch(0, steps=5, seed=9)
    from chainrule.train.saved import to_contents

    new = to_contents(longer.record, {})
    update_run(run, manifest=new.manifest, weights=new.weights, history=new.history,
               checkpoints=new.checkpoints, drop=[])  # fmt: skip
    changed = [name for name in old if (run / name).read_bytes() != old[name]]
    for size in range(1, len(changed)):
        for chosen in itertools.islice(itertools.combinations(changed, size), most):
            with contextlib.ExitStack() as stack:
                for name in chosen:
                    stack.enter_context(put(run / name, old[name]))
                yield verdict(run)


def doors(run, table):
    """Every command that opens a run."""
    yield from (["info", run], ["info", run, "--files"], ["info", run, "--plan", "--json"])
    yield from (["predict", run, table], ["why", run, "W1[0,0]"], ["derive", run], ["check", run])
    yield from (["review", run, "W1[0,0]=0.5"], ["doctor", run], ["compare", run, run])
    yield ["branch", run, "--step", "1", "--out", f"{run}-branch"]


def through(tokens):
    """What a command says: its exit code, and what it wrote on both streams."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = command(tokens)
    return code, out.getvalue(), err.getvalue()


def door_verdict(tokens):
    """Whether a command refused a damaged run as it should."""
    code, out, err = through([str(token) for token in tokens])
    lines = err.strip().splitlines()
    clean = code == 1 and len(lines) == 2 and lines[0].startswith("chainrule: ")
    if clean and "Traceback" not in err and "fault of chainrule" not in err:
        return "refused"
    return f"BAD code {code}: {(err or out).strip()[:200]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--doors", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    asked, rng = parser.parse_args(), None
    rng, tally = random.Random(asked.seed), collections.Counter()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
        runs = real_runs.save_all(place)
        table = Path(place) / "new.csv"
        table.write_text("size,colour\n0.5,red\n")
        if asked.doors:
            for name, path, kind, bad in sampled(runs, asked.doors, rng):
                with put(runs[name] / path, bad):
                    tokens = rng.choice(list(doors(runs[name], table)))
                    tally[(kind, door_verdict(tokens))] += 1
        else:
            found = sampled(runs, asked.count, rng) if asked.count else every_change(runs)
            for name, path, kind, bad in found:
                with put(runs[name] / path, bad):
                    tally[(kind, verdict(runs[name]))] += 1
            for word in old_states(Path(place), 200):
                tally[("files of an older state", word)] += 1
        for name, folder in runs.items():
            assert verdict(folder) == "LOADED", f"{name} is as it was"
            shutil.rmtree(folder)
    for (kind, word), count in sorted(tally.items()):
        print(f"{kind:24} {word:20} {count:>9,}")
    return 0 if {word for _, word in tally} <= {"refused"} else 1


if __name__ == "__main__":
    warnings.simplefilter("error")
    sys.exit(main())
