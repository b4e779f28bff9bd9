"""Streaming from the command line: several files, one line that says so, fixed memory."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make two files of one table."""
    draw = random.Random(1)
    for name in ("a", "b"):
        rows = [(draw.random() * 10, draw.choice(["red", "blue", ""])) for _ in range(300)]
        lines = [f"{x:.3f},{c},{3 * x + (c == 'red'):.3f}" for x, c in rows]
        (tmp_path / f"part-{name}.csv").write_text("\n".join(["size,colour,price", *lines]) + "\n")
    return tmp_path


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chainrule", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_several_files_train_one_run_and_are_predicted(folder: Path) -> None:
    done = _run(folder, "train", "part-*.csv", "--target", "price", "--epochs", "2", "--out", "run")
    assert done.returncode == 0, done.stderr
    assert "Streamed   part-*.csv is several files" in done.stdout
    assert "600 rows, 3 columns" in done.stdout
    done = _run(folder, "predict", "run", "part-*.csv", "--out", "out.csv", "--json")
    assert json.loads(done.stdout)["rows"] == 600
    assert len((folder / "out.csv").read_text().splitlines()) == 601


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train", "z*.csv", "--target", "price"), "no file fits 'z*.csv'"),
        (("train", "part-*.csv", "--target", "prize"), "Did you mean 'price'?"),
        (("train", "part-*.csv"), "which column of part-*.csv is to be predicted?"),
    ],
)
def test_what_does_not_make_sense_is_one_line(
    folder: Path, words: tuple[str, ...], said: str
) -> None:
    done = _run(folder, *words)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
