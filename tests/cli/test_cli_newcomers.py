"""What new users stumbled over at the command line: each stumble once, under its own name."""

import signal
import subprocess
import sys
from importlib.metadata import version
from types import SimpleNamespace

import pytest

from chainrule import cases
from chainrule.cases import xor
from chainrule.cases.case import play

GOOD = "x,y\n" + "".join(f"{k},{'ab'[k % 2]}\n" for k in range(24))
INTERRUPTED = "chainrule: interrupted; nothing was written.\n"


def test_the_target_without_its_flag_has_a_way_out(cli, table):
    said = cli("train", table(GOOD), "y")
    assert said.code == 2
    fact, way, _ = said.err.splitlines()
    assert fact == "chainrule: too many arguments: 'y'."
    assert "--target" in way


def test_many_tables_are_counted_not_listed(cli, table):
    said = cli("train", table(GOOD), *(f"{k}.csv" for k in range(30)), "--target", "y")
    assert said.code == 2
    assert "'7.csv' and 22 more." in said.err


def test_too_many_arguments_of_other_commands(cli):
    said = cli("info", "runs/a", "runs/b")
    assert (said.code, said.err.splitlines()[0]) == (2, "chainrule: too many arguments: 'runs/b'.")
    assert "--target" not in said.err


def test_a_run_on_arrays_says_so_in_two_lines(cli, bare):
    import chainrule

    chainrule.train("1-1", [[1.0], [2.0]], [1.0, 2.0], steps=1).save(bare / "r")
    said = cli("predict", "r", "t.csv")
    assert said.code == 1
    assert said.err.splitlines() == [
        "chainrule: run 'r' was trained on arrays, not on a table.",
        "  In Python: chainrule.load(run).predict(X)",
    ]


def test_labels_with_blanks_and_endless_words_are_shown_as_such(cli, table):
    rows = "".join(f"{k},{'w' * 10**5 if k % 3 else 'v'},{'ab'[k % 2]} \n" for k in range(24))
    said = cli("train", table("x,c,y\n" + rows), "--target", "y", "--epochs", 1)
    assert said.code == 0
    assert "2 classes, 'a ', 'b '" in said.out
    assert max(map(len, said.out.splitlines())) <= 100
    assert said.out.count("w" * 10) < 5


def test_fractions_as_target_promise_no_classes(cli, table):
    rows = "x,y\n" + "".join(f"{k},{k}.5\n" for k in range(24))
    said = cli("train", table(rows), "--target", "y", "--epochs", 1)
    assert "(the target has fractions)" in said.out


def test_a_textbook_case_that_is_interrupted_says_so(cli, monkeypatch):
    stopped = SimpleNamespace(stopped="interrupted")
    monkeypatch.setattr(cases, "play", play)
    monkeypatch.setattr(xor, "train", lambda *data, **settings: stopped)
    said = cli("demo")
    assert (said.code, said.out, said.err) == (130, "", INTERRUPTED)


@pytest.mark.parametrize(
    ("where", "code"),
    [("chainrule.apps.cli.application", 130), ("cyclopts", 130), ("chainrule.nowhere", 0)],
)
def test_ctrl_c_while_importing_is_one_line(tmp_path, where, code):
    program = f"""
import os, signal, sys
import chainrule

class Interrupt:
    def find_spec(self, name, *rest):
        if name == {where!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
sys.argv = ["chainrule", "--version"]
from chainrule.apps.cli import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (code, INTERRUPTED if code else "")
    assert bool(done.stdout) == (code == 0)


def test_a_caller_who_ignores_ctrl_c_is_obeyed(tmp_path):
    program = (
        "import os, signal, sys\n"
        "sys.argv = ['chainrule', '--version']\n"
        "from chainrule.apps.cli import main\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "try:\n    main()\nfinally:\n    os.kill(os.getpid(), signal.SIGINT)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == version("chainrule")


@pytest.mark.parametrize(
    ("hidden", "code", "words"),
    [
        ("[3, 2]", 0, "3:relu-2:relu"),
        ('["3", "2"]', 0, "3:relu-2:relu"),
        ("[]", 0, "1-1:sigmoid"),
        ('["wide"]', 2, "hidden layers are written as 64,32 or none, got 'wide'"),
        ("[2.5]", 2, "hidden layers are written as 64,32 or none, got '2.5'"),
    ],
)
def test_lists_of_units_in_a_file_are_checked_as_flags_are(cli, table, bare, hidden, code, words):
    (bare / "chainrule.toml").write_text(f"[train]\nepochs = 1\nhidden = {hidden}\n")
    said = cli("train", table(GOOD), "--target", "y")
    assert said.code == code
    assert words in said.out + said.err


def test_words_in_a_file_keep_commas_quotes_and_blanks(cli, table, bare):
    (bare / "chainrule.toml").write_text("[train]\nepochs = 1\nmissing = ['a,b', ' \"c\" ']\n")
    rows = "x,y\n" + "".join(f"{k},{'uv'[k % 2]}\n" for k in range(24))
    said = cli("train", table(rows + '"a,b",u\n" ""c"" ",v\n'), "--target", "y")
    assert said.code == 0, said.err
    assert "number" in said.out


def test_one_row_and_one_category_are_counted_as_one(cli, table):
    said = cli("train", table("x,c,y\n1,a,0.5\n"), "--target", "y", "--epochs", 1)
    assert "1 row, 3 columns" in said.out
    assert "1 category (a)" in said.out
