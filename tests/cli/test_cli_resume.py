"""chainrule train that is killed, chainrule resume, and what info says in between."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

import chainrule as cr
from chainrule.files import held

SHORT = ("train", "--epochs", 12, "--patience", 0, "--hidden", 4, "--checkpoint-every", "3epochs")
COMMAND = [sys.executable, "-m", "chainrule"]


class Crash(Exception):
    pass


@pytest.fixture
def unfinished(cli, monkeypatch):
    """A training that crashed in epoch 8, and one that did not."""
    from chainrule.apps.cli.commands import train

    def crash(progress):
        if progress.epoch == 8:
            raise Crash

    own = train.run_table
    monkeypatch.setattr(
        train, "run_table", lambda job, calls, kept: own(job, [*calls, crash], kept)
    )
    assert cli(*SHORT, "--out", "part").code == 1
    monkeypatch.setattr(train, "run_table", own)
    assert cli(*SHORT, "--out", "whole").code == 0
    return "part"


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_resume_ends_with_the_same_files(cli, bare, unfinished):
    said = cli("resume", unfinished)
    assert said.code == 0
    assert "part: unfinished at step 48 of 96 steps" in said.out
    assert "finished after 12 epochs" in said.out
    assert "Score" in said.out
    assert said.err == ""
    assert files(bare / "part") == files(bare / "whole")


def test_resume_as_json(cli, unfinished):
    found = cli("resume", unfinished, "--json").json
    assert (found["command"], found["from_step"], found["steps"]) == ("resume", 48, 96)
    assert found["score"]["on"] == "test"


def test_what_info_says_of_it(cli, unfinished):
    said = cli("info", unfinished)
    assert "unfinished after 48 steps" in said.out
    assert "chainrule resume part goes on to step 96" in said.out
    found = cli("info", unfinished, "--json").json
    assert (found["stopped"], found["steps"], found["planned"]) == ("unfinished", 48, 96)
    assert found["checkpoints"][-1] == 48
    assert found["trained_by"] is None
    assert "chainrule resume whole --epochs N makes it longer" in cli("info", "whole").out


@pytest.mark.filterwarnings("always:this run is unfinished")
def test_other_commands_open_it_and_say_so(cli, unfinished):
    said = cli("why", unfinished, "W1[0,0]")
    assert said.code == 0
    line = "chainrule: this run is unfinished, at step 48 of 96; chainrule resume part goes on.\n"
    assert said.err == line


def test_a_run_that_is_being_trained(cli, bare, unfinished):
    with held(bare / unfinished, "a test"):
        assert f"being trained by process {os.getpid()} on " in cli("info", unfinished).out
        assert cli("info", unfinished, "--json").json["trained_by"]["process"] == os.getpid()
        line = [*COMMAND, "resume", unfinished]
        done = subprocess.run(line, cwd=bare, capture_output=True, text=True)
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert re.fullmatch(
        r"chainrule: resume 'part': process \d+ on \S+, since [-0-9]+ [:0-9]+ UTC, "
        r"is at work on it\.", first,
    )  # fmt: skip
    assert second == "  Wait until it is done, or stop it. Nothing was changed."


def test_longer_and_nothing_to_do(cli, unfinished):
    assert "nothing is left to do" in cli("resume", "whole").out
    assert cli("resume", "whole", "--epochs", 14).code == 0
    assert cr.load("whole").steps == 14 * 8
    said = cli("resume", "whole", "--epochs", 2)
    assert said.code == 1
    assert "16 steps were asked for; this run has done 112" in said.err
    assert cli("resume", "whole", "--epochs", 20, "--steps", 3).code == 1


def test_wrong_words(cli):
    said = cli("train", "--checkpoint-every", "soon")
    assert said.code == 1
    assert "a checkpoint every 'soon' was asked for" in said.err
    assert cli("train", "--keep", 0).code == 2
    said = cli("resume", "nowhere")
    assert (said.code, said.out) == (1, "")
    assert cli("resume", "nowhere", "--checkpoint-every", "never").code == 2


def test_without_checkpoints(cli, bare):
    plain = ("train", "--epochs", 2, "--hidden", 4, "--checkpoint-every", "never", "--out")
    assert cli(*plain, "never").code == 0
    assert (bare / "never" / "report.html").exists()
    assert cli("resume", "never", "--epochs", 3).code == 0


def test_a_training_that_diverges_is_kept(cli, bare):
    said = cli("train", "--optimizer", "sgd", "--learning-rate", 1e12, "--out", "wild")
    assert said.code == 1
    assert "The run up to there is in wild: chainrule doctor wild" in said.err
    assert cr.load("wild").stopped == "diverged"
    said = cli("resume", "wild")
    assert said.code == 1
    assert "going on would repeat that" in said.err


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_process_that_is_stopped(bare, number):
    line = "train --epochs 3000 --patience 0 --hidden 4 --checkpoint-every 0.2s --out run"
    with subprocess.Popen(
        [*COMMAND, *line.split()], cwd=bare, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        give_up = time.monotonic() + 60
        while not (bare / "run" / "checkpoints").exists() and time.monotonic() < give_up:
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(number)
        said = process.stderr.read()
    if number == signal.SIGKILL:
        assert process.returncode == -9
    else:
        assert process.returncode == 130
        assert re.search(r"interrupted after [\d,]+ steps.*chainrule resume run\.$", said.strip())
    done = subprocess.run([*COMMAND, "resume", "run", "-q"], cwd=bare, capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"run\n")
    assert cr.load(bare / "run").steps == 24_000
