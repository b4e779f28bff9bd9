"""Preparations as JSON: nothing is lost on the journey, nothing strange is let in."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.data import Preparation, read_table
from chainrule.errors import DataError

COLUMNS = {
    "size": [1.0, 2.0, 3.0, 6.0, 8.0, 10.0],
    "colour": ["red", "blue", "red", "green", "blue", "red"],
    "kind": ["b", "a", "b", "a", "b", "a"],
}


@pytest.fixture
def table():
    return read_table(COLUMNS)


columns = st.fixed_dictionaries(
    {
        "n": st.lists(st.none() | st.floats(-1e300, 1e300), min_size=8, max_size=8),
        "c": st.lists(st.none() | st.sampled_from(["a", "b", "c "]), min_size=8, max_size=8),
        "b": st.lists(st.none() | st.booleans(), min_size=8, max_size=8),
        "y": st.just(["p", "q"] * 4) | st.lists(st.floats(-5, 5), min_size=8, max_size=8),
    }
)


@settings(max_examples=60, deadline=None)
@given(columns=columns, order=st.permutations(["n", "c", "b", "y"]))
def test_a_journey_through_json_changes_nothing(columns, order):
    table = read_table(columns)
    try:
        fitted = Preparation.fit(table, "y")
    except DataError:
        return  # no usable column
    again = Preparation.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert again == fitted
    other = read_table({name: columns[name] for name in order})
    assert again.inputs(other).tobytes() == fitted.inputs(table).tobytes()
    assert again.targets(other).tobytes() == fitted.targets(table).tobytes()
    assert np.isfinite(fitted.inputs(table)).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda plain: plain.update(surprise=1), r"unknown fields \['surprise'\]"),
        (lambda plain: plain.pop("task"), r"absent \['task'\]"),
        (lambda plain: plain.update(task="clustering"), "task is 'clustering'"),
        (lambda plain: plain["transforms"][0].update(center="1"), r"center is '1', not float"),
        (lambda plain: plain["transforms"][0].update(center=float("nan")), "center is nan"),
        (lambda plain: plain["transforms"][0].update(indicator=1), "indicator is 1, not bool"),
        (lambda plain: plain["transforms"][0].update(type="Evil"), r"transforms\[0\]"),
        (lambda plain: plain["transforms"][1].update(categories="red"), "categories is 'red'"),
        (lambda plain: plain.update(transforms=[3]), r"transforms\[0\] is 3"),
        (lambda plain: plain.update(output=None), "output is None"),
        (lambda plain: plain["output"].update(labels=[True, False]), "labels"),
        (lambda plain: plain["reading"].update(header="no"), "header is 'no'"),
    ],
)
def test_a_changed_dict_is_refused(table, change, words):
    plain = json.loads(json.dumps(Preparation.fit(table, "kind").to_dict()))
    change(plain)
    with pytest.raises(DataError, match=words):
        Preparation.from_dict(plain)


@pytest.mark.parametrize("plain", [None, [], 3, {}, {"type": "Preparation"}])
def test_what_is_no_preparation_at_all(plain):
    with pytest.raises(DataError, match="preparation"):
        Preparation.from_dict(plain)
