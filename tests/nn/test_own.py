"""Activations and losses of one's own: trained, explained, saved by name, registered again."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.errors import SpecError
from chainrule.nn import register_activation, register_loss
from chainrule.nn.activations import own_activations
from chainrule.nn.losses.loss import own_losses

X = np.random.default_rng(0).standard_normal((20, 3))
Y = np.exp(X @ [0.5, -0.5, 0.2])


@pytest.fixture(autouse=True)
def forgotten():
    """What a test registers is gone after it."""
    before = dict(own_activations), dict(own_losses)
    yield
    for registry, old in zip((own_activations, own_losses), before, strict=True):
        registry.clear()
        registry.update(old)


def mish(z):
    return z * cr.tanh(cr.softplus(z))


def poisson(out, y, shift=1.0):
    """Half the Poisson deviance less what no weight changes; `out` is the logarithm of the rate."""
    return (cr.exp(out) - y * out).sum(axis=1) * shift


def both():
    register_activation("mish", mish)
    return register_loss("poisson_log", poisson, formula="sum_k exp(out) - y out")


def test_they_train_and_their_gradients_are_right():
    both()
    run = cr.train("3-4:mish-1", X, Y, loss="poisson_log", optimizer=cr.SGD(0.05), steps=60, seed=1)
    assert run.losses[-1] < run.losses[0]
    assert run.check()
    assert "exp(out) - y out" in run.summary()
    assert run.why("W1[0,2]", step=3).text()
    with pytest.raises(SpecError, match="layer 1 has the activation 'mish' of your own"):
        run.derive()
    right = run.at(2).gradients
    assert run.review(right, step=2).right
    assert not run.review({name: -g for name, g in right.items()}, step=2).right


@pytest.mark.parametrize("engine", ["native", "interpreter"])
def test_a_run_names_them_and_needs_them_registered(engine, tmp_path):
    if engine == "native":
        pytest.importorskip("llvmlite")
    both()
    run = cr.train(
        "3-4:mish-1", X, Y, loss={"name": "poisson_log", "shift": 2}, steps=9, engine=engine
    )
    saved = run.save(tmp_path / "run")
    assert b'"mish"' in (saved / "run.json").read_bytes()
    again = cr.load(saved)
    assert np.array_equal(again.at(5).gradients["W1"], run.at(5).gradients["W1"])
    assert again.record.setup.loss.options == {"shift": 2.0}
    del own_losses["poisson_log"]
    with pytest.raises(cr.ChainruleError, match=r"nn.register_loss\(name, function\)"):
        cr.load(saved)
    del own_activations["mish"]
    with pytest.raises(cr.ChainruleError, match=r"nn.register_activation\(name, function\)"):
        cr.load(saved)


def test_a_new_function_under_an_old_name_is_used():
    register_activation("mine", lambda z: z * 2.0)
    one = cr.train("3-1:mine", X, Y, steps=2, engine="interpreter").losses
    register_activation("mine", lambda z: z * 3.0)
    two = cr.train("3-1:mine", X, Y, steps=2, engine="interpreter").losses
    assert one[0] != two[0]


def test_a_loss_on_class_numbers_and_logits():
    def focal(out, y):
        p = cr.softmax(out, -1)
        hit = cr.where(cr.ops.equal(y.reshape(-1, 1), np.arange(3)[None, :]), p, 1.0)
        return -((1.0 - hit) * cr.log(hit)).sum(axis=1)

    register_loss("focal", focal, targets="class", logits_of="softmax")
    run = cr.train(
        "3-3:softmax", X, np.arange(20) % 3, loss="focal", steps=20, optimizer=cr.SGD(0.1)
    )
    assert run.losses[-1] < run.losses[0]
    assert run.check()


@pytest.mark.parametrize(
    ("name", "function", "words"),
    [
        ("relu", mish, "name 'relu' is taken"),
        ("linear", mish, "name 'linear' is taken"),
        ("two words", mish, "use letters, digits and _"),
        (3, mish, "use letters, digits and _"),
        ("lambda", mish, "use letters, digits and _"),
        ("mine", None, "a function is needed"),
        ("mine", lambda z: z.sum(), r"made a node of shape \(\)"),
        ("mine", lambda z: 3.0, "made a float"),
        ("mine", lambda z: 1 // 0, "failed on nodes: ZeroDivisionError"),
        ("mine", lambda z: ops.greater(z, 0.0), "same shape and dtype"),
    ],
)
def test_what_is_no_activation(name, function, words):
    with pytest.raises(SpecError, match=words):
        register_activation(name, function)
    assert name not in own_activations


@pytest.mark.parametrize(
    ("name", "function", "settings", "words"),
    [
        ("huber", poisson, {}, "name 'huber' is taken"),
        ("mine", lambda out, y: (out - y) ** 2, {}, r"made a node of shape \(2, 3\)"),
        ("mine", lambda out: out, {}, "failed on nodes: TypeError"),
        ("mine", poisson, {"targets": "words"}, "targets is 'words'"),
        ("mine", poisson, {"logits_of": "relu"}, "logits_of is 'relu'"),
    ],
)
def test_what_is_no_loss(name, function, settings, words):
    with pytest.raises(SpecError, match=words):
        register_loss(name, function, **settings)
    assert name not in own_losses


def test_in_an_estimator():
    estimators = pytest.importorskip("chainrule.estimators")
    loss = both()
    settings = {
        "hidden_layer_sizes": (6,),
        "activation": "mish",
        "max_iter": 150,
        "learning_rate_init": 0.02,
        "n_iter_no_change": np.inf,
        "random_state": 0,
    }
    model = estimators.NetworkRegressor(loss="poisson_log", **settings).fit(X, Y)
    assert np.corrcoef(np.exp(model.predict(X)), Y)[0, 1] > 0.95
    other = estimators.NetworkRegressor(loss=loss, **settings).fit(X, Y)
    assert np.array_equal(other.predict(X), model.predict(X))
