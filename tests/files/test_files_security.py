"""The promise of SECURITY.md: loading runs no code, opens nothing outside, uses no network."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from run_samples import sample

import chainrule.files
from chainrule.files import RowSource, RunContents, write_run

ROOM = Path(chainrule.files.__file__).parent

AUDIT = """
import sys
from chainrule.errors import FileRefused
from chainrule.files import describe_files, read_run
read_run(sys.argv[1])  # whatever has to be imported is imported now
events = []
sys.addaudithook(lambda event, args: events.append((event, repr(args))))
for path in sys.argv[2:]:
    try:
        read_run(path), describe_files(path)
    except FileRefused:
        pass
for event, args in list(events):
    print(event, args)
"""
HARMLESS = {"object.__getattr__", "os.listdir", "os.scandir", "builtins.id", "open"}


def audited(*paths):
    """Every audit event while runs are loaded: opening, importing, compiling, sockets, ..."""
    command = [sys.executable, "-c", AUDIT, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split(" ", 1) for line in done.stdout.splitlines()]


def outside_source():
    return RunContents({}, {}, rows=RowSource("/etc/hostname", "0" * 64, 3, 3))


@pytest.fixture
def runs(tmp_path):
    """A warm-up run, a good one, a damaged one, one full of pickles, one with rows outside."""
    names = ("warm", "good", "damaged", "pickled", "elsewhere")
    for name in names[:-1]:
        write_run(tmp_path / name, sample())
    write_run(tmp_path / "elsewhere", outside_source())
    (tmp_path / "damaged" / "model.safetensors").write_bytes(b"x")
    for path in (tmp_path / "pickled").rglob("*.safetensors"):
        path.write_bytes(b"cos\nsystem\n(S'touch /tmp/never'\ntR.")
    return [tmp_path / name for name in names]


def test_only_files_of_the_run_are_opened_and_nothing_else_happens(runs):
    events = audited(*runs)
    assert {event for event, _ in events} <= HARMLESS, "imports, code, sockets, processes: none"
    opened = [args for event, args in events if event == "open"]
    assert len(opened) > 20
    for args in opened:
        path = re.match(r"\((?:PosixPath\()?'([^']*)'|\((\d+)", args)
        assert path, args
        assert path[2] or any(path[1].startswith(f"{run}/") for run in runs), args


def test_the_audit_sees_what_it_should(tmp_path, runs):
    """A planted import, a planted process: the test above would fail."""
    code = AUDIT.replace(
        "read_run(path)", "read_run(path), __import__('this'), open('/etc/hostname')"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(runs[0]), str(runs[1])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    events = {line.split(" ", 1)[0] for line in done.stdout.splitlines()}
    assert {"import", "exec"} <= events
    assert "/etc/hostname" in done.stdout


@pytest.mark.slow
def test_the_kernel_agrees(runs, tmp_path):
    """The same under strace: between two marks, every open is inside a run, and no socket."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    code = AUDIT.replace("events = []", "import os; os.path.exists('/mark')").replace(
        "sys.addaudithook(lambda event, args: events.append((event, repr(args))))", ""
    )
    code = code.split("for event, args")[0] + "os.path.exists('/mark')\n"
    log = tmp_path / "log"
    what = "trace=open,openat,stat,newfstatat,execve,fork,vfork,clone,clone3,socket,connect"
    command = ["strace", "-f", "-e", what, "-o", str(log), sys.executable, "-c", code]
    done = subprocess.run([*command, *map(str, runs)], capture_output=True, text=True)
    if "ptrace" in done.stderr:
        pytest.skip("strace is not allowed here")
    assert done.returncode == 0, done.stderr
    calls = log.read_text().split('"/mark"')[1].splitlines()[1:-1]
    assert not [call for call in calls if re.search(r"execve|fork|clone|socket|connect", call)]
    opens = [re.search(r'open(?:at)?\(.*?"([^"]*)"', call) for call in calls]
    paths = [found[1] for found in opens if found]
    assert len(paths) > 20
    assert all(any(path.startswith(f"{run}") for run in runs) for path in paths)


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.name)
def test_the_sources_know_no_pickle_no_eval_and_no_network(path):
    tree = ast.parse(path.read_text())
    banned = {"pickle", "marshal", "shelve", "socket", "urllib", "http", "subprocess", "ctypes",
              "importlib.util", "runpy", "joblib", "cloudpickle", "dill", "pyarrow"}  # fmt: skip
    imported, called = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called.add(node.func.id)
    assert not {name for name in imported if name in banned or name.split(".")[0] in banned}
    assert not called & {"eval", "exec", "compile", "__import__"}


def test_no_pickle_in_what_we_write(tmp_path):
    """No file of a run is a pickle, a zip or a program."""
    import pickle
    import zipfile

    run = write_run(tmp_path / "run", sample())
    for path in [path for path in run.rglob("*") if path.is_file()]:
        assert not zipfile.is_zipfile(path)
        assert not path.stat().st_mode & 0o111
        with pytest.raises(Exception):
            pickle.loads(path.read_bytes())
