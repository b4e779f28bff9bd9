"""Every way of going wrong: an exit code, one line of fact, a way out, never a traceback."""

import os
import shutil

import pytest

GOOD = "a,b,y\n" + "".join(f"{k},{k % 3},{'uv'[k % 2]}\n" for k in range(20))


def refused(said, code, *words):
    """The command ended with this code and said these words, in one line and a way out."""
    assert said.code == code
    assert said.out == ""
    lines = said.err.splitlines()
    assert lines[0].startswith("chainrule: ")
    assert all(line.startswith("  ") for line in lines[1:])
    assert len(lines) <= 3
    for word in words:
        assert word in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("tokens", "code", "words"),
    [
        (["train", "nothere.csv", "--target", "y"], 1, ["nothere.csv does not exist"]),
        (["train", ".", "--target", "y"], 1, ["is a folder"]),
        (["train", "data.csv", "--target", "z"], 1, ["no column 'z'", "a, b, y"]),
        (["train", "data.csv"], 2, ["--target COLUMN", "a, b, y", "--target y"]),
        (["train", "/dev/zero", "--target", "y"], 1, ["is a device"]),
        (["train", "data.csv", "--target", "y", "--epocs", "3"], 2, ["--epochs"]),
        (["train", "data.csv", "--target", "y", "--epochs", "x"], 2, ["--epochs", "'x'"]),
        (["train", "data.csv", "--target", "y", "--epochs", "2.5"], 2, ["whole", "'2.5'"]),
        (["train", "data.csv", "--target", "y", "--epochs", "0"], 1, ["epochs is 0"]),
        (["train", "data.csv", "--target", "y", "--batch-size", "0"], 1, ["batch_size is 0"]),
        (["train", "data.csv", "--target", "y", "--seed", "-1"], 2, ["--seed"]),
        (["train", "data.csv", "--target", "y", "--hidden", "3,x"], 2, ["64,32"]),
        (["train", "data.csv", "--target", "y", "--hidden", "0"], 1, ["units"]),
        (["train", "data.csv", "--target", "y", "--optimizer", "adm"], 2, ['"adam"']),
        (["train", "data.csv", "--target", "y", "--learning-rate", "nan"], 1, ["learning_rate"]),
        (["train", "data.csv", "--target", "y", "--l2", "-1"], 1, ["l2"]),
        (["train", "data.csv", "--target", "y", "--loss", "huber", "--hidden", "2", "--task",
          "regression"], 1, ["a regression needs numbers"]),
        (["train", "data.csv", "--target", "y", "--loss", "cross_entropy"], 1, ["2 classes"]),
        (["train", "data.csv", "--target", "a", "--loss", "cross_entropy"], 1, ["numbers"]),
        (["train", "data.csv", "--target", "y", "--validation", "0.9", "--test", "0.5"], 1,
         ["below 1"]),
        (["train", "data.csv", "--target", "y", "--drop", "nix"], 1, ["nix"]),
        (["train", "data.csv", "--target", "y", "--drop", "a,b"], 1, ["no input column"]),
        (["train", "data.csv", "--target", "y", "--delimiter", ";;"], 1, ["delimiter"]),
        (["train", "data.csv", "--target", "y", "--out", "data.csv"], 1, ["file of this name"]),
        (["train", "data.csv", "--target", "y", "--out", "data.csv/x"], 1, ["is a file"]),
        (["train", "data.csv", "more.csv", "--target", "y"], 2, ["more.csv"]),
        (["trian"], 2, ["train"]),
        (["--nonsense"], 2, ["--nonsense"]),
        (["demo", "mazr"], 1, ["did you mean mazur"]),
        (["info", "nowhere"], 1, ["no such file or folder"]),
        (["info", "."], 1, ["without run.json"]),
        (["info", "data.csv"], 1, ["not a folder"]),
        (["info"], 2, ["RUN"]),
        (["predict", "nowhere", "data.csv"], 1, ["no such file or folder"]),
        (["predict", "nowhere", "data.csv", "--out", "x.xls"], 1, [".xls", ".csv"]),
        (["predict", "nowhere", "data.csv", "--out", "data.csv"], 1, ["--overwrite"]),
        (["predict", "nowhere"], 2, ["NEW"]),
        (["completion", "powershell"], 2, ["bash"]),
    ],
)  # fmt: skip
def test_refused_in_one_line(cli, table, tokens, code, words):
    table(GOOD)
    refused(cli(*tokens), code, *words)
    assert not os.path.exists("runs")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty"]),
        ("a,y\n", ["header"]),
        ("\n\n\n", ["blank"]),
        ("a,y\n1,u\n", ["one class"]),
        ("a,y\n1,u\n2,u\n3,u\n", ["one class"]),
        ("a,y\n1,u\n2\n3,v\n", ["line 3"]),
        ("a,a,y\n1,2,u\n3,4,v\n", ["'a'"]),
        (b"a,y\n1,\xe9\n2,v\n", ["--encoding"]),
        (b"a,y\n1,u\x00\n2,v\n", ["line 2"]),
        ("a,y\n1,u\n2,\n3,v\n", ["--missing-target"]),
        ("a,y\n" + "1,u\n2,v\n" * 40 + "x,u\n", ["'x'", "line 82"]),
        ("y\nu\nv\nu\nv\n", ["no input column remains"]),
    ],
)
def test_nasty_tables(cli, table, text, words):
    refused(cli("train", table(text), "--target", "y"), 1, *words)
    assert not os.path.exists("runs")


