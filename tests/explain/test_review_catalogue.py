"""Every mistake of the catalogue is named on its own example, or in a tie that is true.

A new mistake brings its example and adds nothing here.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.review.exercise import exercise_of
from chainrule.explain.review.finding import Suspect
from chainrule.explain.review.handin import read
from chainrule.explain.review.judge import judge
from chainrule.explain.review.mistakes import catalogue
from chainrule.explain.review.rewrites import places
from chainrule.explain.review.space import Space
from chainrule.explain.review.words import in_words
from chainrule.optim import find_optimizer

DECIMALS = {"float64": None, "8 decimals": 8, "6 decimals": 6}


@cache
def example_space(name):
    """Return the exercise of a mistake's example."""
    example = catalogue[name].example
    rng = np.random.default_rng(7)
    net = cr.Network.from_spec(example.network)
    layers = [
        cr.Dense(layer.units, layer.activation, **(example.layer if fits(example, net, k) else {}))
        for k, layer in enumerate(net.layers)
    ]
    net = cr.Network(layers, inputs=net.inputs)
    outputs = net.outputs
    y = rng.normal(size=(example.rows, outputs))
    if example.loss == "cross_entropy":
        y = rng.integers(0, outputs, example.rows)
    elif net.last_activation == "sigmoid":
        y = rng.integers(0, 2, (example.rows, outputs)) * 1.0
    weights = {"sample_weight": rng.uniform(0.5, 2, example.rows)} if example.weighted else {}
    initial = {name: rng.normal(0, 0.8, spec.shape) for name, spec in net.specs.items()}
    settings = {"loss": example.loss, "reduction": example.reduction, **weights}
    settings |= {"batch_size": example.batch_size, "engine": "interpreter"}
    x = rng.normal(0, 2, (example.rows, net.inputs))
    rule = find_optimizer({**example.optimizer})
    run = cr.train(net, x, y, optimizer=rule, initial=initial, steps=example.step + 2, **settings)
    return Space(exercise_of(run.record, example.step), example.kind)


def fits(example, net, k):
    """Tell whether a layer takes the example's settings; shared weights need one shape."""
    if "weights_name" not in example.layer:
        return True
    sizes = [net.inputs, *(layer.units for layer in net.layers)]
    return sizes[k] == sizes[k + 1] == sizes[0]


def same(a, b):
    top = max(np.abs(v).max() for v in a.values())
    return all((np.abs(a[q] - b[q]) <= 1e-9 * top).all() for q in a)


@pytest.mark.parametrize("precision", DECIMALS)
@pytest.mark.parametrize("name", sorted(catalogue))
def test_the_example_of_a_mistake_is_named(name, precision):
    example = catalogue[name].example
    space = example_space(name)
    assert example.where in places(space.program, catalogue[name]), "the example has its place"
    truth = Suspect(name, example.where)
    exact = space.predictions(space.struck(space.right, truth))
    assert not same(exact, space.predictions(space.right)), "the example shows the mistake"
    decimals = DECIMALS[precision]
    given = exact if decimals is None else {q: v.round(decimals) for q, v in exact.items()}
    with np.errstate(all="ignore"):
        found = judge(space, read(space.exercise, given, None), deep=False)
    assert found.status in ("mistake", "several")
    if frozenset([truth]) not in found.explanations:
        (other, *_) = found.explanations
        assert same(exact, space.predictions(space.after(other))), "the tie is a true one"
    for explanation in found.explanations:
        assert len(explanation) == 1


@pytest.mark.parametrize("name", sorted(catalogue))
def test_every_mistake_speaks(name):
    space = example_space(name)
    for where in places(space.program, catalogue[name]):
        named = in_words(space, Suspect(name, where))
        assert named.says
        assert named.wrong != named.right
        assert named.because.endswith(".")
        text = " ".join(map(str, named))
        assert "{" not in text.replace("{0,1}", "")


def test_wrong_constants_speak():
    for kind in ("gradients", "updates"):
        space = Space(example_space("penalty_on_biases").exercise, kind)
        for pattern in space.patterns:
            named = in_words(space, pattern.suspect)
            assert named.says
            assert named.wrong != named.right


def test_every_file_of_the_catalogue_declares_a_mistake():
    from pkgutil import iter_modules

    from chainrule.explain.review import mistakes

    files = {module.name for module in iter_modules(mistakes.__path__)}
    assert len(catalogue) >= len(files) >= 25
