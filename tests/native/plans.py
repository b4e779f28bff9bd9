"""Random plans in machine code against the interpreter, as long as one likes.

    python -m tests.native.plans --count 10000 --seed 0

Each plan runs in a process that may crash: which plan it was is told. A plan that fails is made
small, and its first differing operation named.
"""

import argparse
import collections
import faulthandler
import multiprocessing
import os
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent / "ops"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import plans_graphs  # noqa: E402
import plans_judge  # noqa: E402
import plans_large  # noqa: E402
import plans_networks  # noqa: E402
import plans_shrink  # noqa: E402
import plans_training  # noqa: E402

DRAWS = {
    "network": plans_networks.draw_network,
    "graph": plans_graphs.draw_graph,
    "large": plans_large.draw_large,
    "primitive": plans_large.draw_primitive,
    "training": plans_networks.draw_network,
    "threads": plans_networks.draw_network,
    "state": plans_graphs.draw_state,
}
SHARES = ("network", "graph", "network", "graph", "primitive", "large", "network", "graph",
          "training", "primitive", "state", "threads")  # fmt: skip
"""Which kind of plan each number is of."""

CHUNK = 200
"""Plans that one process runs."""

PATIENCE = 300
"""Seconds that one plan may take."""


def judge(kind, seed):
    """Draw a plan by number and judge it; return what was compared."""
    case = DRAWS[kind](seed)
    try:
        if kind == "training":
            return plans_training.judge_training(case.setup, case.state, first=seed % 4)
        if kind == "threads":
            return plans_training.judge_threads(case.setup, case.state, first=seed % 4)
        if kind == "state":
            return plans_training.judge_state(case.plan, case.feed, list(case.state))
        return plans_judge.judge(case.plan, case.feed)
    except plans_judge.Wrong as wrong:
        wrong.args = (f"{case.title}\n{wrong}",)
        raise


def explain(kind, seed):
    """Return what fails of a plan, made small."""
    case = DRAWS[kind](seed)
    if kind == "state":
        return plans_shrink.told(case.plan, case.feed, f"new values: {list(case.plan.updates)}")
    if kind not in ("training", "threads"):
        found = plans_shrink.shrunk(case.plan, case.feed)
        if found is not None:
            return plans_shrink.told(*found)
    return "not made smaller"


def work(answer, todo, shrink):
    """Judge plans one after the other and send what came of each."""
    faulthandler.enable(sys.__stderr__)
    for kind, seed in todo:
        answer.send(("start", kind, seed, None))
        try:
            found = judge(kind, seed)
            answer.send(("fine", kind, seed, found))
        except plans_judge.Wrong as wrong:
            said = f"{wrong}\n{explain(kind, seed)}" if shrink else str(wrong)
            answer.send(("wrong", kind, seed, said))
        except Exception:
            lines = traceback.format_exc(limit=-3)
            said = f"{lines}\n{explain(kind, seed)}" if shrink else lines
            answer.send(("error", kind, seed, said))


def run(todo, shrink=True):
    """Yield (what, kind, seed, facts) of each plan; a process that dies is named and replaced."""
    context = multiprocessing.get_context("fork")
    todo = list(todo)
    while todo:
        chunk, todo = todo[:CHUNK], todo[CHUNK:]
        receive, send = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(send, chunk, shrink))
        process.start()
        send.close()
        last, done = chunk[0], 0
        while done < len(chunk):
            message = _next(receive)
            if message is None:
                process.kill()
                process.join()
                yield ("crash", *last, f"the process ended ({process.exitcode}) or took too long")
                todo = chunk[done + 1 :] + todo
                break
            what, kind, seed, _ = message
            if what == "start":
                last = (kind, seed)
            else:
                done += 1
                yield message
        process.join()


def _next(receive):
    try:
        return receive.recv() if receive.poll(PATIENCE) else None
    except EOFError:
        return None


def numbered(seed, count, kinds):
    """Return (kind, seed) of so many plans."""
    kinds = kinds or SHARES
    return [(kinds[k % len(kinds)], seed + k) for k in range(count)]


def main():
    """Run plans; end with status 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", choices=sorted(DRAWS))
    parser.add_argument("--no-shrink", action="store_true")
    given = parser.parse_args()
    os.environ.setdefault("CHAINRULE_CACHE", "")
    total, failed, start = collections.Counter(), 0, time.monotonic()
    for n, (what, kind, seed, facts) in enumerate(
        run(numbered(given.seed, given.count, given.kinds), not given.no_shrink), 1
    ):
        total[f"{what} {kind}"] += 1
        if what == "fine":
            total.update(facts)
        else:
            failed += 1
            print(f"{what.upper()} --kinds {kind} --seed {seed} --count 1\n{facts}\n", flush=True)
        if n % 500 == 0:
            print(f"{n} plans, {failed} failed, {time.monotonic() - start:.0f} s", flush=True)
    print(dict(total))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
