"""Networks that PyTorch and Keras wrote themselves: outputs, loss and gradients by number."""

from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import SpecError

GOLDEN = Path(__file__).parent / "golden"
PYTORCH = {
    "torch_relu": ("relu", "cross_entropy", "0 2 4"),
    "torch_tanh": ("tanh", "squared_error", "0 3"),
    "torch_half": ("gelu", "binary_cross_entropy", "0 2"),
    "torch_bfloat16": ("silu", "squared_error", "0 2"),
    "torch_deep": ("elu", "squared_error", "0 2 4 6 8 10"),
}
KERAS = {
    "keras_softmax": (["relu", "tanh"], "cross_entropy"),
    "keras_number": ("sigmoid", "squared_error"),
    "keras_deep": ("tanh", "squared_error"),
}
ROUNDING = 1e-13
FLOAT32 = 16 * 2.0**-23
"""Keras multiplies in float32: up to three products of six terms, forward and back."""


def told(name):
    with np.load(GOLDEN / f"{name}.told.npz") as file:
        return dict(file)


def close(ours, theirs, rounding=ROUNDING):
    """Compare to the rounding of the largest number."""
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=rounding * max(np.abs(theirs).max(), 1))


def logits(run):
    return run.at(0).values[f"z{len(run.network.layers)}"]


@pytest.mark.parametrize("name", sorted(PYTORCH))
def test_a_state_dict_of_pytorch(name):
    activation, loss, places = PYTORCH[name]
    found = told(name)
    run = cr.adopt(
        GOLDEN / f"{name}.safetensors", found["x"], found["y"], activations=activation, loss=loss
    )
    moment = run.at(0)
    close(logits(run), found["out"])
    close(moment.loss, found["loss"])
    for k, place in enumerate(places.split(), 1):
        close(moment.gradients[f"W{k}"], found[f"gradient.{place}.weight"].T)
        if f"b{k}" in moment.gradients:
            close(moment.gradients[f"b{k}"], found[f"gradient.{place}.bias"])
    told_biases = {key for key in found if key.endswith(".bias")}
    assert len(told_biases) == sum(name.startswith("b") for name in run.parameters)


@pytest.mark.parametrize("name", sorted(KERAS))
def test_weights_that_keras_wrote(name):
    activations, loss = KERAS[name]
    found = told(name)
    run = cr.adopt(
        GOLDEN / f"{name}.npz", found["x"], found["y"], activations=activations, loss=loss
    )
    moment = run.at(0)
    close(moment.values["out"], found["out"], FLOAT32)
    close(moment.loss, found["loss"], FLOAT32)
    for k, name in enumerate(run.parameters):
        close(moment.gradients[name], found[f"gradient{k}"], FLOAT32)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["torch_relu", "torch_bfloat16", "keras_number"])
def test_every_question_can_be_asked(name, tmp_path):
    activation, loss = {**PYTORCH, **KERAS}[name][:2]
    found, ending = told(name), "npz" if name in KERAS else "safetensors"
    run = cr.adopt(
        GOLDEN / f"{name}.{ending}", found["x"], found["y"], activations=activation, loss=loss
    )
    assert run.check()
    assert run.review(run.at(0).gradients).right
    assert "W1[0,0]" in run.why("W1[0,0]").text()
    assert all([run.derive().text(), run.doctor().text(), run.report_page().html()])
    again = cr.load(run.save(tmp_path / "run", page=True))
    assert np.array_equal(again.predict(found["x"]), run.predict(found["x"]))
    assert (again.stopped, again.steps) == ("adopted", 0)
    assert again.branch(0, optimizer=cr.SGD(1e-3), steps=3).losses.shape == (3,)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("torch_norm.safetensors", "1.num_batches_tracked' is not of a Linear; a BatchNorm"),
        ("torch_conv.safetensors", "'0.weight' has shape (2, 1, 3, 3), so it is not a Linear's"),
        ("keras_norm.npz", "'arr_2' has shape (4,) where the kernel of a Dense"),
    ],
)
def test_other_layers_are_named(name, said):
    with pytest.raises(SpecError) as error:
        cr.adopt(GOLDEN / name, np.zeros((2, 3)), [0, 1], activations="relu", loss="squared_error")
    assert said in str(error.value)
