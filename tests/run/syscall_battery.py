"""SIGKILL at every call to the system that concerns a run folder, and each of these calls failed.

    python -m tests.run.syscall_battery

Needs strace and the right to trace. A training (or one that goes on) is forked and traced; first
its calls are counted, then it is done again and again, killed at the entry of the n-th call, or
with that call failing with ENOSPC, EIO, EROFS or EACCES. Afterwards the folder must hold a state
of the uninterrupted training, and end with its files when it is gone on with.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from kill_battery import is_state_of  # noqa: E402
from resuming_samples import bits_of, crashed, kept, of_arrays, of_table  # noqa: E402

import chainrule as cr  # noqa: E402
from chainrule.errors import FileRefused  # noqa: E402
from chainrule.run.kept import leave_page  # noqa: E402

CALLS = "openat,write,fsync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir"
ERRORS = ("ENOSPC", "EIO", "EROFS", "EACCES")


def short(checkpoints=None):
    return of_arrays(checkpoints, steps=14, snapshot_bytes=1)


def nothing(folder):
    return folder / "run"


def half_way(folder):
    return crashed(of_arrays, folder / "run", 8, steps=14, snapshot_bytes=1)


def finished_table(folder):
    run = of_table(kept(folder / "run"), epochs=2)
    leave_page(run, folder / "run")
    return folder / "run"


SCENARIOS = {
    "a new training": (nothing, lambda path: short(kept(path)), short),
    "one that goes on": (half_way, cr.resume, short),
    "a finished one made longer": (
        finished_table, lambda path: cr.resume(path, epochs=3), lambda c: of_table(c, epochs=3)),
}  # fmt: skip


def work(act, path, gate, told):
    """In the fork: wait to be traced, act, tell what was refused, and go."""
    code = 1
    try:
        os.read(gate, 1)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                act(path)
                code = 0
            except FileRefused as problem:
                os.write(told, str(problem).encode())
                code = 3
            for one in said:
                if "Training goes on" in str(one.message):
                    os.write(told, f"{one.message}\n".encode())
    finally:
        os._exit(code)


def traced(act, path, *injected):
    """Act in a fork under strace; return its exit code (None if killed), its calls and words."""
    gate, told, log = os.pipe(), os.pipe(), path.parent / "strace.log"
    pid = os.fork()
    if pid == 0:
        work(act, path, gate[0], told[1])
    tracer = subprocess.Popen(
        ["strace", "-f", "-y", "-s", "0", "-e", f"trace={CALLS}", "-o", str(log),
         *(word for one in injected for word in ("-e", f"inject={one}")), "-p", str(pid)],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert "attached" in tracer.stderr.readline()
    os.write(gate[1], b".")
    _, status = os.waitpid(pid, 0)
    tracer.stderr.close()
    tracer.wait()
    os.close(told[1])
    words = os.read(told[0], 10_000).decode()
    for end in (*gate, told[0]):
        os.close(end)
    code = None if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
    return code, log.read_text().splitlines(), words


def concerning(lines, folder):
    """The calls that concern a folder: (name, which one of that name), in their order."""
    counts, found = Counter(), []
    for line in lines:
        name = re.match(r"\d+ +(\w+)\(", line)
        if name is None:
            continue
        counts[name[1]] += 1
        if str(folder / "run") in line or f"{folder}/.chainrule-" in line:
            found.append((name[1], counts[name[1]]))
    return found


def check(path, whole, act, prepare_again):
    """The folder holds a state of the whole training; gone on with, it ends like it."""
    if (path / "run.json").exists():
        run = cr.load(path)
        assert is_state_of(run, whole), f"a wrong state of step {run.steps}"
    else:
        assert prepare_again is not None, "the run is gone"
    act(path) if (path / "run.json").exists() else prepare_again(path)


def one(scenario, folder, whole, wanted, number, injected):
    """Do a scenario once with something injected; returns what became of it."""
    prepare, act, _ = SCENARIOS[scenario]
    home = folder / "home"  # the same place each time
    home.mkdir()
    path = prepare(home)
    code, lines, words = traced(act, path, injected)
    assert (code is None) == ("KILL" in injected), f"{scenario} {injected}: {code} {words}"
    assert code != 1, f"{scenario} {injected}: an error of ours"
    last = concerning(lines, home)
    assert number in last, f"{scenario}: the calls are not always the same, {number}"
    fresh = act if prepare is nothing else None
    go_on = cr.resume if prepare is not finished_table else act
    check(path, whole, go_on, fresh)
    found = bits_of(path)
    others = [name for name in found | wanted if found.get(name) != wanted.get(name)]
    assert not others, f"{scenario} {injected}: in the end {others} differ"
    shutil.rmtree(home)
    return "killed" if code is None else "refused" if code else "told" if words else "silent"


def sweep(scenario, folder, every):
    """Do a scenario with each call hit in each way."""
    prepare, act, uninterrupted = SCENARIOS[scenario]
    whole = uninterrupted(kept(folder / "whole"))
    wanted = bits_of(folder / "whole")
    (folder / "home").mkdir()
    path = prepare(folder / "home")
    code, lines, _ = traced(act, path)
    assert code == 0, code
    calls = concerning(lines, folder / "home")
    shutil.rmtree(folder / "home")
    ends = Counter()
    for call, n in calls[::every]:
        ends[one(scenario, folder, whole, wanted, (call, n), f"{call}:signal=KILL:when={n}")] += 1
        for error in ERRORS:
            hit = f"{call}:error={error}:when={n}"
            ends[one(scenario, folder, whole, wanted, (call, n), hit)] += 1
    kinds = ", ".join(f"{count} {name}" for name, count in Counter(c for c, _ in calls).items())
    ended = ", ".join(f"{count} {name}" for name, count in sorted(ends.items()))
    print(f"{scenario}: {len(calls)} calls ({kinds}); {ended}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every so many calls")
    parser.add_argument("--only", help="the scenario whose name begins so")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "this run is unfinished")
    for scenario in SCENARIOS:
        if scenario.startswith(options.only or ""):
            with tempfile.TemporaryDirectory() as home:
                sweep(scenario, Path(home), options.every)


if __name__ == "__main__":
    main()
