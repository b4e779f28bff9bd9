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
    (r"\b\de-1\d\b", " tiny"),
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
    "export_onnx": ["export", "run", "--to", "onnx"],
    "help": ["--help"],
    "help_train": ["train", "--help"],
}  # fmt: skip


def fewer_digits(match):
    """Return a long number with the digits that every processor finds, in the same place."""
    return f"{float(match[0]):.9g}".rjust(len(match[0]))


def compare(name, text):
    for pattern, stand_in in SPEEDS:
        text = re.sub(pattern, stand_in, text)
    text = re.sub(r"-?\d\.\d{16,}", fewer_digits, text)
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


SEED = (
    0.38038349310856134, 0.24997670387612728, 0.2497291371290682, 0.24883556540840868,
    0.2430179563469606, 0.20231282703011755, 0.13428512410180704, 0.0342382053620209,
    0.012399204540152087, 0.006836030803331469,
)  # fmt: skip


def test_the_seed_is_printed_as_its_listing_prints_it(cli):
    lines = cli("demo").out.splitlines()
    for k, (line, loss) in enumerate(zip(lines, SEED, strict=False)):
        printed = line.removeprefix(f"Iteration {1000 * k}, Loss: ")
        assert printed == repr(float(printed))
        assert float(printed) == pytest.approx(loss, rel=1e-10)
    assert lines[10] == "Final output after training:"
    assert lines[11:15] == ["[[0.07125372]", " [0.93446125]", " [0.93473281]", " [0.06774813]]"]
