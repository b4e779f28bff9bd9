"""Battery: random trainings exported as scripts, run without us, and compared number by number.

    python -m tests.export.script_battery --count 300

Prints the largest differences and every run above the bound with what rounding alone does to it:
the difference that it makes in our own training to move each weight by one unit at each step.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tests.export.script_runner import run_scripts
from tests.export.script_runs import random_run, random_table

import chainrule as cr
from chainrule.export.script.naming import variables
from chainrule.train.forward import predict_rows
from chainrule.train.step import runner

BOUNDS = {"float64": 1e-12, "float32": 1e-3}

SPREAD = 10
"""Where rounding is amplified, two draws of it tell its size only; this much is no news."""


@dataclass
class Compared:
    """How far a script is from the run that it was written from."""

    name: str
    weights: float
    losses: float
    predictions: float

    @property
    def worst(self):
        return max(self.weights, self.losses, self.predictions)


def apart(found, wanted, *more):
    """The largest difference, relative to the largest entry of the tensor or of its terms."""
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    assert found.shape == wanted.shape, (found.shape, wanted.shape)
    scale = max([1e-300, *(float(np.abs(a).max(initial=0)) for a in (wanted, *more))])
    return float(np.abs(found - wanted).max(initial=0)) / scale


def compare(name, run, found, ask):
    """Compare weights, losses and predictions."""
    record = run.record
    start, names = record.snapshots[0], variables(run.network.specs)
    weights = [apart(found[names[k]], record.best[k], start[k]) for k in names]
    return Compared(
        name, max(weights), apart(found["losses"], record.history["loss"]),
        apart(found["predicted"], run.predict(ask)),
    )  # fmt: skip


def export_all(folder, runs):
    """Write each run as a script, and rows to ask it about."""
    asked = {}
    for name, run in runs.items():
        run.export(folder / f"{name}.py", "script")
        rows = np.random.default_rng(5).normal(size=(11, run.network.inputs))
        asked[name] = rows.astype(run.record.setup.dtype)
        np.save(folder / f"{name}.ask.npy", asked[name])
    return asked


def moved_by_rounding(run, ask):
    """How far the same training ends from itself when rounding falls out otherwise.

    Before each step every weight is moved by one rounding unit, up or down.
    """
    record, worst = run.record, 0.0
    setup, do = record.setup, runner(record.setup)
    unit = np.finfo(setup.dtype).eps
    for turn in (0, 1):
        rng = np.random.default_rng(turn)
        state, losses = dict(record.snapshots[0]), []
        for step in range(record.steps):
            for name in run.network.specs:
                signs = rng.choice([-unit, unit], state[name].shape)
                state[name] = (state[name] * (1 + signs)).astype(setup.dtype)
            found = do(step, state)
            losses.append(found.loss)
            state.update(found.new)
        moved = [
            apart(state[k], record.final[k], record.snapshots[0][k]) for k in run.network.specs
        ]
        told = [predict_rows(setup, weights, ask) for weights in (state, record.final)]
        worst = max(worst, *moved, apart(losses, record.history["loss"]), apart(*told))
    return worst


def main():
    """Run the battery and print its figures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--count", type=int, default=300)
    asked.add_argument("--tables", type=int, default=30)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--steps", type=int, default=None)
    asked.add_argument("--keep", default=None)
    told = asked.parse_args()
    runs, seed = {}, told.first
    while len(runs) < told.count:
        steps = told.steps or (1000 if seed % 3 == 0 else None)
        run = random_run(seed, steps)
        if run is not None:
            runs[f"run{seed:05}"] = run
        seed += 1
    with tempfile.TemporaryDirectory() as place:
        folder = Path(told.keep or place)
        folder.mkdir(exist_ok=True)
        rows = export_all(folder, runs)
        found = run_scripts(folder)
        results = [compare(name, run, found[name], rows[name]) for name, run in runs.items()]
        report(runs, results, rows, seed - told.first)
        tables = [table_apart(folder, seed) for seed in range(told.first, told.first + told.tables)]
    if tables:
        print(
            f"{len(tables)} prediction scripts of tables: labels the same, worst {max(tables):.1e}"
        )


def table_apart(folder, seed):
    """How far a prediction script, run on the table as CSV, is from our own predictions."""
    table = random_table(seed)
    path = folder / f"table{seed}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        write = csv.writer(file, delimiter=",;"[seed % 2])
        write.writerow(table)
        write.writerows(zip(*table.values(), strict=True))
    run = cr.train_table(path, "answer", hidden=[4], epochs=8, seed=seed)
    script = run.export(folder / f"predict{seed}.py", "prediction-script", overwrite=True)
    said = subprocess.run(
        [sys.executable, "-I", "-W", "error", str(script), str(path)],
        capture_output=True, text=True, check=True, encoding="utf-8",
    )  # fmt: skip
    found = list(csv.DictReader(said.stdout.splitlines()))
    wanted = run.predict_table(path)
    assert list(found[0]) == list(wanted)
    worst = 0.0
    for name, column in wanted.items():
        cells = [row[name] for row in found]
        if column.dtype.kind != "f":
            assert cells == [str(cell) for cell in column]
        else:
            worst = max(worst, apart([float(cell) for cell in cells], column))
    return worst


def report(runs, results, rows, tried):
    """Print how many are within the bound, and what the others owe to rounding."""
    kinds = Counter(run.record.setup.dtype.name for run in runs.values())
    long = sum(run.steps >= 1000 for run in runs.values())
    print(f"{len(runs)} runs of {tried} (the rest diverged), {long} of 1,000 steps: {dict(kinds)}")
    for dtype, bound in BOUNDS.items():
        here = [x for x in results if runs[x.name].record.setup.dtype.name == dtype]
        if here:
            _report_dtype(dtype, bound, here, runs, rows)


def _report_dtype(dtype, bound, here, runs, rows):
    beyond = [x for x in sorted(here, key=lambda x: -x.worst) if not x.worst <= bound]
    moved = {x.name: moved_by_rounding(runs[x.name], rows[x.name]) for x in beyond}
    unexplained = [x.name for x in beyond if not x.worst <= SPREAD * moved[x.name]]
    worst = sorted(x.worst for x in here)
    print(
        f"{dtype}: {len(here) - len(beyond)} of {len(here)} within {bound:g} (median "
        f"{worst[len(worst) // 2]:.1e}); {len(beyond)} beyond, of which rounding alone "
        f"moves {len(beyond) - len(unexplained)} as far, within a factor of {SPREAD}; "
        f"unexplained: {unexplained or 'none'}"
    )
    for x in beyond:
        run = runs[x.name]
        print(
            f"  {x.name}: {x.weights:.1e} {x.losses:.1e} {x.predictions:.1e}; by rounding "
            f"{moved[x.name]:.1e}; {run.network.outline} {run.record.setup.loss.name} "
            f"{run.record.setup.optimizer} {run.steps} steps"
        )


if __name__ == "__main__":
    main()
