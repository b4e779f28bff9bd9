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

from kill_battery import Whole
from resuming_samples import StopHere, X, Y, bits_of, crash_at, of_table

import chainrule as cr
from chainrule.errors import FileRefused
from chainrule.run.kept import leave_page

CALLS = "openat,write,fsync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir"
ERRORS = ("ENOSPC", "EIO", "EROFS", "EACCES")


def short(checkpoints=None, **more):
    """Six steps of a tiny network; a checkpoint after the second and the fourth."""
    settings = {"optimizer": "momentum", "snapshot_bytes": 1, "engine": "interpreter", "seed": 1}
    return cr.train("1-1", X[:6, :1], Y[:6], steps=6, checkpoints=checkpoints, **settings, **more)


def often(path):
    return cr.Checkpoints(path, every=2)


def nothing(path):
    """There is no folder yet."""


def half_way(path):
    try:
        short(often(path), callbacks=[crash_at(3)])
    except StopHere:
        return


def finished_table(path):
    leave_page(of_table(often(path), epochs=1, batch_size=21), path)


SCENARIOS = {
    "a new training": (nothing, lambda path: short(often(path)), short),
    "one that goes on": (half_way, cr.resume, short),
    "a finished one made longer": (
        finished_table, lambda path: cr.resume(path, epochs=2),
        lambda checkpoints: of_table(checkpoints, epochs=2, batch_size=21)),
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
    gate, told, log = os.pipe(), os.pipe(), path.parent.parent / "strace.log"
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


def check(path, whole, go_on, begin):
    """The folder holds a state of the whole training; gone on with, it ends like it."""
    there = (path / "run.json").exists()
    assert there or begin is not None, "the run is gone"
    if there:
        run = cr.load(path)
        assert whole.has_state(run), f"a wrong state of step {run.steps}"
    (go_on if there else begin)(path)
    found = bits_of(path)
    others = [k for k in found | whole.bits if found.get(k) != whole.bits.get(k)]
    assert not others, f"in the end {others} differ"


def one(scenario, folder, whole, number, injected):
    """Do a scenario once with something injected; returns what became of it."""
    prepare, act, _ = SCENARIOS[scenario]
    home = folder / "home"  # the same place each time
    if (folder / "before").exists():
        shutil.copytree(folder / "before", home / "run")
    home.mkdir(exist_ok=True)
    code, lines, words = traced(act, home / "run", injected)
    assert (code is None) == ("KILL" in injected), f"{scenario} {injected}: {code} {words}"
    assert code != 1, f"{scenario} {injected}: an error of ours"
    assert number in concerning(lines, home), f"{scenario}: not always the same calls, {number}"
    go_on = act if prepare is finished_table else cr.resume
    try:
        check(home / "run", whole, go_on, act if prepare is nothing else None)
    except AssertionError as problem:
        raise AssertionError(f"{scenario} {injected}: {problem}") from problem
    shutil.rmtree(home)
    return "killed" if code is None else "refused" if code else "told" if words else "silent"


def sweep(scenario, folder, every):
    """Do a scenario with each call hit in each way."""
    prepare, act, uninterrupted = SCENARIOS[scenario]
    whole = Whole(lambda checkpoints: uninterrupted(often(checkpoints.path)), {}, folder / "whole")
    prepare(folder / "before")
    (folder / "home").mkdir()
    if prepare is not nothing:
        shutil.copytree(folder / "before", folder / "home" / "run")
    code, lines, _ = traced(act, folder / "home" / "run")
    assert code == 0, code
    calls = concerning(lines, folder / "home")
    shutil.rmtree(folder / "home")
    ends, hits = Counter(), ["signal=KILL", *(f"error={name}" for name in ERRORS)]
    for done, (call, n) in enumerate(calls[::every], 1):
        for hit in hits:
            ends[one(scenario, folder, whole, (call, n), f"{call}:{hit}:when={n}")] += 1
        print(f"{scenario}: {done} of {len(calls)}", end="\r", flush=True)
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
