"""The golden files of Keras: run with Keras 3 on its PyTorch backend, where this file lies.

Writes ``np.savez(path, *model.get_weights())`` as a user would, and what Keras computes with it:
outputs, its own loss, and that loss's gradients by PyTorch. Keras 3.15 takes products of
float64 in float32 there, so its numbers are good to about 1e-7.
"""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch

keras.config.set_floatx("float64")
keras.config.set_dtype_policy("float64")


def case(name, layers, inputs, loss, y):
    """Write a network, rows, and what Keras computes with them."""
    model = keras.Sequential([keras.Input((inputs,)), *layers])
    rng = np.random.default_rng(3)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    x = rng.normal(size=(len(y), inputs))
    np.savez(f"{name}.npz", *model.get_weights())
    out = model(torch.tensor(x))
    found = keras.ops.mean(loss(y, out))
    found.backward()
    told = {f"gradient{k}": v.value.grad.numpy() for k, v in enumerate(model.trainable_variables)}
    out = out.detach().numpy()
    np.savez(f"{name}.told.npz", x=x, y=y, out=out, loss=found.item(), **told)


dense = keras.layers.Dense
case(
    "keras_softmax",
    [dense(6, "relu"), keras.layers.Dropout(0.2), dense(4, "tanh"), dense(3, "softmax")],
    4,
    keras.losses.sparse_categorical_crossentropy,
    np.arange(7) % 3,
)
case(
    "keras_number",
    [dense(5, "sigmoid"), dense(1, use_bias=False)],
    2,
    keras.losses.mean_squared_error,
    np.arange(6.0).reshape(-1, 1) / 4,
)
many = [dense(2, "tanh") for _ in range(6)]
case(
    "keras_deep",
    [*many, dense(1)],
    3,
    keras.losses.mean_squared_error,
    np.arange(5.0).reshape(-1, 1) / 4,
)
norm = keras.Sequential([keras.Input((3,)), dense(4), keras.layers.BatchNormalization(), dense(1)])
np.savez("keras_norm.npz", *norm.get_weights())
