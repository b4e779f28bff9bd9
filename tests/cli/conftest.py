"""The command line in this process: tokens in, exit code and both streams out."""

import functools
import json
import os
from typing import NamedTuple

import pytest

from chainrule import cases
from chainrule.apps.cli import run


class Said(NamedTuple):
    """What a command line left."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """An empty working folder and an environment that says nothing."""
    monkeypatch.chdir(tmp_path)
    for name in [*os.environ]:
        if name.startswith("CHAINRULE_") or name in {"NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.fixture(scope="session")
def played():
    """The textbook cases, each played once."""
    return functools.cache(cases.play)


@pytest.fixture
def cli(bare, capsys, played, monkeypatch):
    """Run one command line: cli("train", "--epochs", 3)."""

    monkeypatch.setattr(cases, "play", played)

    def call(*tokens):
        code = run([str(token) for token in tokens])
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture
def table(bare):
    """Write a table and return its name: table(text) or table(bytes, "other.csv")."""

    def write(text, name="data.csv"):
        data = text if isinstance(text, bytes) else text.encode()
        (bare / name).write_bytes(data)
        return name

    return write


@pytest.fixture(scope="session")
def penguins(tmp_path_factory):
    """A run on the shipped table, and the table's path."""
    from chainrule.data import Reading, prepare, shipped
    from chainrule.tables import plan_table, run_table

    path, manifest = shipped()
    dataset = prepare(path, manifest.target, reading=Reading(missing=manifest.missing))
    run = run_table(plan_table(dataset, epochs=20))
    folder = tmp_path_factory.mktemp("runs") / "penguins"
    return run.save(folder), path