def test_a_file_that_may_not_be_read(cli, table, monkeypatch):
    name = table(GOOD)

    def denied(path, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("chainrule.data.sources.open", denied, raising=False)
    refused(cli("train", name, "--target", "y"), 1, "permission denied")


def test_one_and_two_rows(cli, table):
    said = cli("train", table("a,y\n1,2.5\n"), "--target", "y", "--epochs", 2)
    assert said.code == 0
    assert "R2 undefined" in said.out
    said = cli("train", table("a,y\n1,u\n2,v\n"), "--target", "y", "--epochs", 2)
    assert said.code == 0
    assert "it says nothing about new rows" in said.out


def test_divergence_is_told_and_its_run_kept_for_the_doctor(cli):
    said = cli("train", "--learning-rate", "1e9", "--quiet")
    refused(said, 1, "diverged at step", "learning rate 1e+09", "smaller", "chainrule doctor runs")
    assert os.path.exists("runs/penguins/run.json")
    said = cli("train", "--learning-rate", "1e9", "--quiet", "--checkpoint-every", "never")
    assert said.code == 1
    assert not os.path.exists("runs/penguins-2")


def test_debug_shows_the_traceback(cli):
    said = cli("info", "nowhere", "--debug")
    assert said.code == 1
    assert "Traceback" in said.err
    assert "chainrule: run 'nowhere'" in said.err


def test_a_fault_of_ours_is_one_line_too(cli, monkeypatch):
    def broken(name):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("chainrule.cases.titles", lambda: broken("all"))
    refused(
        cli("demo", "--list"), 1, "a fault of chainrule", "ZeroDivisionError: planted", "--debug"
    )


def test_a_run_is_not_overwritten_unless_asked(cli, table):
    name = table(GOOD)
    base = ("train", name, "--target", "y", "--epochs", 2, "--quiet", "--out", "here")
    assert cli(*base).code == 0
    refused(cli(*base), 1, "a run of this name exists", "--overwrite")
    assert cli(*base, "--overwrite").code == 0


def test_default_folders_are_numbered(cli, table):
    name = table(GOOD, "my table.csv")
    found = [cli("train", name, "--target", "y", "--epochs", 1, "--quiet").out for _ in range(3)]
    assert found == ["runs/my-table\n", "runs/my-table-2\n", "runs/my-table-3\n"]


def test_a_damaged_run(cli, penguins, bare):
    run, path = penguins
    shutil.copytree(run, bare / "run")
    weights = bare / "run" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    refused(cli("info", "run"), 1, "model.safetensors")
    refused(cli("predict", "run", path), 1, "model.safetensors")
    said = cli("info", "run", "--files")
    assert said.code == 1
    assert "damaged" in said.out
    (bare / "run" / "run.json").unlink()
    refused(cli("predict", "run", path), 1, "run.json")


def test_predicting_another_table(cli, penguins, table):
    run, _ = penguins
    refused(cli("predict", run, table(GOOD)), 1, "missing: 'island'", "Add the missing columns")


def test_extra_columns_are_refused_or_ignored(cli, penguins, bare):
    run, path = penguins
    lines = path.read_text().splitlines()
    (bare / "more.csv").write_text(
        "\n".join(f"{line},7" for line in lines).replace("year,7", "year,more", 1)
    )
    refused(cli("predict", run, "more.csv"), 1, "'more'")
    said = cli("predict", run, "more.csv", "--extra", "ignore")
    assert said.code == 0
    assert len(said.out.splitlines()) == len(lines)
    assert "columns not used: more" in said.err


def test_a_run_on_arrays_has_no_table(cli, bare):
    import chainrule as cr

    cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=3).save("arrays")
    refused(cli("predict", "arrays", "x.csv"), 1, "trained on arrays")
    said = cli("info", "arrays")
    assert said.code == 0
    assert "1-1, 2 parameters" in said.out
