"""What the kernel sees of each question to a run: its own files, Python's, and nothing else.

The rule: beside the run (and the table that was named) a process may open what Python itself and
its packages are made of, what the dynamic loader and the C library read at their start, what the
kernel says of this machine and this process, and the cache of machine code. It writes nothing,
starts no program and asks for no socket.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import real_runs

import chainrule

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace"),
]

PYTHON = sorted(
    {sys.prefix, sys.base_prefix, str(Path(chainrule.__file__).parents[1])}
    | {place for place in sys.path if place.startswith("/") and place != os.getcwd()}
)
SYSTEM = (
    "/lib", "/usr/lib", "/etc/ld.so", "/usr/share/locale", "/usr/share/zoneinfo", "/etc/localtime",
    "/dev/null", "/dev/urandom", "/proc/self", "/proc/meminfo", "/proc/cpuinfo", "/proc/stat",
    "/sys/devices/system", "/sys/fs/cgroup", "/proc/filesystems", "/proc/mounts",
)  # fmt: skip
OPEN = re.compile(r'\bopen(?:at|at2)?\((?:AT_FDCWD, )?"([^"]*)", ([A-Z_|]*)[^)]*\)\s+= (-?\d+)')

QUESTIONS = {
    "load": "cr.load(run)",
    "at": "r = cr.load(run); r.at(0); r.at(r.steps)",
    "predict": "r = cr.load(run); r.predict(r.record.setup.x)",
    "why": "print(cr.load(run).why('W1[0,0]', step=0))",
    "info": "from chainrule.apps.cli import run as do; assert do(['info', run]) == 0",
    "files": "from chainrule.apps.cli import run as do; assert do(['info', run, '--files']) == 0",
}


@pytest.fixture(scope="module")
def runs(module_path):
    return real_runs.save_all(module_path)


def traced(code, folder, log):
    """Every call that opens, starts or connects, of a fresh Python that runs the code."""
    command = ["strace", "-f", "-e", "trace=open,openat,openat2,execve,execveat,socket,connect,"
               "fork,vfork,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat",
               "-o", str(log), sys.executable, "-B", "-P", "-c",
               f"run = {str(folder)!r}\nimport chainrule as cr\n{code}"]  # fmt: skip
    source = str(Path(chainrule.__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": source, "CHAINRULE_CACHE": ""}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if "ptrace" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("strace is not allowed here")
    assert done.returncode == 0, done.stderr[-2000:]
    return log.read_text().splitlines()


def strange(calls, folder):
    """The calls that the rule does not allow."""
    allowed = (*PYTHON, *SYSTEM, str(folder))
    found, started = [], 0
    for call in calls:
        opened = OPEN.search(call)
        if opened:
            path, flags, result = opened.groups()
            inside = path.startswith(allowed) or not path.startswith("/")
            writes = re.search(r"O_WRONLY|O_RDWR|O_CREAT", flags) and path != "/dev/null"
            if int(result) >= 0 and (not inside or writes):
                found.append(call)
        elif re.search(r"\bexecve", call):
            started += 1
        elif re.search(r"\b(socket|connect|v?fork|creat|unlink|rename|mkdir)", call):
            found.append(call)
    return found + (["more than one program"] if started != 1 else [])


@pytest.mark.parametrize(
    ("kind", "question"),
    [("table", name) for name in QUESTIONS if name != "predict"]
    + [("arrays", "predict"), ("native", "at"), ("native", "why"), ("branch", "load")],
)
def test_only_the_run_is_opened(runs, kind, question, tmp_path):
    calls = traced(QUESTIONS[question], runs[kind], tmp_path / "log")
    assert sum(str(runs[kind]) in call for call in calls) >= 5, "the run was read"
    assert strange(calls, runs[kind]) == []


def test_the_rule_sees_what_it_should(runs, tmp_path):
    """Planted: a file outside, a program, a socket."""
    code = (
        "open('/etc/hostname').read(); import subprocess, socket; "
        "subprocess.run(['true']); socket.socket()"
    )
    found = "\n".join(strange(traced(code, runs["arrays"], tmp_path / "log"), runs["arrays"]))
    assert all(word in found for word in ("/etc/hostname", "more than one", "socket("))
