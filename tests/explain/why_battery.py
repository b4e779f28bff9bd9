"""Every weight of many random runs: what its page adds up to, against the recorded gradient.

python -m tests.explain.why_battery --count 500
"""

import argparse
import itertools

import numpy as np
from tests.explain.random_runs import random_run

from chainrule.explain.why.gradient import weight_page
from chainrule.explain.why.opened import open_step
from chainrule.explain.why.question import parse


def worst_of(run, step, *, pages=None):
    """The largest |sum - recorded| in units of u times the sum of sizes, over all weights."""
    moment, worst, where, entries = run.at(step), 0.0, "", 0
    opened = open_step(run.record, moment, None, "RUN")
    u = np.finfo(run.record.setup.dtype).eps / 2
    for name, gradient in moment.gradients.items():
        for index in itertools.product(*map(range, gradient.shape)):
            asked = f"{name}[{','.join(map(str, index))}]"
            page = weight_page(opened, parse(opened, asked), 5)
            if pages is not None:
                pages.append(page)
            found = page.data
            assert found["gradient"] == gradient[index]
            apart = abs(found["sum"] - found["gradient"])
            assert apart == 0 or found["size"] > 0, asked
            units = apart / (u * found["size"]) if apart else 0.0
            entries += 1
            if units > worst:
                worst, where = units, f"{asked} at {step}"
    return worst, where, entries


def main():
    """Print the worst weight of each engine and dtype."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=500)
    count = parser.parse_args().count
    for engine, dtype in itertools.product(("interpreter", "native"), (np.float64, np.float32)):
        found = []
        for seed in range(count):
            run = random_run(seed, engine, dtype)
            found.append((*worst_of(run, run.steps // 2), seed))
        units, where, _, seed = max(found)
        beyond = sum(one[0] > 2 for one in found)
        entries = sum(one[2] for one in found)
        print(
            f"{engine} {np.dtype(dtype)}: {count} runs, {entries} weights, worst {units:.2f} u "
            f"({where} of run {seed}), beyond 2 u in {beyond} runs"
        )


if __name__ == "__main__":
    main()
