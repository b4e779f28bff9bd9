"""Further questions: written for whoever asked, and understood by what they are written for."""

import shlex

import numpy as np
import pytest

import chainrule as cr
from chainrule.apps.cli import run as command
from chainrule.explain.asking import spelled
from chainrule.explain.document import Steps, flat


@pytest.fixture(scope="module")
def run():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), rng.integers(0, 3, 20)
    return cr.train("3-4:tanh-3:softmax", X, y, steps=6, batch_size=10, seed=1)


def asked_next(page):
    """The commands that a page ends with."""
    blocks = flat(page.document.blocks)
    return [command for b in blocks if isinstance(b, Steps) for command, _ in b.entries]


PAGES = {
    "weight": lambda run, **of: run.why("W1[0,2]", 3, **of),
    "row of a weight": lambda run, **of: run.why("W1[0,2]", 3, row=run.at(3).rows[0], **of),
    "value": lambda run, **of: run.why(f"h1[{run.at(3).rows[0]},2]", 3, **of),
    "derive": lambda run, **of: run.derive(**of),
    "check": lambda run, **of: run.check(0, entries=6, **of),
    "review": lambda run, **of: run.review({"W2": -run.at(0).gradients["W2"]}, **of),
}


@pytest.mark.parametrize("name", PAGES)
def test_in_python_the_next_questions_are_calls_that_answer(run, name):
    found = asked_next(PAGES[name](run))
    assert found
    for call in found:
        assert call.startswith("run."), call
        assert str(eval(call, {"run": run}))


@pytest.mark.parametrize("name", PAGES)
def test_on_the_command_line_they_are_commands_that_answer(run, name, tmp_path, capsys):
    place = tmp_path / "my runs" / "it's one"
    run.save(place)
    for line in asked_next(PAGES[name](run, called=str(place))):
        program, *tokens = shlex.split(line)
        assert program == "chainrule"
        assert command(tokens) == 0, line
    capsys.readouterr()


@pytest.mark.parametrize("name", ['x[3,"a b"]', "x[3,it's]", "x[3,'$HOME `a`']", r"x[3,'a\b']"])
def test_odd_names_survive_shell_and_python(name):
    assert shlex.split(spelled("runs/a", "why", name))[-1] == name
    assert eval(spelled(None, "why", name), {"run": _Echo()}) == name


class _Echo:
    def why(self, asked):
        return asked
