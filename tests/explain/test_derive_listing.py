"""The listing of a derivation runs in plain NumPy and gives the run's own gradients."""

import numpy as np
import pytest
from derive_runs import ending, outputs_for, trained

import chainrule as cr
from chainrule.explain.derive import derive
from chainrule.nn import known_activations, losses
from chainrule.nn.losses import loss as declare_loss

ACTIVATIONS = [name for name in known_activations() if name != "softmax"]


def run_listing(run, code):
    """Run the lines on the values of step 0 and return what they name."""
    moment = run.at(0)
    values = {**moment.parameters, "x": moment.values["x"], "y": moment.values["y"]}
    if "w" in moment.values:
        values["w"] = moment.values["w"]
    exec(code, values)
    return moment, values


def judge(run):
    """Compare the listing with the replay, relative to the largest entry of each tensor."""
    code = derive(run.record).data["code"]
    moment, found = run_listing(run, code)
    assert found["L"] == pytest.approx(moment.loss, rel=1e-11), code
    for name, wanted in moment.gradients.items():
        scale = np.abs(wanted).max()
        assert scale > 0
        np.testing.assert_allclose(
            found[f"d{name}"], wanted, rtol=0, atol=1e-11 * scale, err_msg=code
        )
    return code


def run_text(run, title):
    """One section of the derivation as text."""
    text = str(derive(run.record))
    return text.partition(f"{title}\n---")[2].partition("\n---")[0]


@pytest.mark.parametrize("loss", sorted(losses))
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("weighted", [False, True])
def test_every_loss_and_reduction(loss, reduction, weighted):
    for last in ending(loss):
        layers = [cr.Dense(4, "tanh"), cr.Dense(outputs_for(loss), last)]
        code = judge(trained(layers, loss, reduction=reduction, weighted=weighted))
        assert "import numpy as np" in code
        assert "chainrule" not in code


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation):
    layers = [cr.Dense(4, activation), cr.Dense(2, activation), cr.Dense(2)]
    rows = cr.Dense(3, "linear")
    judge(trained([rows, *layers] if activation == "linear" else layers, "half_squared_error"))


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus"])
def test_the_usual_activations_need_only_numpy(activation):
    run = trained([cr.Dense(4, activation), cr.Dense(1)], "squared_error")
    assert "cr." not in judge(run)


def test_soft_labels_outputs_of_one_and_penalties():
    judge(trained([cr.Dense(4, "relu"), cr.Dense(3, "softmax")], "cross_entropy", soft=True))
    for loss in ("huber", "absolute_error", "squared_error"):
        judge(trained([cr.Dense(1, l1=0.01, l2=0.3)], {"name": loss} if loss != "huber" else
                      {"name": "huber", "threshold": 0.4}))  # fmt: skip
    layers = [cr.Dense(4, "tanh", l2=0.5), cr.Dense(2, l1=0.1, bias=False)]
    assert "np.sign(W2)" in judge(trained(layers, "half_squared_error", reduction="mean"))


def test_shared_and_frozen_parameters():
    shared = [cr.Dense(3, "tanh", weights_name="W", bias_name="b", l2=0.1) for _ in range(2)]
    code = judge(trained([*shared, cr.Dense(1, trainable=False)], "half_squared_error"))
    assert "dW = dW + x.T @ g1" in code
    assert code.count("0.1 * W") == 1


def test_mini_batches():
    judge(trained([cr.Dense(4, "sigmoid"), cr.Dense(1)], "squared_error", batch_size=3))


@pytest.fixture
def log_cosh():
    """A loss that tells no slope, for the time of a test."""

    @declare_loss(formula="sum_k log cosh(out - y)", latex=r"\sum_k \ln\cosh(\mathrm{out}_k - y_k)")
    def log_cosh(out, y):
        e = out - y
        return np.log(0.5 * (np.exp(e) + np.exp(-e))).sum(axis=1)

    yield
    del losses["log_cosh"]


def test_a_new_loss_needs_nothing_else(log_cosh):
    run = trained([cr.Dense(4, "sin"), cr.Dense(2)], "log_cosh", reduction="mean")
    judge(run)
    assert "exp" in run_text(run, "From L to out")
