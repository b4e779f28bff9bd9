"""Every step of many random runs, opened again: after saving, loading, and in a new process.

The witness is another training that stops there: its last state is the state before update k.

    python -m tests.explain.replay_battery --count 50
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.explain.random_runs import random_run

import chainrule as cr
from chainrule.run.training import run_setup


def digest(run):
    """One hash of everything that every step of a run holds."""
    found = hashlib.sha256()
    for k in range(run.steps + 1):
        moment = run.at(k)
        for part in (moment.parameters, moment.values, moment.gradients, moment.upstream,
                     moment.updates, moment.slots):  # fmt: skip
            for name in sorted(part):
                found.update(f"{k} {name}".encode() + np.ascontiguousarray(part[name]).tobytes())
        found.update(np.ascontiguousarray(moment.rows).tobytes())
    return found.hexdigest()


def witnessed(run):
    """Whether each step's parameters are those of a training that stops there."""
    setup, start = run.record.setup, dict(run.at(0).parameters)
    for k in range(run.steps + 1):
        shorter = run_setup(replace(setup, programs={}, compiled={}), k, start)
        for name, value in run.at(k).parameters.items():
            if value.tobytes() != shorter.record.final[name].tobytes():
                return False
    return True


def main():
    """Print how many steps of how many runs were the same in every way of opening them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--digest", help="print the digest of this run")
    asked = parser.parse_args()
    if asked.digest:
        print(digest(cr.load(asked.digest)))
        return
    for engine in ("interpreter", "native"):
        steps = wrong = 0
        for seed in range(asked.count):
            run = random_run(seed, engine, (np.float64, np.float32)[seed % 2])
            with tempfile.TemporaryDirectory() as folder:
                place = Path(folder) / "run"
                run.save(place)
                command = [sys.executable, "-m", "tests.explain.replay_battery", "--digest", place]
                there = subprocess.run(command, capture_output=True, text=True, check=True)
                here = digest(run)
                same = here == digest(cr.load(place)) == there.stdout.strip() and witnessed(run)
            steps += run.steps + 1
            wrong += not same
            if not same:
                print(f"run {seed} by the {engine} engine differs")
        print(f"{engine}: {asked.count} runs, {steps} steps, {wrong} runs differ")


if __name__ == "__main__":
    main()
