"""`.ci/run` runs what the README says, every stage of it, and fails when one fails."""

import shutil
import subprocess

import pytest
import rooms

README = (
    "# x\n\n<!-- test command -->\n```sh\n{tests}\n```\n\n<!-- main job -->\n```sh\n{job}\n```\n"
)
GOOD = "true && echo 7 passed"


@pytest.fixture
def check(plant):
    """Run the script's given stages in a planted repository with these README commands."""

    def run(*stages, tests=GOOD, job="cat data/x.csv | tail -1"):
        root = plant({"README.md": README.format(tests=tests, job=job), "data/x.csv": "a\n1\n"})
        (root / ".ci").mkdir(exist_ok=True)
        shutil.copy(rooms.ROOT / ".ci" / "run", root / ".ci" / "run")
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        done = subprocess.run(
            [root / ".ci" / "run", *stages],
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    return run


def test_the_readmes_own_line_is_run(check):
    code, said = check("tests")
    assert code == 0
    assert f"$ {GOOD}\n7 passed\n" in said
    assert said.splitlines()[-2].split()[0] == "tests"
    assert said.splitlines()[-2].endswith("ok")


def test_the_main_job_runs_in_a_copy(check, tmp_path):
    code, said = check("main_job", job="tail -1 data/x.csv && touch made-here")
    assert code == 0, said
    assert "\n1\n" in said
    assert not (tmp_path / "made-here").exists()


@pytest.mark.parametrize("tests", ["false && true", "true; false | true", "no-such-command"])
def test_a_stage_that_fails_fails_the_check_and_the_next_one_still_runs(check, tests):
    code, said = check("tests", "main_job", tests=tests)
    assert code == 1
    verdicts = [line.split()[-1] for line in said.splitlines()[-3:-1]]
    assert verdicts == ["FAILED", "ok"]


@pytest.mark.parametrize("tests", ["", "echo one\necho two"])
def test_the_readme_needs_exactly_one_line(check, tests):
    code, said = check("tests", tests=tests)
    assert code == 1
    assert "README.md needs exactly one line in the sh block after <!-- test command -->" in said


def test_an_unknown_stage_is_refused(check):
    code, said = check("test")
    assert code == 2
    assert said == ("no stage test; there are: tests lint format types house docs main_job\n")


def test_our_readme_has_both_commands():
    text = (rooms.ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("<!-- test command -->\n```sh\n") == 1
    assert text.count("<!-- main job -->\n```sh\n") == 1
