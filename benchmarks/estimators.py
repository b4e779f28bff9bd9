"""How long a fit takes: `NetworkClassifier` beside scikit-learn's `MLPClassifier`, in turns.

    python benchmarks/estimators.py                      all cases, one core, CPU time
    python benchmarks/estimators.py digits --rounds 9    the cases whose name has "digits"
    python benchmarks/estimators.py --json               the numbers as JSON

Same layers, epochs and batch, Adam at 0.001, alpha 0.0001, no early stopping in either; a new seed
and a new split each round, inputs scaled. "first" is ours with nothing compiled yet, on disk or in
memory; "later" every further fit of the same shape. Knows both estimators; computes no gradient.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

if __name__ == "__main__":  # before NumPy counts the cores
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ["CHAINRULE_CACHE"] = tempfile.mkdtemp(prefix="chainrule-")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[-1]})

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from chainrule.bench.machine import this_machine
from chainrule.estimators import NetworkClassifier

Data = Callable[[], tuple[Any, Any]]


def digits() -> tuple[Any, Any]:
    """Return 1,797 small pictures of digits."""
    found: tuple[Any, Any] = load_digits(return_X_y=True)
    return found


def cancer() -> tuple[Any, Any]:
    """Return 569 tumours, two classes."""
    found: tuple[Any, Any] = load_breast_cancer(return_X_y=True)
    return found


def pictures() -> tuple[Any, Any]:
    """Return 70,000 rows of 784 numbers: ten faint patterns in noise, a tenth mislabelled."""
    rng = np.random.default_rng(0)
    patterns = rng.normal(0.0, 0.15, (10, 784))
    y = rng.integers(0, 10, 70_000)
    x = patterns[y] + rng.standard_normal((70_000, 784))
    wrong = rng.random(70_000) < 0.1
    return x, np.where(wrong, rng.integers(0, 10, 70_000), y)


@dataclass(frozen=True)
class Case:
    """What is fitted: data, layers, batch, epochs, kind of numbers, and the ratio to reach."""

    name: str
    data: Data
    hidden: tuple[int, ...]
    batch: int
    epochs: int
    dtype: str
    bar: float


CASES = [
    Case("digits, MLP's defaults", digits, (100,), 200, 200, "float64", 5.0),
    Case("digits, float32", digits, (100,), 200, 200, "float32", 5.0),
    Case("digits, batch 32", digits, (100,), 32, 100, "float64", 5.0),
    Case("digits, 64-32, batch 32", digits, (64, 32), 32, 100, "float64", 5.0),
    Case("cancer, MLP's defaults", cancer, (100,), 200, 200, "float64", 10.0),
    Case("cancer, float32", cancer, (100,), 200, 200, "float32", 10.0),
    Case("cancer, batch 32", cancer, (100,), 32, 100, "float64", 10.0),
    Case("cancer, 64-32, batch 32", cancer, (64, 32), 32, 100, "float64", 10.0),
    Case("60,000 x 784", pictures, (128, 64), 128, 3, "float64", 1.5),
    Case("60,000 x 784, float32", pictures, (128, 64), 128, 3, "float32", 1.5),
]


@dataclass(frozen=True)
class Result:
    """What was measured of a case; seconds are of CPU time on one core."""

    case: str
    theirs: float
    ours: float
    first: float
    ratio: float
    quartiles: tuple[float, float]
    first_ratio: float
    clock_ratio: float
    bar: float
    score: float
    their_score: float
    score_difference: float
    standard_error: float


def timed(make: type, case: Case, rows: tuple[Any, ...], seed: int) -> tuple[float, float, float]:
    """Return CPU seconds, seconds by the clock and the held-out score of one fit."""
    x, x_test, y, y_test = rows
    model = make(
        case.hidden, batch_size=case.batch, max_iter=case.epochs, tol=0.0,
        n_iter_no_change=np.inf, random_state=seed,
    )  # fmt: skip
    cpu, clock = time.process_time(), time.perf_counter()
    model.fit(x, y)
    used = time.process_time() - cpu, time.perf_counter() - clock
    return *used, float(model.score(x_test, y_test))


def split(case: Case, x: Any, y: Any, seed: int) -> tuple[Any, ...]:
    """Return training and test rows, scaled; 60,000 of the pictures are for training."""
    share = 10_000 if len(x) == 70_000 else 0.25
    a, b, c, d = train_test_split(x, y, test_size=share, random_state=seed, stratify=y)
    scaler = StandardScaler().fit(a)
    return scaler.transform(a).astype(case.dtype), scaler.transform(b).astype(case.dtype), c, d


def measure(case: Case, rounds: int) -> Result:
    """Return what the rounds of a case gave; who begins changes from round to round."""
    x, y = case.data()
    first = timed(NetworkClassifier, case, split(case, x, y, 10_000), 10_000)[0]
    found = []
    for seed in range(rounds):
        rows = split(case, x, y, seed)
        makers = [MLPClassifier, NetworkClassifier][:: 1 if seed % 2 else -1]
        times = {make: timed(make, case, rows, seed) for make in makers}
        found.append((times[MLPClassifier], times[NetworkClassifier]))
    ratios = [a[0] / b[0] for a, b in found]
    difference = np.array([b[2] - a[2] for a, b in found])
    theirs = median(a[0] for a, _ in found)
    return Result(
        case.name, theirs, median(b[0] for _, b in found), first, median(ratios),
        (float(np.quantile(ratios, 0.25)), float(np.quantile(ratios, 0.75))), theirs / first,
        median(a[1] / b[1] for a, b in found), case.bar, float(np.mean([b[2] for _, b in found])),
        float(np.mean([a[2] for a, _ in found])), float(difference.mean()),
        float(difference.std(ddof=1) / np.sqrt(rounds)) if rounds > 1 else float("nan"),
    )  # fmt: skip


def line(one: Result) -> str:
    """Return a row of the table."""
    verdict = "" if one.ratio >= one.bar else "  below the bar"
    return (
        f"{one.case:<26}{one.theirs:8.3f}{one.ours:8.3f}{one.ratio:8.2f}  "
        f"{one.quartiles[0]:5.2f} to {one.quartiles[1]:<6.2f}{one.clock_ratio:7.2f}{one.first:8.3f}"
        f"{one.first_ratio:7.2f}{one.bar:6.1f}{one.their_score:8.4f}{one.score:8.4f}"
        f"  {one.score_difference:+.4f} +- {one.standard_error:.4f}{verdict}"
    )


HEAD = (
    f"{'fit':<26}{'theirs':>8}{'ours':>8}{'ratio':>8}  {'quartiles':<15}{'clock':>6}{'first':>8}"
    f"{'ratio':>7}{'bar':>6}{'theirs':>8}{'ours':>8}  score, difference"
)


def main() -> int:
    """Measure and print; return 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cases", nargs="*", help="words of names of cases; all by default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    chosen = [c for c in CASES if not given.cases or any(w in c.name for w in given.cases)]
    timed(NetworkClassifier, CASES[0], tuple(a[:8] for a in split(CASES[0], *digits(), 0)), 0)
    results = []
    if not given.json:
        print(HEAD, flush=True)
    for case in chosen:
        results.append(measure(case, given.rounds))
        if not given.json:
            print(line(results[-1]), flush=True)
    machine = this_machine()
    if given.json:
        plain = {"results": [asdict(r) for r in results], "machine": machine.to_dict()}
        print(json.dumps(plain, indent=2))
    else:
        told = ", ".join(f"{name} {found}" for name, found in machine.versions.items())
        print(f"\n{machine.processor}, one core of {machine.cores}; load {machine.load}\n{told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
