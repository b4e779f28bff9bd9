"""Right and wrong gradients in any number: what `check` accuses, finds and misses.

    python -m tests.explain.check_battery --count 100 --seed 0
    python -m tests.explain.check_battery --runs 200

Right gradients must never be called wrong; wrong ones should be found.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

HERE = str(Path(__file__).resolve().parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

import check_functions  # noqa: E402
import check_networks  # noqa: E402
import numpy as np  # noqa: E402

import chainrule as cr  # noqa: E402


def functions(count, seed):
    """Check right and wrong gradients of every function; return counts by function."""
    found = Counter()
    for name, function, gradient, where in check_functions.FUNCTIONS:
        rng = np.random.default_rng([seed, *name.encode()])
        for k in range(count):
            x = where(rng)
            g = check_functions.silent(gradient)(x)
            for given, way in ((g, "array"), (check_functions.silent(gradient), "callable")):
                check = cr.check(function, given, x, seed=k)
                if check.wrong:
                    print(name, x, check, sep="\n")
                found[name, "ACCUSED", way] += bool(check.wrong)
                found[name, "NOT PASSED", way] += not check.passed
                found[name, "unclear", way] += len(check.unclear)
            how = check_functions.MISTAKES[k % len(check_functions.MISTAKES)]
            wrong = check_functions.changed(g, rng, how)
            if wrong is not None:
                check = cr.check(function, wrong, x, seed=k)
                found[name, "found" if check.wrong else "MISSED", how] += 1
    return found


def networks(count, seed):
    """Check random trainings in both engines; return counts."""
    found = Counter()
    for k in range(seed, seed + count):
        for engine in ("interpreter", "native"):
            run = check_networks.trained(k, engine)
            if run is None or not np.isfinite(run.at(0).loss):
                found["no training"] += 1
                continue
            check = run.check(seed=k)
            found["runs"] += 1
            found["entries"] += len(check.entries)
            for status in ("wrong", "unclear", "kink"):
                found[status] += len(check.findings.of(status))
            if not check.passed or check.wrong:
                found["NOT PASSED"] += 1
                print(k, engine, check, sep="\n")
    return found


def main():
    """Run what was asked for and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--runs", type=int, default=0)
    asked = parser.parse_args()
    if asked.runs:
        print(dict(networks(asked.runs, asked.seed)))
        return
    found, total = functions(asked.count, asked.seed), Counter()
    for (name, what, how), number in found.items():
        total[what] += number
        if number and what != "found":
            print(f"{name}: {what} {how} {number}")
    print(dict(total))


if __name__ == "__main__":
    main()
