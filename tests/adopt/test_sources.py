"""Weights as dicts, lists and live models: what is read, what is asked for, what is refused."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ChainruleError, DataError, ShapeError, SpecError

RNG = np.random.default_rng(2)
W1, B1, W2, B2 = RNG.normal(size=(2, 3)), RNG.normal(size=3), RNG.normal(size=(3, 1)), np.ones(1)
X, Y = RNG.normal(size=(8, 2)), RNG.normal(size=8)
STATE = {"0.weight": W1.T, "0.bias": B1, "2.weight": W2.T, "2.bias": B2}
OUT = np.tanh(X @ W1 + B1) @ W2 + B2


def adopt(source, **changes):
    return cr.adopt(source, X, Y, **{"activations": "tanh", "loss": "squared_error", **changes})


def renamed(old, new):
    return {name.replace(old, new): value for name, value in STATE.items()}


@pytest.mark.parametrize(
    "source",
    [
        STATE,
        dict(reversed(STATE.items())),
        {f"model.net.{name}": value for name, value in STATE.items()},
        {f"module.{name}": value for name, value in STATE.items()},
        {"0.0.weight": W1.T, "0.0.bias": B1, "2.weight": W2.T, "2.bias": B2},
        {"fc1.weight": W1.T, "fc1.bias": B1, "fc2.weight": W2.T, "fc2.bias": B2},
        {"9.weight": W1.T, "9.bias": B1, "10.weight": W2.T, "10.bias": B2},
        [W1, B1, W2, B2],
        (W1, B1, W2, B2),
        {"arr_0": W1, "arr_1": B1, "arr_2": W2, "arr_3": B2},
        {"arr_3": B2, "arr_2": W2, "arr_1": B1, "arr_0": W1},
        {"s/dense/kernel": W1, "s/dense/bias": B1, "s/out/kernel": W2, "s/out/bias": B2},
        {"W2": W2, "b1": B1, "W1": W1, "b2": B2},
        {name: value.tolist() for name, value in STATE.items()},
    ],
)
def test_the_same_network_in_many_forms(source):
    np.testing.assert_allclose(adopt(source).predict(X), OUT, rtol=1e-14)


def test_files_of_arrays(tmp_path):
    np.savez(tmp_path / "list.npz", W1, B1, W2, B2)
    np.savez_compressed(tmp_path / "ours.npz", W1=W1, b1=B1, W2=W2, b2=B2)
    np.savez(tmp_path / "state.npz", **STATE)
    for path in tmp_path.iterdir():
        np.testing.assert_allclose(adopt(path).predict(X), OUT, rtol=1e-14)
        assert path.name in adopt(str(path)).report["adopted"]["source"]
    ours = adopt(STATE)
    again = adopt(ours.save(tmp_path / "run") / "model.safetensors")
    assert np.array_equal(again.predict(X), ours.predict(X))


def test_layers_without_bias_and_a_single_layer():
    run = adopt([W1, W2, B2])
    np.testing.assert_allclose(run.predict(X), np.tanh(X @ W1) @ W2 + B2, rtol=1e-14)
    assert list(run.parameters) == ["W1", "W2", "b2"]
    line = cr.adopt({"weight": W1[:, :1].T, "bias": B2}, X, Y, loss="squared_error")
    np.testing.assert_allclose(line.predict(X), X @ W1[:, :1] + 1, rtol=1e-14)
    assert line.check()


def test_what_a_file_cannot_say_is_asked_for():
    with pytest.raises(SpecError, match="which loss") as error:
        adopt(STATE, loss=None)
    assert "--loss" in str(error.value)
    with pytest.raises(SpecError, match="which activation stands behind '0'"):
        adopt(STATE, activations=None)
    with pytest.raises(SpecError, match="3 activations were given"):
        adopt(STATE, activations=["tanh"] * 3)
    with pytest.raises(SpecError, match="did you mean"):
        adopt(STATE, activations="tahn")


def test_the_last_activation_follows_from_the_loss():
    y = (Y > 0).astype(float)
    by_loss = cr.adopt(STATE, X, y, activations="tanh", loss="binary_cross_entropy")
    told = cr.adopt(STATE, X, y, activations=["tanh", "sigmoid"])
    assert by_loss.network == told.network
    np.testing.assert_allclose(by_loss.predict(X), 1 / (1 + np.exp(-OUT)), rtol=1e-13)


@pytest.mark.parametrize(
    ("source", "error", "said"),
    [
        ({**STATE, "1.running_mean": B1}, SpecError, "BatchNorm"),
        ({**STATE, "1.weight": B1}, SpecError, "a BatchNorm, a LayerNorm or a PReLU"),
        ({"0.weight": np.zeros((2, 1, 3, 3))}, SpecError, "a Conv2d"),
        ({"rnn.weight_ih_l0": W1}, SpecError, "an LSTM"),
        ({"0.weight_g": W1, "0.weight_v": W1, "0.bias": B1}, SpecError, "remove_weight_norm"),
        ({"0.weight": W1.T, "0.bias": B1, "4.bias": B2}, SpecError, "no '4.weight'"),
        ({"a.0.weight": W1.T, "b.0.weight": W2.T}, SpecError, "their order cannot be told"),
        ({"0.weight": W1, "0.bias": B1, "2.weight": W2}, ShapeError, "'0.bias' has shape (3,)"),
        ({"0.weight": W1, "2.weight": W2}, ShapeError, "Transposed they would fit"),
        ({"0.weight": W1.T, "2.weight": np.ones((1, 4))}, ShapeError, "'0' gives 3 numbers"),
        ({**STATE, "0.bias": np.array([1, np.nan, 2])}, DataError, "'0.bias' is nan at [1]"),
        (
            {**STATE, "2.weight": np.full((1, 3), np.inf)},
            DataError,
            "3 of its 3 weights are not finite",
        ),
        ({**STATE, "0.weight": np.ones((3, 2), int)}, DataError, "Quantized"),
        ({**STATE, "0.weight": "words"}, DataError, "'words', not an array of numbers"),
        ({"0.weight": np.zeros((3, 0))}, ShapeError, "weights are a matrix"),
        ([W1, B1, B1, W2], SpecError, "BatchNormalization"),
        ([np.zeros((3, 3, 1, 4)), B1], SpecError, "a Conv2D"),
        ([W1, B2], ShapeError, "'weights[1]' has shape (1,)"),
        ([], SpecError, "empty"),
        ({"W1": W1, "W3": W2}, SpecError, "without gaps"),
        ({"b1": B1}, SpecError, "no 'W1'"),
        ({}, SpecError, "it is empty"),
        ({"weights": W1}, SpecError, "its arrays are called 'weights'"),
        (None, SpecError, "scikit-learn: a fitted MLPClassifier"),
        (7, SpecError, "it is 7"),
    ],
)
def test_refused_in_one_clear_line(source, error, said):
    with pytest.raises(error) as found:
        adopt(source)
    assert said in str(found.value), str(found.value)


def test_a_note_where_no_activation_had_room():
    run = adopt({"0.weight": W1.T, "1.weight": W2.T})
    assert "no activation stood between them" in run.report["adopted"]["notes"][0]
    assert not adopt(STATE).report["adopted"]["notes"]


def test_half_precision_is_exact_in_float64():
    state = {name: value.astype(np.float16) for name, value in STATE.items()}
    run = adopt(state)
    assert run.parameters["W1"].dtype == np.float64
    assert np.array_equal(run.parameters["W1"], state["0.weight"].T.astype(float))
    assert adopt(state, dtype="float32").parameters["W1"].dtype == np.float32


def test_the_source_may_change_afterwards():
    state = {name: value.copy() for name, value in STATE.items()}
    run = adopt(state)
    before = run.at(0).gradients["W1"]
    for value in state.values():
        value[:] = 0
    assert np.array_equal(run.at(0).gradients["W1"], before)


class Tensor:
    """What a PyTorch tensor looks like from outside."""

    dtype = "torch.float64"

    def __init__(self, array):
        self.array, self.shape = array, array.shape

    def detach(self):
        return self

    cpu = detach

    def numpy(self):
        return self.array


class Module:
    """What a PyTorch module looks like from outside."""

    def __init__(self, **parts):
        self.__dict__.update(parts)
        self.parts = parts.get("parts", [])

    def children(self):
        return iter(self.parts)

    def named_modules(self):
        yield "", self
        yield from ((str(k), part) for k, part in enumerate(self.parts))

    def state_dict(self):
        return {name: Tensor(value) for name, value in STATE.items()}


def module(kind, **settings):
    return type(kind, (Module,), {})(**settings)


def sequential(*middle):
    return module("Sequential", parts=[module("Linear"), *middle, module("Linear")])


def test_a_live_module_says_its_activations():
    run = cr.adopt(sequential(module("Tanh"), module("Dropout")), X, Y, loss="squared_error")
    np.testing.assert_allclose(run.predict(X), OUT, rtol=1e-14)
    with pytest.raises(SpecError, match="says its own activations"):
        cr.adopt(sequential(module("Tanh")), X, Y, loss="squared_error", activations="relu")


@pytest.mark.parametrize(
    ("middle", "said"),
    [
        ([module("LeakyReLU", negative_slope=0.2)], "negative_slope=0.2"),
        ([module("Hardtanh")], "neither a Linear nor an activation"),
        ([module("Tanh"), module("ReLU")], "tanh and relu both stand behind '0'"),
    ],
)
def test_a_live_module_that_is_another_function(middle, said):
    with pytest.raises(SpecError) as error:
        cr.adopt(sequential(*middle), X, Y, loss="squared_error")
    assert said in str(error.value)


class Named:
    """A layer or a model of Keras, seen from outside."""

    def __init__(self, weights=(), name="", activation=None, layers=None):
        self.weights, self.name, self.activation, self.layers = weights, name, activation, layers

    def get_weights(self):
        return list(self.weights)


def keras(kind, *weights, activation=None):
    def function():
        """Stand for an activation."""

    function.__name__ = activation or "linear"
    given = function if activation else None
    return type(kind, (Named,), {})(weights, kind.lower(), given)


@pytest.mark.parametrize(
    "layers",
    [
        [keras("Dense", W1, B1, activation="tanh"), keras("Dense", W2, B2, activation="linear")],
        [keras("Dense", W1, B1, activation="linear"), keras("Activation", activation="tanh"),
         keras("Dropout"), keras("Dense", W2, B2, activation="linear")],
    ],
)  # fmt: skip
def test_a_live_keras_model(layers):
    model = Named([W1, B1, W2, B2], "m", None, layers)
    run = cr.adopt(model, X, Y, loss="squared_error")
    np.testing.assert_allclose(run.predict(X), OUT, rtol=1e-14)


def test_a_keras_layer_that_is_not_dense():
    model = Named([W1], "m", None, [keras("LSTM", W1)])
    with pytest.raises(SpecError, match="is LSTM"):
        cr.adopt(model, X, Y, loss="squared_error")


def test_class_numbers_out_of_range_ask_for_labels():
    state = {"0.weight": RNG.normal(size=(3, 2))}
    y = [1, 2, 3, 1, 2, 3, 1, 2]
    with pytest.raises(DataError, match="labels="):
        cr.adopt(state, X, y, loss="cross_entropy")
    run = cr.adopt(state, X, y, loss="cross_entropy", labels=[3, 1, 2])
    assert run.at(0).values["y"].tolist() == [1, 2, 0, 1, 2, 0, 1, 2]
    with pytest.raises(DataError, match="y\\[7\\] is 'z', which is none"):
        cr.adopt(state, X, list("abcabcaz"), loss="cross_entropy", labels=list("abc"))
    with pytest.raises(DataError, match="hold 2 labels"):
        cr.adopt(state, X, list("abababab"), loss="cross_entropy")


def test_rows_that_overflow_are_refused():
    with pytest.raises(
        ChainruleError, match="the loss of a PyTorch state dict on these rows is inf"
    ):
        cr.adopt({"0.weight": W1[:, :1].T * 1e300}, X * 1e300, Y, loss="squared_error")
