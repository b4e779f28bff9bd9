"""``chainrule adopt``: weights and a table in, an ordinary run folder out, or one clear line."""

import json
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.apps.cli.application import run as command

GOLDEN = Path(__file__).parent / "golden"
WEIGHTS = str(GOLDEN / "torch_relu.safetensors")
NAMES = np.array(["ant", "bee", "cat"])


@pytest.fixture
def rows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with np.load(GOLDEN / "torch_relu.told.npz") as found:
        x, y = found["x"], found["y"]
    lines = [",".join([*map(repr, row), NAMES[k]]) for row, k in zip(x.tolist(), y, strict=True)]
    Path("rows.csv").write_text("\n".join(["a,b,c,kind", *lines]) + "\n")
    np.savez("rows.npz", x=x, kind=y)
    return x, y


def adopt(*more, weights=WEIGHTS, data="rows.csv"):
    told = ["--target", "kind", "--activation", "relu", "--loss", "cross_entropy"]
    return command(["adopt", weights, data, *told, *more])


def test_a_run_folder_that_every_command_opens(rows, capsys):
    assert adopt("--out", "net") == 0
    out = capsys.readouterr().out
    assert "3-5:relu-4:relu-3:softmax" in out
    assert "torch_relu.safetensors" in out
    for asked in (["why", "net", "W1[0,0]"], ["check", "net"], ["doctor", "net"], ["info", "net"],
                  ["derive", "net"], ["review", "net", "W1[0,0]=0.5"], ["review", "net", "--blind"],
                  ["predict", "net", "rows.csv"], ["info", "net", "--history", "--plan"],
                  ["branch", "net", "--step", "0", "--steps", "5", "--out", "more"],
                  ["compare", "net", "more"]):  # fmt: skip
        assert command(asked) == 0, asked
    assert "probability of ant" in capsys.readouterr().out
    assert (Path("net") / "report.html").is_file()
    x, y = rows
    here = cr.adopt(WEIGHTS, x, y, activations="relu", loss="cross_entropy")
    assert np.array_equal(cr.load("net").at(0).gradients["W1"], here.at(0).gradients["W1"])


def test_json_and_npz_rows(rows, capsys):
    assert adopt("--json", "--out", "net", data="rows.npz") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["steps"], found["adopted"]["rows"]) == (0, 6)
    assert found["table"]["labels"] == [0, 1, 2]


def test_labels_in_the_order_of_the_outputs(rows, capsys):
    assert adopt("--labels", "cat,bee,ant", "--out", "net", "-q") == 0
    assert capsys.readouterr().out == "net\n"
    assert cr.load("net").preparation.labels == ("cat", "bee", "ant")


@pytest.mark.parametrize(
    ("tokens", "code", "said"),
    [
        (["adopt", WEIGHTS, "rows.csv", "--target", "kind"], 1, "which loss"),
        (["adopt", WEIGHTS, "rows.csv", "--target", "kind", "--loss", "cross_entropy"], 1,
         "which activation stands behind '0'"),
        (["adopt", WEIGHTS, "rows.csv", "--target", "kinds", "--loss", "huber"], 1, "'kind'"),
        (["adopt", "net.pt", "rows.csv", "--target", "kind"], 1, "no such file"),
        (["adopt", WEIGHTS, "rows.csv"], 2, "--target"),
        (["adopt", str(GOLDEN / "torch_norm.safetensors"), "rows.csv", "--target", "kind"], 1,
         "BatchNorm"),
    ],
)  # fmt: skip
def test_refusals_leave_nothing_behind(rows, capsys, tokens, code, said):
    assert command([*tokens, "--out", "net"] if code == 1 else tokens) == code
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not Path("net").exists()
