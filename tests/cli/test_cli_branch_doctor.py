"""``chainrule branch`` and ``doctor``: from a run folder to another, and to a diagnosis."""

import json
from pathlib import Path

import pytest

import chainrule as cr


@pytest.fixture
def run(cli):
    assert cli("train", "--epochs", 3, "--out", "run", "--quiet").code == 0
    return "run"


def test_a_branch_is_a_run(cli, run):
    said = cli("branch", run, "--step", 5, "--learning-rate", 0.1, "--set", "b1[0]=2", "--out", "b")
    assert said.code == 0, said.err
    for words in ("of run at step 5", "learning_rate=0.1", "parameters changed: b1[0]", "Saved"):
        assert words in said.out
    branch, left = cr.load("b"), cr.load(run)
    assert branch.record.origin.step == 5
    assert branch.steps == left.steps - 5
    assert branch.at(0).parameters["b1"][0] == 2.0
    assert cli("info", "b").code == 0


def test_on_a_pipe_it_says_what_became_of_it_and_no_line_an_epoch(cli, run):
    said = cli("branch", run, "--step", 5, "--epochs", 3)
    assert said.code == 0, said.err
    assert "rows/s" not in said.out + said.err
    assert "Loss now" in said.out


def test_info_tells_where_a_branch_stands(cli, run):
    assert cli("branch", run, "--step", 5, "--learning-rate", 0.1, "--out", "b").code == 0
    words = " ".join(cli("info", "b").out.split())
    epoch = int(cr.load(run).history["epoch"][5]) + 1
    there = f"step 0 of this branch is step 5 from the start of the run it left, in epoch {epoch}"
    assert there in words
    assert "learning_rate=0.1" in words
    assert json.loads(cli("info", "b", "--json").out)["branch"]["step"] == 5
    assert json.loads(cli("info", run, "--json").out)["branch"] is None


def test_without_a_change_it_repeats_the_run(cli, run):
    said = cli("branch", run, "--step", 5, "--json")
    found = json.loads(said.out)
    assert found["run"] == "run-branch"
    assert found["changes"] == []
    assert (cr.load("run-branch").losses == cr.load(run).losses[5:]).all()


@pytest.mark.parametrize(
    ("tokens", "code", "words"),
    [
        (["--step", 5000], 1, "steps 0 to"),
        (["--step", 2, "--set", "W1[0,0]"], 2, "W1[0,2]=0.5"),
        (["--step", 2, "--set", "W7[0]=1"], 1, "the network has W1"),
        (["--step", 2, "--steps", 2, "--epochs", 1], 1, "give one of them"),
        (["--step", 2, "--out", "run"], 1, "run"),
        ([], 2, "step"),
    ],
)
def test_what_is_refused(cli, run, tokens, code, words):
    said = cli("branch", run, *tokens)
    assert said.code == code
    assert words in said.err
    assert "Traceback" not in said.err


def test_a_diagnosis(cli, run):
    said = cli("doctor", run)
    assert said.code == 0, said.err
    assert "of the targets' spread" in said.out
    found = json.loads(cli("doctor", run, "--json").out)
    assert found["kind"] == "doctor"
    assert {"healthy", "findings"} <= set(found["data"])


def test_a_suggestion_is_tried(cli, run):
    slow = cr.load(run).branch(0, learning_rate=1e-6, steps=60)
    slow.save("slow")
    said = cli("doctor", "slow", "--try", "--out", "page.html")
    assert said.code == 0, said.err
    text = Path("page.html").read_text("utf-8")
    assert "learning rate too low" in text
    assert "Both futures" in text
    assert "<svg" in text
