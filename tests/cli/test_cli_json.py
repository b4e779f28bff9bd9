"""``--json``: one object on stdout, nothing else there, and its fields stay what they are."""

import json

import pytest

TRAIN = {
    "command", "run", "report_page", "stopped", "steps", "epochs", "best_step", "seconds",
    "network", "parameters", "memory_bytes", "peak_bytes", "streamed", "table", "score", "baseline",
}  # fmt: skip
TABLE = {
    "source", "rows", "columns", "target", "task", "labels", "features", "kinds", "missing",
    "categories", "left_out", "split", "notes",
}  # fmt: skip
INFO = {
    "command", "run", "network", "parameters", "loss", "optimizer", "seed", "steps", "stopped",
    "best_step", "files", "table", "score", "baseline", "confusion",
    "planned", "patience", "checkpoints", "trained_by", "branch",
}  # fmt: skip


def strict(said):
    """Parse stdout, and refuse NaN and infinity, which are not JSON."""

    def no(word):
        raise AssertionError(word)

    assert said.code == 0, said.err
    return json.loads(said.out, parse_constant=no)


def test_train(cli):
    said = cli("train", "--epochs", 2, "--json")
    found = strict(said)
    assert set(found) == TRAIN | {"confusion"}
    assert set(found["table"]) == TABLE
    assert set(found["score"]) == {"name", "value", "on", "rows"}
    assert found["run"] == "runs/penguins"
    assert found["report_page"] == "runs/penguins/report.html"
    assert found["epochs"] == 2
    assert "epoch 2/2" in said.err
    assert "Saved      runs/penguins" in said.err


def test_train_on_numbers(cli, table):
    name = table("a,y\n" + "".join(f"{k / 2},{k + 0.5}\n" for k in range(30)))
    found = strict(cli("train", name, "--target", "y", "--epochs", 2, "--json"))
    assert set(found) == TRAIN | {"mean_absolute_error"}
    assert found["table"]["labels"] is None


def test_an_undefined_score_is_null(cli, table):
    found = strict(cli("train", table("a,y\n1,2.5\n"), "--target", "y", "--epochs", 2, "--json"))
    assert found["score"]["value"] is None


def test_quiet_and_json(cli):
    said = cli("train", "--epochs", 1, "--json", "--quiet")
    assert strict(said)["epochs"] == 1
    assert said.err == ""


def test_predict(cli, penguins):
    run, path = penguins
    found = strict(cli("predict", run, path, "--json"))
    assert set(found) == {"command", "run", "table", "out", "rows", "remarks", "columns"}
    assert found["rows"] == 344
    assert list(found["columns"]) == [
        "prediction",
        "probability of Adelie",
        "probability of Chinstrap",
        "probability of Gentoo",
    ]
    assert len(found["columns"]["prediction"]) == 344
    found = strict(cli("predict", run, path, "--json", "--out", "p.parquet"))
    assert found["out"] == "p.parquet"
    assert "columns" not in found


def test_info(cli, penguins):
    run, _ = penguins
    found = strict(cli("info", run, "--json"))
    assert set(found) == INFO
    assert {"name", "bytes", "sha256", "ok"} == set(found["files"][0])
    found = strict(cli("info", run, "--json", "--history", "--plan", "--files"))
    assert set(found) == INFO | {"history", "plan"}
    assert found["history"]["epoch"] == list(range(1, 21))


def test_demo(cli):
    found = strict(cli("demo", "mazur", "--json"))
    assert set(found) == {"command", "name", "title", "source", "transcript", "rows", "notes",
                          "next", "opened"}  # fmt: skip
    assert found["opened"]["question"] == "W1[0,0]"
    assert set(found["rows"][0]) == {"what", "published", "ours", "relative", "verdict"}
    assert "xor" in strict(cli("demo", "--list", "--json"))["cases"]
    assert strict(cli("demo", "--json"))["transcript"][0].startswith("Iteration 0, Loss: 0.3803")


@pytest.mark.parametrize(
    ("tokens", "kind", "code"),
    [
        (["info", "nowhere"], "FileRefused", 1),
        (["train", "nowhere.csv", "--target", "y"], "DataError", 1),
        (["train", "--learning-rate", "1e9"], "DivergenceError", 1),
        (["train", "--epocs", "3"], "UnknownOptionError", 2),
        (["demo", "mazr"], "SpecError", 1),
    ],
)
def test_an_error_is_an_object_too(cli, tokens, kind, code):
    said = cli(*tokens, "--json")
    assert said.code == code
    found = json.loads(said.out)["error"]
    assert (found["kind"], found["exit_code"]) == (kind, code)
    assert found["message"]
    assert "chainrule: " in said.err
