"""What new users handed to `train_table`: each stumble once, under its own name."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import SpecError

TABLE = {"x": list(range(20)), "y": list("ab") * 10}


@pytest.mark.parametrize("hidden", ["16", 16, None, [2.7], [True]])
def test_hidden_layers_are_never_guessed(hidden):
    """The text "16" was once taken for layers of 1 and of 6 units, and 2.7 for 2."""
    with pytest.raises(SpecError, match=r"hidden is a list of units|whole number of units"):
        cr.train_table(TABLE, "y", hidden=hidden, epochs=1)


@pytest.mark.parametrize("hidden", [(3,), [np.int64(3)], np.array([3])])
def test_hidden_layers_come_in_any_list(hidden):
    run = cr.train_table(TABLE, "y", hidden=hidden, epochs=1)
    assert run.network.outline == "1-3:relu-1:sigmoid"


def test_a_missing_word_in_the_wrong_place_has_a_way_out():
    with pytest.raises(SpecError, match="missing_words of train_table"):
        cr.train_table(TABLE, "y", missing="NA")
