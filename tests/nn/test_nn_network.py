"""Networks: spec strings, dicts and JSON both ways; what is refused, and in which words."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ShapeError, SpecError
from chainrule.graph import check
from chainrule.nn import Network, initializers, known_activations
from chainrule.nn.activations import activation

ACTIVATIONS = known_activations()
HIDDEN = [name for name in ACTIVATIONS if name != "softmax"]

plain_layers = st.builds(cr.Dense, st.integers(1, 50), st.sampled_from(HIDDEN))
any_layers = st.builds(
    cr.Dense,
    st.integers(1, 50),
    st.sampled_from(HIDDEN),
    trainable=st.sampled_from([True, False, "weights", "biases"]),
    l1=st.floats(0, 1e300),
    l2=st.floats(0, 1e300),
    initializer=st.sampled_from(["auto", *initializers]),
    bias=st.booleans(),
)


@given(st.integers(1, 99), st.lists(plain_layers, min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_spec_dict_and_json_give_the_network_back(inputs, layers):
    net = Network(layers, inputs)
    assert Network.from_spec(net.spec) == net
    assert Network.from_dict(net.to_dict()) == net
    assert Network.from_json(net.to_json()) == net
    assert hash(Network.from_spec(net.spec)) == hash(net)


@given(st.integers(1, 99), st.lists(any_layers, min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_dict_and_json_keep_what_a_spec_cannot_say(inputs, layers):
    net = Network(layers, inputs)
    assert Network.from_dict(json.loads(json.dumps(net.to_dict()))) == net
    assert Network.from_json(net.to_json()) == net
    if any(layer != cr.Dense(layer.units, layer.activation) for layer in layers):
        with pytest.raises(SpecError, match="cannot be said in a spec; use to_dict"):
            _ = net.spec


@pytest.mark.parametrize("name", HIDDEN)
def test_every_elementwise_operation_is_an_activation(name):
    run = cr.train(
        f"2-3:{name}-1", [[0.3, 0.5], [0.9, 0.2]], [0.0, 1.0], steps=2, optimizer=cr.SGD(0.0),
        initial={"W1": np.full((2, 3), 0.5), "b1": [0.1, 0.2, 0.3], "W2": np.ones((3, 1))},
    )  # fmt: skip
    moment = run.at(0)
    expected = cr.evaluate(activation(name)(cr.variable("z", moment.values["z1"])))
    np.testing.assert_array_equal(moment.values["h1"], expected)
    assert np.abs(moment.gradients["W1"]).sum() > 0


def test_operations_without_a_slope_are_no_activations():
    for name in ("floor", "sign", "stop_gradient", "is_finite", "sigmoid_slope", "add", "alias"):
        assert name not in ACTIVATIONS
        with pytest.raises(SpecError, match="is not known"):
            cr.Dense(1, name)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Network([], inputs=2), "at least one layer"),
        (lambda: Network([cr.Dense(1)], inputs=0), "inputs, a whole number of at least 1; got 0"),
        (lambda: Network([cr.Dense(1)], inputs=True), "got True"),
        (lambda: Network([cr.Dense(1)], inputs=2.5), "got 2.5"),
        (lambda: Network([cr.Dense(1)], inputs=float("nan")), "got nan"),
        (lambda: Network("2-1", inputs=2), "Network.from_spec"),
        (lambda: Network(cr.Dense(1), inputs=2), "list of at least one layer"),
        (lambda: Network([cr.Dense], inputs=2), "is not a layer"),
        (lambda: Network(["sigmoid"], inputs=2), "'sigmoid' is not a layer"),
        (lambda: Network([cr.Dense(2, "softmax"), cr.Dense(1)], 2), "layer 1 has activation soft"),
        (lambda: cr.Dense(0), "at least 1; got 0"),
        (lambda: cr.Dense(-3), "at least 1; got -3"),
        (lambda: cr.Dense(True), "got True"),
        (lambda: cr.Dense("4"), "got '4'"),
        (lambda: cr.Dense(3, "sigmod"), "did you mean sigmoid"),
        (lambda: cr.Dense(3, "qqqq"), "usual ones are sigmoid"),
        (lambda: cr.Dense(3, None), "activation is None"),
        (lambda: cr.Dense(3, l1=-1.0), "l1 of Dense is -1.0"),
        (lambda: cr.Dense(3, l2=float("nan")), "l2 of Dense is nan"),
        (lambda: cr.Dense(3, l2="0.1"), "l2 of Dense is '0.1'"),
        (lambda: cr.Dense(3, l2=True), "l2 of Dense is True"),
        (lambda: cr.Dense(3, trainable="bias"), "trainable is 'bias'; it is one of True"),
        (lambda: cr.Dense(3, trainable=1), "trainable is 1"),
        (lambda: cr.Dense(3, initializer="xavier"), "there are glorot"),
        (lambda: cr.Dense(3, initializer=None), "initializer None is not known"),
        (lambda: cr.Dense(3, bias="no"), "bias of Dense is 'no'; it is True or False"),
        (lambda: cr.Dense(3, bias=False, bias_name="b"), "bias=False; drop one"),
        (lambda: cr.Dense(3, weights_name="x"), "cannot name a parameter"),
        (lambda: cr.Dense(3, weights_name="W1.m"), "cannot name a parameter"),
        (lambda: cr.Dense(3, weights_name="z1"), "cannot name a parameter"),
        (lambda: cr.Dense(3, bias_name=""), "cannot name a parameter"),
        (lambda: cr.Dense(3, bias_name=7), "bias_name of Dense is 7"),
        (lambda: Network.from_spec("3"), "names no layer"),
        (lambda: Network.from_spec(""), "names no layer"),
        (lambda: Network.from_spec("3-0"), "'0' is no number of units"),
        (lambda: Network.from_spec("3--1"), "'' is no number of units"),
        (lambda: Network.from_spec("3-4:"), "'4:' names no activation"),
        (lambda: Network.from_spec("3-4:relu:1"), "'relu:1' is not known"),
        (lambda: Network.from_spec("3-four"), "'four' is no number"),
        (lambda: Network.from_spec("3-" + "9" * 5000), "no number of units"),
        (lambda: Network.from_spec("٣-٤"), "no number of units"),
        (lambda: Network.from_spec(["3", "4"]), "a spec is a string"),
        (lambda: Network.from_dict({}), "inputs and layers; got \\[\\]"),
        (lambda: Network.from_dict([1]), r"inputs and layers; got \['\[1\]'\]"),
        (lambda: Network.from_dict({"inputs": 1, "layers": [], "frozen": 1}), "frozen are a list"),
        (lambda: Network([cr.Dense(1)], 2, ["W2"]), r"frozen is \['W2'\]; .* of W1, b1"),
        (lambda: Network([cr.Dense(1)], 2, "W1"), "frozen is 'W1'; it is a list"),
        (lambda: Network.from_dict({"inputs": 1, "layers": 3}), "layers are a list; got 3"),
        (lambda: Network.from_dict({"inputs": 1, "layers": [3]}), "layer's dict was needed; got 3"),
        (lambda: Network.from_dict({"inputs": 1, "layers": [{}]}), "layer kind None"),
        (lambda: Network.from_dict({"inputs": 1, "layers": [{"kind": []}]}), "layer kind \\[\\]"),
        (
            lambda: Network.from_dict({"inputs": 1, "layers": [{"kind": "dense"}]}),
            "without 'units'",
        ),
        (
            lambda: Network.from_dict({"inputs": 1, "layers": [{"kind": "dense", "color": 1}]}),
            "no setting 'color'; it has",
        ),
        (lambda: Network.from_json("{"), "JSON cannot be read"),
        (lambda: Network.from_json("[1]"), "inputs and layers"),
    ],
)
def test_what_makes_no_network_is_refused_in_a_line(make, words):
    with pytest.raises(SpecError, match=words):
        make()


def test_numpy_numbers_are_kept_as_plain_ones():
    layer = cr.Dense(np.int64(4), "tanh", l1=np.float32(0.5), bias=np.True_, trainable=np.False_)
    net = Network([layer], np.int32(3))
    assert json.loads(net.to_json()) == {
        "inputs": 3,
        "layers": [
            {"kind": "dense", "units": 4, "activation": "tanh", "trainable": False, "l1": 0.5}
        ],
    }
    assert [type(v) for v in (layer.units, layer.l1, layer.bias, layer.trainable, net.inputs)] == [
        int, float, bool, bool, int,
    ]  # fmt: skip


def test_names_of_intermediates_are_those_of_the_contract():
    forward = Network.from_spec("3-4:sigmoid-2:tanh").forward(5)
    assert sorted(forward.names) == ["h1", "h2", "out", "x", "z1", "z2"]
    assert forward.names["h2"] is forward.names["out"] is forward.out
    assert forward.logits is forward.names["z2"]
    assert {k: p.shape for k, p in forward.parameters.items()} == {
        "W1": (3, 4), "b1": (4,), "W2": (4, 2), "b2": (2,),
    }  # fmt: skip
    check(forward.out)


def test_a_linear_last_layer_is_its_own_output():
    forward = Network.from_spec("3-2").forward(5)
    assert forward.names["z1"] is forward.names["h1"] is forward.names["out"]


def test_one_layer_object_may_stand_twice():
    layer = cr.Dense(3, "tanh")
    net = Network([layer, layer], inputs=3)
    assert list(net.specs) == ["W1", "b1", "W2", "b2"]
    assert net.forward(2).names["h1"].name == "h1"


def test_huge_widths_are_counted_without_overflow_and_not_allocated():
    net = Network([cr.Dense(10**10), cr.Dense(10**10)], inputs=10**10)
    assert net.size == 2 * (10**20 + 10**10)


def test_parameters_freeze_by_name():
    net = Network([cr.Dense(4, "tanh"), cr.Dense(1)], inputs=2, frozen=["b1", "W2"])
    assert [name for name, spec in net.specs.items() if spec.trainable] == ["W1", "b2"]
    assert Network.from_dict(net.to_dict()) == net != Network.from_spec("2-4:tanh-1")
    assert "b1 (4,) [frozen]" in net.summary()
    with pytest.raises(SpecError, match="frozen parameters cannot be said in a spec"):
        _ = net.spec
    run = cr.train(net, [[0.5, -1.0]], [2.0], steps=3, seed=1)
    assert set(run.at(0).updates) == {"W1", "b2"}
    assert set(run.at(0).gradients) == {"W1", "b1", "W2", "b2"}
    np.testing.assert_array_equal(run.at(0).parameters["W2"], run.parameters["W2"])


def test_without_bias_there_is_none():
    net = Network([cr.Dense(3, "tanh", bias=False), cr.Dense(1)], inputs=2)
    assert list(net.specs) == ["W1", "W2", "b2"]
    assert net.size == 2 * 3 + 3 + 1


def test_shared_parameters_are_one_parameter():
    net = Network(
        [
            cr.Dense(3, "tanh", weights_name="W", bias_name="b"),
            cr.Dense(3, "tanh", weights_name="W", bias_name="b"),
            cr.Dense(1),
        ],
        inputs=3,
    )
    assert list(net.specs) == ["W", "b", "W3", "b3"]
    assert net.size == 9 + 3 + 3 + 1
    assert "2      3      tanh        shared" in net.summary()


def test_shared_parameters_need_one_shape_and_one_mind():
    with pytest.raises(ShapeError, match=r"'W' is shared by layers that want shapes \(2, 3\) and"):
        Network([cr.Dense(3, weights_name="W"), cr.Dense(3, weights_name="W")], inputs=2)
    with pytest.raises(SpecError, match="disagree about it"):
        Network([cr.Dense(2, weights_name="W", l2=1.0), cr.Dense(2, weights_name="W")], inputs=2)


def test_summary_tells_wishes():
    net = Network(
        [cr.Dense(4, "relu", trainable="weights", l2=0.5), cr.Dense(2, "softmax", l1=1e-3)], 3
    )
    assert net.summary().splitlines() == [
        "layer  units  activation  parameters                            weights",
        "x      3",
        "1      4      relu        W1 (3, 4) [l2 0.5]  b1 (4,) [frozen]       16",
        "2      2      softmax     W2 (4, 2) [l1 0.001]  b2 (2,)              10",
        "total                                                                26",
    ]


@pytest.mark.parametrize("name", sorted(initializers))
def test_initializers_have_their_spread(name):
    shape = (400, 300)
    values = initializers[name](shape, np.random.default_rng(1))
    spread = {
        "zeros": 0.0,
        "uniform": (1 / 400**0.5) / 3**0.5,
        "normal": 1 / 400**0.5,
        "glorot": (2 / 700) ** 0.5,
        "he": (2 / 400) ** 0.5,
    }[name]
    assert values.shape == shape
    assert values.std() == pytest.approx(spread, rel=0.01)


def test_starting_values_depend_on_the_seed_alone():
    net = Network.from_spec("3-4:tanh-1")
    first, again, other = (
        net.initial_parameters(np.random.default_rng(seed), np.float32) for seed in (1, 1, 2)
    )
    assert all(np.array_equal(first[k], again[k]) for k in first)
    assert not np.array_equal(first["W1"], other["W1"])
    assert {v.dtype for v in first.values()} == {np.dtype("float32")}
    assert not first["b1"].any()
