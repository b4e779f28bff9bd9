"""Flags win over the environment, the environment over the file; nothing acts unseen."""

import pytest


def epochs(said):
    """How many epochs were trained."""
    assert said.code == 0, said.err
    return said.json["epochs"]


TRAIN = ("train", "--json", "--hidden", "2")


@pytest.fixture
def toml(bare):
    """Write chainrule.toml, or another file."""

    def write(text, name="chainrule.toml"):
        (bare / name).write_text(text)
        return name

    return write


def test_the_file(cli, toml):
    toml("[train]\nepochs = 3\n")
    said = cli(*TRAIN)
    assert epochs(said) == 3
    assert "settings from chainrule.toml: epochs\n" in said.err


def test_the_environment_wins_over_the_file(cli, toml, monkeypatch):
    toml("[train]\nepochs = 3\nseed = 4\n")
    monkeypatch.setenv("CHAINRULE_TRAIN_EPOCHS", "2")
    said = cli(*TRAIN)
    assert epochs(said) == 2
    assert "settings from the environment: epochs\n" in said.err
    assert "settings from chainrule.toml: seed\n" in said.err


def test_a_flag_wins_over_both(cli, toml, monkeypatch):
    toml("[train]\nepochs = 3\n")
    monkeypatch.setenv("CHAINRULE_TRAIN_EPOCHS", "2")
    said = cli(*TRAIN, "--epochs", 1)
    assert epochs(said) == 1
    assert "settings" not in said.err


def test_another_file(cli, toml, monkeypatch):
    toml("[train]\nepochs = 3\n")
    assert epochs(cli(*TRAIN, "--config", toml("[train]\nepochs = 4\n", "other.toml"))) == 4
    monkeypatch.setenv("CHAINRULE_CONFIG", "other.toml")
    assert epochs(cli(*TRAIN)) == 4


def test_lists_and_words(cli, table, toml):
    rows = "".join(f"{k},?,{k},{k % 3},{'uv'[k % 2]}\n" for k in range(12))
    name = table('a,b,"c, d",e,y\n' + rows)
    toml('[train]\nmissing = ["?"]\ndrop = ["c, d"]\nhidden = [3, 2]\nepochs = 1\n')
    said = cli("train", name, "--target", "y", "--json")
    assert said.code == 0, said.err
    assert said.json["network"].count("-") == 3
    assert said.json["table"]["missing"] == {"b": 12}
    assert "c, d" in said.json["table"]["left_out"]
    assert cli("train", name, "--target", "y", "--json", "--drop", 'a,"c, d"').json["table"][
        "left_out"
    ].keys() >= {"a", "c, d"}


def test_switches(cli, table, toml, monkeypatch):
    name = table("1,u\n2,v\n3,u\n4,v\n")
    base = ("train", name, "--target", "column_2", "--epochs", 1, "--json")
    assert cli(*base).code == 1
    for value, code in (("true", 0), ("1", 0), ("false", 1)):
        monkeypatch.setenv("CHAINRULE_TRAIN_NO_HEADER", value)
        said = cli(*base)
        assert said.code in (0, 1)
        assert ("no column 'column_2'" in said.err) == (code == 1), (value, said.err)
    monkeypatch.delenv("CHAINRULE_TRAIN_NO_HEADER")
    toml("[train]\nno-header = true\n")
    assert "settings from chainrule.toml: no_header" in cli(*base).err


def test_every_command(cli, toml, penguins):
    run, path = penguins
    toml("[info]\njson = true\n[predict]\njson = true\n[train]\nepochs = 2\n")
    assert cli("info", run).json["command"] == "info"
    assert cli("predict", run, path).json["command"] == "predict"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[train]\nepoch = 3\n", ["'epoch'", "Did you mean 'epochs'"]),
        ("[trian]\nepochs = 3\n", ["'trian'", "Did you mean 'train'"]),
        ("[train]\nepochs = 'x'\n", ["epochs", "'x'"]),
        ("[train]\nepochs = 2.5\n", ["epochs", "'2.5'"]),
        ("[train]\nepochs = [1, 2]\n", ["one value, not a list"]),
        ("[train]\nepochs = {a = 1}\n", ["one value"]),
        ("[train]\nconfig = 'x'\n", ["'config'"]),
        ("[train]\noptimizer = 'adm'\n", ["adam"]),
        ("train = 3\n", ["[train]"]),
        ("[train\n", ["no TOML", "line 1"]),
        ("\xff", ["no TOML"]),
    ],
)
def test_a_file_that_makes_no_sense(cli, bare, text, words):
    (bare / "chainrule.toml").write_bytes(text.encode("latin-1"))
    said = cli("train")
    assert said.code == 2
    assert said.out == ""
    for word in words:
        assert word in said.err


def test_a_variable_that_makes_no_sense(cli, monkeypatch):
    monkeypatch.setenv("CHAINRULE_TRAIN_EPOCH", "3")
    said = cli("train")
    assert said.code == 2
    assert "CHAINRULE_TRAIN_EPOCH" in said.err
    assert "Did you mean 'epochs'" in said.err


def test_a_file_that_is_not_there(cli):
    said = cli("train", "--config", "nowhere.toml")
    assert said.code == 2
    assert "nowhere.toml: no such file" in said.err


def test_quiet_says_nothing_of_settings(cli, toml):
    toml("[train]\nepochs = 1\n")
    assert cli("train", "--quiet") == (0, "runs/penguins\n", "")


def test_a_hyphen_is_a_word_where_an_option_waits_for_one(cli, table):
    name = table("a,y\n" + "".join(f"{k},{'uv'[k % 2]}\n" for k in range(12)) + "-,u\n")
    said = cli("train", name, "--target", "y", "--missing", "-", "--epochs", 1, "--json")
    assert said.code == 0, said.err
    assert said.json["table"]["missing"] == {"a": 1}
