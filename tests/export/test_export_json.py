"""The JSON export: valid by its published schema, and enough to predict with, without us."""

import json
import math
from importlib.resources import files

import jsonschema
import numpy as np
import pytest
from tests.export.onnx_models import random_run, random_table_run

import chainrule as cr

SCHEMA = json.loads(files("chainrule.export").joinpath("schema.json").read_text("utf-8"))

ACTIVATIONS = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "softplus": lambda z: np.logaddexp(z, 0),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "gelu": lambda z: z * (1 + np.vectorize(math.erf)(z / np.sqrt(2))) / 2,
    "softmax": lambda z: (e := np.exp(z - z.max(1, keepdims=True))) / e.sum(1, keepdims=True),
}


def prepared(model, columns):
    """Return the inputs of a table's rows, from the document alone."""
    features = []
    for one in model["preparation"]["transforms"]:
        cells = columns[one["name"]]
        gaps = np.array([cell is None for cell in cells], float)
        if one["type"] == "OneHot":
            gap = None if one["indicator"] else one["fill"]
            texts = [gap if c is None else f"{c:g}" if isinstance(c, float) else c for c in cells]
            kinds = [*one["categories"], *([None] if one["indicator"] else [])]
            features += [np.array([text == kind for text in texts], float) for kind in kinds]
            continue
        fill = float(one["fill"])
        numbers = np.array([fill if c is None else float(c) for c in cells])
        if one["type"] == "Standardize":
            units = np.where(gaps, numbers, np.ldexp(numbers, -one["exponent"]))
            numbers = (units - one["center"]) / one["spread"]
        features += [numbers, gaps] if one["indicator"] else [numbers]
    return np.stack(features, axis=1)


def output(model, x):
    """Return what the last layer gives, from the document alone."""
    h = x
    for layer in model["layers"]:
        W, *b = (np.array(model["parameters"][name]) for name in layer["parameters"])
        h = ACTIVATIONS[layer["activation"]](h @ W + (b[0] if b else 0.0))
    return h


def written(run, folder):
    model = json.loads(run.export(folder / "it.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(model, SCHEMA)
    return model


def near(dtype):
    return {"rtol": 1e-12, "atol": 1e-12} if dtype == np.float64 else {"rtol": 1e-3, "atol": 1e-5}


@pytest.mark.parametrize("seed", range(8))
def test_a_network_is_computed_from_the_document_alone(seed, tmp_path):
    rng = np.random.default_rng([7, seed])
    run, x = random_run(rng, depth=seed % 4, activation=["tanh", "gelu", "elu"][seed % 3])
    model = written(run, tmp_path)
    assert model["dtype"] == run.record.setup.dtype.name
    np.testing.assert_allclose(
        output(model, x.astype(float)), run.predict(x), **near(run.record.setup.dtype)
    )


@pytest.mark.parametrize("seed", range(8))
def test_a_table_is_predicted_from_the_document_alone(seed, tmp_path):
    run, columns = random_table_run(np.random.default_rng([8, seed]))
    model, answer = written(run, tmp_path), None
    out = output(model, prepared(model, columns))
    answer, ours = model["answer"], run.predict_table(columns)
    room = near(run.record.setup.dtype)
    if answer["kind"] == "numbers":
        found = np.ldexp(out * answer["spread"] + answer["center"], answer["exponent"])
        size = np.abs(ours["prediction"]).max()
        np.testing.assert_allclose(
            found[:, 0] / size, ours["prediction"] / size, rtol=0, atol=room["rtol"]
        )
        return
    both = np.hstack([1 - out, out]) if answer["decision"] == "second from 0.5" else out
    mine = np.stack([ours[f"probability of {label}"] for label in answer["classes"]], 1)
    np.testing.assert_allclose(both, mine, **room)
    labels = np.array(answer["classes"])[np.argmax(mine, axis=1)]
    if answer["decision"] == "second from 0.5":
        labels = np.array(answer["classes"])[(mine[:, 1] >= 0.5).astype(int)]
    np.testing.assert_array_equal(labels, ours["prediction"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_come_back_bit_for_bit(dtype, tmp_path):
    odd = [[5e-324, -0.0, 0.1], [1.7976931348623157e308, -1 / 3, 2.2250738585072014e-308]]
    if dtype == "float32":
        odd = np.array([[1e-45, -0.0, 0.1], [3.4028235e38, -1 / 3, 1.1754944e-38]], dtype)
    run = cr.train("2-3", np.eye(2), np.ones((2, 3)), steps=0, dtype=dtype, initial={"W1": odd})
    model = written(run, tmp_path)
    again = np.array(model["parameters"]["W1"], dtype)
    assert again.tobytes() == run.parameters["W1"].tobytes()
    assert cr.Network.from_dict(model["training"]["network"]) == run.network
    assert model["weights_sha256"] == _sum_of(run.save(tmp_path / "run") / "model.safetensors")


def _sum_of(path):
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_history_and_settings_are_there_and_the_bytes_are_the_same_each_time(tmp_path):
    x, y = np.eye(3), [0, 1, 1]
    run = cr.train("3-2:tanh-1", x, y, loss="binary_cross_entropy", epochs=5, batch_size=2)
    model = written(run, tmp_path)
    assert model["history"]["epoch"] == [1, 2, 3, 4, 5]
    assert model["history"]["validation_loss"] == [None] * 5
    assert model["training"]["loss"]["name"] == "binary_cross_entropy"
    assert model["training"]["optimizer"]["name"] == run.record.setup.optimizer.to_dict()["name"]
    assert model["layers"][-1]["activation"] == "sigmoid"
    again = run.export(tmp_path / "again.json").read_bytes()
    assert again == (tmp_path / "it.json").read_bytes()


def test_the_schema_refuses_what_is_no_model(tmp_path):
    model = written(cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=3), tmp_path)
    for change in ({"version": 2}, {"more": 1}, {"dtype": "float16"}, {"parameters": {"W1": "x"}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**model, **change}, SCHEMA)
