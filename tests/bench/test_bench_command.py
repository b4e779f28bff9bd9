"""The command: words in, tables out."""

import json

import pytest

from chainrule.apps.cli import run

QUICK = ["--seconds", "0.01", "--engines", "chainrule_interpreter,numpy_by_hand"]


@pytest.fixture
def cli(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def call(*tokens):
        code = run(list(tokens))
        return code, *capsys.readouterr()

    return call


def test_two_workloads_side_by_side(cli):
    code, out, err = cli("bench", "W1", "w2", *QUICK)
    assert (code, err) == (0, "")
    assert "W1  XOR, 3-4-1" in out
    assert "W2  two spirals" in out
    assert out.count("NumPy, by hand") == 2
    assert "CPU time of one thread" in out


def test_json_alone_on_stdout_and_the_same_in_the_file(cli, tmp_path):
    code, out, err = cli("bench", "W1", *QUICK, "--json", "--out", "last.json")
    assert code == 0
    found = json.loads(out)
    assert found == json.loads((tmp_path / "last.json").read_text("utf-8"))
    assert [one["name"] for one in found["workloads"]] == ["W1"]
    assert "W1  XOR" in err


def test_two_threads_by_the_clock(cli):
    code, out, _ = cli("bench", "W1", *QUICK, "--threads", "2")
    assert code == 0
    assert "time of the clock, 2 threads" in out


def test_a_series(cli, monkeypatch):
    from chainrule.bench import workloads

    monkeypatch.setitem(workloads.GROWTH, "depth", (workloads.of_depth, (1, 2)))
    code, out, _ = cli("bench", "--growth", "depth", *QUICK)
    assert code == 0
    assert "depth 1  64-64:relu-10" in out
    assert "depth 2  64-64:relu-64:relu-10" in out


@pytest.mark.parametrize(
    ("tokens", "code", "words"),
    [
        (["W9"], 1, "there is no workload 'W9'"),
        (["W1", "--engines", "cobol"], 1, "there is no engine 'cobol'"),
        (["W1", "--seconds", "0"], 1, "seconds is 0.0"),
        (["W1", "--growth", "width"], 1, "asked for at once"),
        (["W1", "--out", "none/a.json"], 1, "there is no folder none"),
        (["W1", "--threads", "3"], 2, "threads"),
        (["--growth", "height"], 2, "growth"),
    ],
)
def test_what_makes_no_sense_is_refused(cli, tokens, code, words):
    found, out, err = cli("bench", *tokens)
    assert found == code
    assert words in err
    assert out == ""


@pytest.mark.slow
def test_every_engine_that_is_here(cli, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "")  # else it would be set for the rest of the process
    code, out, _ = cli("bench", "W1", "--seconds", "0.05", "--json")
    assert code == 0
    (found,) = json.loads(out)["workloads"]
    assert all(one["difference"] < 1e-9 for one in found["engines"] if not one["strays"])
