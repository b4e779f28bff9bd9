"""Pages as people read them: a change in wording is a difference to approve.

    WRITE_GOLDEN=1 python -m pytest tests/cli/test_cli_golden.py

writes them anew; look at them afterwards.
"""

import os
import re
import shutil
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
SPEEDS = [
    (r"[\d,]+ rows/s", "N rows/s"),
    (r"[\d.]+ s left", "T left"),
    (r"in [\d.]+ s", "in T"),
    (r"[\d.]+ [kMG]B at the\s+peak of the process", "N MB at the peak of the process"),
    (r"[\d.]+ [kMG]B expected", "N MB expected"),
    (r"[\d.]+ [kM]B, intact", "N kB, intact"),
]
PAGES = {
    "demo": ["demo"],
    "demo_list": ["demo", "--list"],
    "demo_mazur": ["demo", "mazur"],
    "train": ["train", "--epochs", "20"],
    "train_regression": ["train", "--epochs", "5", "--target", "body_mass_g",
                         "--missing-target", "drop"],
    "predict": ["predict", "run", "penguins.csv"],
    "info": ["info", "run"],
    "info_history": ["info", "run", "--history"],
    "help": ["--help"],
    "help_train": ["train", "--help"],
}  # fmt: skip


def compare(name, text):
    for pattern, stand_in in SPEEDS:
        text = re.sub(pattern, stand_in, text)
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.fixture
def here(penguins, bare):
    """The run and the table under short names."""
    run, path = penguins
    shutil.copytree(run, bare / "run")
    shutil.copy(path, bare / "penguins.csv")


@pytest.mark.parametrize("width", [60, 100, 160])
@pytest.mark.parametrize("name", PAGES)
def test_page(cli, here, monkeypatch, name, width):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    said = cli(*PAGES[name])
    assert said.code == 0
    assert said.err == ""
    text = said.out.replace(str(Path(__import__("chainrule").__file__).parent), "PACKAGE")
    compare(f"{name}_{width}", text)


@pytest.mark.parametrize("name", ["demo", "train", "predict", "info"])
def test_no_line_ends_with_blanks(name):
    for width in (60, 100, 160):
        text = (GOLDEN / f"{name}_{width}.txt").read_text(encoding="utf-8")
        assert not re.search(r" $", text, re.MULTILINE)


def test_the_seed_is_printed_as_its_listing_prints_it(cli):
    lines = cli("demo").out.splitlines()
    assert lines[:10] == [
        "Iteration 0, Loss: 0.38038349310856134",
        "Iteration 1000, Loss: 0.24997670387612728",
        "Iteration 2000, Loss: 0.2497291371290682",
        "Iteration 3000, Loss: 0.24883556540840868",
        "Iteration 4000, Loss: 0.2430179563469606",
        "Iteration 5000, Loss: 0.20231282703011755",
        "Iteration 6000, Loss: 0.13428512410180704",
        "Iteration 7000, Loss: 0.0342382053620209",
        "Iteration 8000, Loss: 0.012399204540152087",
        "Iteration 9000, Loss: 0.006836030803331469",
    ]
    assert lines[10] == "Final output after training:"
    assert lines[11:15] == ["[[0.07125372]", " [0.93446125]", " [0.93473281]", " [0.06774813]]"]
