"""The most copied worked example, judged: its published error after one update is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.cases import mazur


@pytest.fixture(scope="module")
def run():
    return mazur.trained(2)


@pytest.mark.parametrize("page", [0.291027924, "0.291027924", {"E": "0.291027924"}])
def test_the_published_error_has_a_name(run, page):
    verdict = run.review(page)
    assert verdict.status == "mistake"
    assert [m.name for m in verdict.mistakes] == ["updated_weights"]
    first = str(verdict).splitlines()[0]
    assert "the hidden gradients used the already updated output weights" in first


@pytest.mark.parametrize("right", ["0.291027774", 0.291027773694, "0.29102777", 0.29103])
def test_the_right_error_is_right(run, right):
    assert run.review(right).right


def test_an_error_that_was_cut_off_is_right(run):
    verdict = run.review("0.2910277")
    assert verdict.right
    assert "cut off" in str(verdict)


def test_the_error_after_training_the_biases_too_is_right_and_said_so(run):
    verdict = run.review("0.280471447")
    assert verdict.right
    assert "b1, b2 are trained too" in str(verdict)


def test_the_page_of_weights_is_right(run):
    """The page's own new weights are those of the right gradients: it contradicts itself."""
    new = {"W2": [["0.35891648", "0.408666186"], ["0.511301270", "0.561370121"]]}
    new["W1"] = [["0.149780716", "0.19956143"], ["0.24975114", "0.29950229"]]
    ours = {name: np.array(rows).T.tolist() for name, rows in new.items()}
    verdict = run.review(ours)
    assert verdict.right
    assert verdict.kind == "parameters"


def test_the_wrong_order_is_named_from_one_matrix(run):
    first = run.at(0)
    h, x = first.values["h1"], first.values["x"]
    new = first.parameters["W2"] - 0.5 * first.gradients["W2"]
    wrong = x.T @ (first.gradients["b2"] @ new.T * h * (1 - h))
    for given in (wrong, wrong.round(9)):
        verdict = run.review({"W1": given})
        assert [m.name for m in verdict.mistakes] == ["updated_weights"]
    moved = (first.parameters["W1"] - 0.5 * wrong).round(8)
    assert [m.name for m in run.review({"W1": moved}).mistakes] == ["updated_weights"]
