"""The command line as a process of its own: signals, pipes, terminals, locales."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "chainrule"]
LONG = ["train", "--epochs", "100000", "--patience", "0", "--hidden", "4"]


@pytest.fixture
def environment():
    plain = {k: v for k, v in os.environ.items() if not k.startswith("CHAINRULE_")}
    return {**plain, "COLUMNS": "100", "PYTHONWARNINGS": "error::ResourceWarning"}


def start(tokens, cwd, environment, **options):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    return subprocess.Popen([*COMMAND, *tokens], cwd=cwd, env=environment, **pipes)


def until(stream, word):
    """Read lines until one holds a word."""
    for line in stream:
        if word in line:
            return line
    raise AssertionError(f"{word!r} was never said")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_is_saved(tmp_path, environment, number):
    process = start(LONG, tmp_path, environment)
    until(process.stdout, "epoch ")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    said = re.search(r"^chainrule: interrupted after ([\d,]+) steps?; .* runs/penguins\.$", err)
    assert said, err
    assert "Saved      runs/penguins" in out
    info = start(["info", "runs/penguins", "--json"], tmp_path, environment)
    found = json.loads(info.communicate(timeout=60)[0])
    assert found["stopped"] == "interrupted"
    assert found["steps"] == int(said[1].replace(",", ""))


def test_an_interrupted_training_tells_json(tmp_path, environment):
    process = start([*LONG, "--json"], tmp_path, environment)
    until(process.stderr, "epoch ")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["stopped"] == "interrupted"


def test_a_training_goes_on_when_nobody_reads(tmp_path, environment):
    process = start(["train", "--epochs", "200"], tmp_path, environment)
    until(process.stdout, "epoch ")
    process.stdout.close()
    with process.stderr as stream:
        err = stream.read()
    assert (process.wait(60), err) == (0, "")
    assert (tmp_path / "runs" / "penguins" / "run.json").exists()


def test_a_listing_stops_when_nobody_reads(tmp_path, environment):
    process = start(["train", "--help"], tmp_path, environment)
    process.stdout.close()
    with process.stderr as stream:
        err = stream.read()
    assert (process.wait(60), err) == (141, "")


def test_a_full_disk_is_one_line(tmp_path, environment):
    with open("/dev/full", "w") as full:
        process = start(["demo", "--list"], tmp_path, environment, stdout=full)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err == "chainrule: output cannot be written: No space left on device.\n"


def test_no_stdout_at_all(tmp_path, environment):
    line = f"exec {' '.join(COMMAND)} demo --list >&-"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("locale", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}])
def test_other_locales(tmp_path, environment, locale):
    (tmp_path / "t.csv").write_text("größe,y\n" + "".join(f"{k},{'üv'[k % 2]}\n" for k in range(9)))
    process = start(
        ["train", "t.csv", "--target", "y", "--epochs", "9"], tmp_path, environment | locale
    )
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.isascii() == ("PYTHONIOENCODING" in locale)
    assert "Saved" in out


def test_a_table_through_a_pipe(tmp_path, environment):
    line = f"printf 'a,y\\n1,u\\n2,v\\n3,u\\n4,v\\n' | {' '.join(COMMAND)} train - --target y -q"
    done = subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "runs/stdin\n", "")


def in_terminal(tokens, cwd, environment):
    """Run in a pseudo-terminal; return the exit code and all that was written to it."""
    ours, theirs = pty.openpty()
    process = start(
        tokens, cwd, environment, stdin=theirs, stdout=theirs, stderr=theirs, text=False
    )
    os.close(theirs)
    found, end = b"", time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([ours], [], [], 60)[0]:
            break
        try:
            data = os.read(ours, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not data:
            break
        found += data
    os.close(ours)
    return process.wait(60), found.decode()


def test_a_bar_in_a_terminal(tmp_path, environment):
    environment = environment | {"TERM": "xterm-256color"}
    code, text = in_terminal(["train", "--epochs", "100"], tmp_path, environment)
    assert code == 0
    assert "━" in text
    assert "rows/s" in text
    assert "\nepoch " not in text
    assert "\x1b[?25h" in text  # the cursor is shown again
    assert "\x1b[1m" in text


@pytest.mark.parametrize(
    ("variables", "bar", "colour"),
    [
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, True, False),
    ],
)
def test_terminals_that_can_less(tmp_path, environment, variables, bar, colour):
    code, text = in_terminal(["train", "--epochs", "60"], tmp_path, environment | variables)
    assert code == 0
    assert ("━" in text) == bar
    assert bool(re.search(r"\x1b\[[\d;]*3[1-7]", text)) == colour
    assert ("epoch  1/60" in text) != bar


def test_a_narrow_terminal(tmp_path, environment):
    environment = environment | {"TERM": "xterm", "COLUMNS": "30"}
    code, text = in_terminal(["train", "--epochs", "60"], tmp_path, environment)
    assert code == 0
    assert "Saved" in text


def test_predictions_in_a_terminal_are_few(tmp_path, environment, penguins):
    run, path = penguins
    code, text = in_terminal(
        ["predict", str(run), str(path)], tmp_path, environment | {"TERM": "xterm"}
    )
    assert code == 0
    assert "Predicted  " in re.sub(r"\x1b\[[\d;]*m", "", text)
    assert len(text.splitlines()) < 30


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(tmp_path, environment, shell):
    process = start(["completion", shell], tmp_path, environment)
    script, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    for word in ("train", "--learning-rate", "predict"):
        assert word in script
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0


def test_installing_completion(tmp_path, environment):
    environment = environment | {"HOME": str(tmp_path), "SHELL": "/bin/bash"}
    process = start(["--install-completion", "--shell", "bash"], tmp_path, environment)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert (tmp_path / ".local/share/bash-completion/completions/chainrule").exists()


def test_help_is_quick(tmp_path, environment):
    code = "import sys\nfrom chainrule.apps.cli import run\nrun(['--help'])\n"
    code += "print(sorted({'pyarrow', 'narwhals', 'pandas'} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stderr == "[]\n"
