"""Explanations of branches: their optimizer counts on from the run they left."""

import numpy as np
import pytest

import chainrule as cr

DATA = [[0.2, 1.0], [1.0, -0.3], [-0.7, 0.4], [0.5, 0.5]], [1.0, 0.0, -1.0, 0.5]


@pytest.fixture(scope="module", params=["interpreter", "native"])
def branch(request):
    run = cr.train("2-3:tanh-1", *DATA, epochs=6, batch_size=2, seed=2, engine=request.param)
    return run.branch(5, learning_rate=0.1)


def test_the_update_on_the_page_is_the_one_that_was_made(branch):
    for step in (0, 3):
        page = branch.why("W1[1,2]", step)
        made = branch.at(step + 1).parameters["W1"][1, 2]
        told = page.data["update"]["quantities"]["W1[1,2]"]
        np.testing.assert_allclose(told, made, rtol=1e-12)
        assert f"t = {5 + step} counts steps from 0, those before the branch too" in str(page)


def test_right_updates_of_a_branch_are_right(branch):
    after = branch.at(3).parameters
    assert branch.review(dict(after), 2, kind="parameters").right


def test_the_page_tells_where_the_step_stands_in_the_run_that_was_left(branch):
    words = " ".join(str(branch.why("W1[1,2]", 3)).split())
    # 2 steps an epoch: steps 8 and 9 of the run are in epoch 5
    assert "Step 3 of this branch is step 8 from the start of the run it left, in epoch 5" in words
    assert "2-3:tanh-1, 12 steps" in words
    assert "of this branch" not in str(cr.train("2-1", *DATA, steps=2).why("W1[0,0]"))
