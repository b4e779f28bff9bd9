"""The door: every argument of `train`, right and wrong."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ChainruleError, DataError, ShapeError, SpecError

X = np.random.default_rng(0).normal(size=(6, 3))
Y = X @ [1.0, -1.0, 0.5]


def train(network="3-1", x=X, y=Y, **settings):
    return cr.train(network, x, y, **{"steps": 2, **settings})


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"network": 3}, SpecError, "a Network or a spec string is needed first; got int"),
        ({"network": "4-1"}, ShapeError, "expects 4 features, got 3"),
        ({"reduction": "max"}, SpecError, "reduction is 'max'; it is 'mean' or 'sum'"),
        ({"loss": "l2"}, SpecError, "loss 'l2' is not known"),
        ({"optimizer": "sgdm"}, SpecError, "optimizer 'sgdm' is not known"),
        ({"steps": -1}, SpecError, "steps is -1; it is a whole number of at least 0"),
        ({"steps": 2.0}, SpecError, "steps is 2.0"),
        ({"steps": True}, SpecError, "steps is True"),
        ({"epochs": 3}, SpecError, "steps and epochs were both given; give one"),
        ({"steps": None, "epochs": "3"}, SpecError, "epochs is '3'"),
        ({"batch_size": 0}, SpecError, "batch_size is 0; .* at least 1"),
        ({"batch_size": 2.5}, SpecError, "batch_size is 2.5"),
        ({"seed": -1}, SpecError, "seed is -1"),
        ({"seed": None}, SpecError, "seed is None"),
        ({"shuffle": "no"}, SpecError, "shuffle is 'no'; it is True or False"),
        ({"dtype": "float16"}, SpecError, "dtype is 'float16'; training uses 'float64' or"),
        ({"dtype": int}, SpecError, "training uses"),
        ({"dtype": "f4o"}, SpecError, "dtype is 'f4o'"),
        ({"engine": "cuda"}, SpecError, "engine is 'cuda'"),
        ({"snapshot_bytes": -1}, SpecError, "snapshot_bytes is -1"),
        ({"initial": [1]}, SpecError, "initial is a dict of arrays by name; got list"),
        ({"initial": {"W2": [[1]]}}, SpecError, "initial names 'W2'; the network's parameters are"),
        ({"initial": {"W1": [[1, 2, 3]]}}, ShapeError, r"W1 has \(3, 1\).\n  pass W1.T"),
        ({"initial": {"W1": [1, 2, 3]}}, ShapeError, "reshape it"),
        ({"initial": {"b1": [[[1]]]}}, ShapeError, r"initial\['b1'\] has shape \(1, 1, 1\)"),
        ({"initial": {"b1": ["a"]}}, DataError, r"initial\['b1'\] is not an array of numbers"),
        ({"initial": {"b1": ["1.5"]}}, DataError, "is not an array of numbers"),
        ({"initial": {"b1": [1j]}}, DataError, "is not an array of numbers"),
        ({"initial": {"b1": None}}, DataError, "is not an array of numbers"),
        ({"initial": {"W1": [[1], [2, 3]]}}, DataError, "is not an array of numbers"),
        ({"initial": {"b1": [float("nan")]}}, DataError, r"is nan at \[0\]; float64 needs"),
        ({"initial": {"b1": [1e300]}, "dtype": "float32"}, DataError, "is 1e.300 at .*; float32"),
        ({"sample_weight": np.zeros(6)}, DataError, "All of sample_weight is 0"),
        ({"sample_weight": [1, 1, -1, 1, 1, 1]}, DataError, r"sample_weight\[2\] is -1.0"),
        ({"sample_weight": [1, 1, np.nan, 1, 1, 1]}, DataError, r"sample_weight\[2\] is nan"),
        ({"sample_weight": [1, 1]}, DataError, r"shape \(6,\)"),
        (
            {"sample_weight": np.full(6, 1e300), "reduction": "sum", "dtype": "float32"},
            DataError,
            "cannot be told in float32",
        ),
        (
            {"sample_weight": np.full(6, 1e-300), "reduction": "sum", "dtype": "float32"},
            DataError,
            "use reduction='mean'",
        ),
        ({"x": X[:0], "y": Y[:0]}, DataError, "X has no rows"),
        ({"x": X[0]}, DataError, "one axis of 3"),
        ({"x": [["a", "b", "c"]] * 6}, DataError, r"X\[0, 0\] is 'a'"),
        ({"x": np.where(X > 1, np.inf, X)}, DataError, "inf"),
        ({"y": Y[:5]}, DataError, "one entry for each of the 6 rows"),
        ({"validation": (X[:, :2], Y)}, ShapeError, "expects 3 features, got 2 .the X to judge by"),
        ({"validation": (X, Y[:2])}, DataError, "one entry for each of the 6 rows"),
        ({"network": "3-1000000000000"}, ChainruleError, "."),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(settings, kind, words):
    with pytest.raises(kind, match=words) as caught:
        train(**settings)
    assert len(str(caught.value).splitlines()) <= 2


def test_a_network_that_cannot_fit_is_refused_before_it_is_allocated():
    wide = cr.Network([cr.Dense(10**7, "relu"), cr.Dense(10**7)], inputs=3)
    with pytest.raises(DataError, match=r"would need .* GiB, but only .* are free"):
        cr.train(wide, X, np.zeros((6, 10**7)), steps=1)


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1.0, 1e30, 1e300 / 6], ids=lambda s: f"{s:.0e}")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_under_a_mean_only_ratios_of_weights_count(scale, dtype):
    w = np.array([0.5, 1.0, 0.25, 1.0, 0.0, 1.0])
    run = train(sample_weight=w * scale, dtype=dtype, steps=5)
    np.testing.assert_allclose(run.losses, train(sample_weight=w, dtype=dtype, steps=5).losses)


def test_weights_count_rows_more_or_less():
    w = np.array([2.0, 1.0, 1.0, 0.0, 1.0, 1.0])
    doubled = np.r_[0, 0, 1, 2, 4, 5]
    for reduction in ("mean", "sum"):
        one = train(sample_weight=w, reduction=reduction).at(0)
        two = train(x=X[doubled], y=Y[doubled], reduction=reduction).at(0)
        assert one.loss == pytest.approx(two.loss, rel=1e-14)
        np.testing.assert_allclose(one.gradients["W1"], two.gradients["W1"], rtol=1e-13)
    assert set(one.values) >= {"w", "l", "L", "x", "y", "out"}


def test_a_mean_is_over_the_weights_of_its_batch():
    w = np.array([1.0, 3.0, 0.0, 0.0, 2.0, 2.0])
    run = train(sample_weight=w, batch_size=2, shuffle=False, steps=3, optimizer=cr.SGD(0.0))
    each = [run.at(k).values["l"] for k in range(3)]
    expected = [(each[0] @ w[:2]) / 4, 0.0, each[2].mean()]
    np.testing.assert_allclose(run.losses, expected, rtol=1e-14)
    assert not run.at(1).gradients["W1"].any()


@pytest.mark.parametrize(
    "x",
    [
        X.tolist(),
        X.astype(">f8"),
        np.asfortranarray(X),
        np.repeat(X, 2, axis=0)[::2],
        X.copy()[::-1][::-1],
    ],
    ids=["list", "big endian", "fortran", "strided", "reversed twice"],
)
def test_the_form_of_the_inputs_does_not_matter(x):
    np.testing.assert_array_equal(train(x=x).losses, train().losses)


def test_integers_are_made_floats_first():
    x = np.array([[250, 3], [7, 255]], np.uint8)
    run = cr.train("2-1", x, [1, -1], steps=1)
    assert run.at(0).values["x"].dtype == np.float64
    assert run.at(0).values["x"].tolist() == x.tolist()


def test_dtype_is_float64_unless_the_data_is_float32_or_the_user_says_so():
    single = X.astype(np.float32)
    assert train().record.setup.dtype == np.float64
    assert train(x=single).record.setup.dtype == np.float32
    assert train(x=single, dtype="float64").record.setup.dtype == np.float64
    assert train(dtype=np.float32).losses.dtype == np.float64
    assert train(dtype=np.float32).parameters["W1"].dtype == np.float32


def test_a_bias_may_come_as_a_row():
    row = train(initial={"b1": [[0.5]]}).at(0).parameters["b1"]
    assert row.tolist() == [0.5]


def test_defaults():
    run = cr.train("3-1", X, Y)
    assert run.steps == 100
    assert run.record.setup.optimizer == cr.Adam()
    assert run.record.setup.loss.name == "squared_error"
    named = {"3-1:sigmoid": "binary_cross_entropy", "3-2:softmax": "cross_entropy"}
    for spec, loss in named.items():
        run = cr.train(spec, X, [0, 1, 0, 1, 0, 1], epochs=2, batch_size=4)
        assert (run.record.setup.loss.name, run.steps) == (loss, 4)


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("batch_size", [1, 2, 100, None])
def test_few_rows_and_large_batches(rows, batch_size):
    run = train(x=X[:rows], y=Y[:rows], batch_size=batch_size, steps=5, validation=(X[:1], Y[:1]))
    assert len(run.at(0).rows) == min(rows, batch_size or rows)
    assert np.isfinite(run.losses).all()
    assert np.isnan(run.history["validation_score"]).all()


def test_penalties_are_part_of_the_loss_and_shown_apart():
    net = cr.Network([cr.Dense(4, "tanh", l2=0.5), cr.Dense(1, l1=0.25, l2=0.125)], inputs=3)
    run = train(net, steps=4)
    for k in range(4):
        moment = run.at(k)
        w1, w2 = moment.parameters["W1"], moment.parameters["W2"]
        penalty = 0.25 * (w1**2).sum() + 0.0625 * (w2**2).sum() + 0.25 * np.abs(w2).sum()
        data = ((moment.values["out"][:, 0] - Y) ** 2).mean()
        assert run.history["penalty"][k] == pytest.approx(penalty, rel=1e-14)
        assert run.losses[k] == pytest.approx(data + penalty, rel=1e-14)
        plain = train("3-4:tanh-1", initial=moment.parameters, steps=1).at(0)
        expected = plain.gradients["W2"] + 0.125 * w2 + 0.25 * np.sign(w2)
        np.testing.assert_allclose(moment.gradients["W2"], expected, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(moment.gradients["b1"], plain.gradients["b1"], rtol=1e-12)
    assert run.evaluate(X, Y)["loss"] < run.losses[-1]


def test_a_penalty_on_a_shared_parameter_counts_once():
    layer = cr.Dense(3, "tanh", weights_name="W", l2=2.0)
    net = cr.Network([layer, cr.Dense(3, "tanh", weights_name="W", l2=2.0), cr.Dense(1)], inputs=3)
    moment = train(net).at(0)
    assert moment.values["penalty"] == pytest.approx((moment.parameters["W"] ** 2).sum())


def test_names_of_a_step():
    moment = train("3-4:relu-2:tanh", y=np.c_[Y, -Y]).at(1)
    assert set(moment.values) == {"x", "y", "z1", "h1", "z2", "h2", "out", "l", "L",
                                  "learning_rate"}  # fmt: skip
    np.testing.assert_array_equal(moment.values["h2"], moment.values["out"])
    w, z = moment.parameters, moment.values["x"] @ moment.parameters["W1"]
    np.testing.assert_allclose(moment.values["z1"], z + w["b1"], rtol=1e-13)
    np.testing.assert_array_equal(moment.values["h1"], np.maximum(moment.values["z1"], 0))
    assert moment.rows.tolist() == list(range(6))
    assert moment.step == 1


NASTY = [
    None, True, -1, 2, 3.5, float("nan"), 1e300, 10**30, "", "adam", b"x", (), [1], {}, object(),
    {"name": "sgd"}, np.zeros((6, 3)), np.zeros(6), np.array([["a"] * 3] * 6), X.astype(object),
    X + 1j, (X, Y), lambda progress: None, range(6), cr.SGD, cr.Dense(1), np.float32(1), "float64",
]  # fmt: skip
ARGUMENTS = [
    "network", "x", "y", "loss", "reduction", "optimizer", "steps", "epochs", "batch_size", "seed",
    "initial", "dtype", "sample_weight", "validation", "patience", "shuffle", "callbacks",
    "snapshot_bytes", "engine", "cluster",
]  # fmt: skip


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_nothing_handed_in_makes_a_traceback(argument):
    for value in NASTY:
        try:
            train(**{argument: value})
        except ChainruleError as error:
            text = str(error)
            assert len(text.splitlines()) <= 2
            assert len(text) <= 400


def test_what_is_no_path_is_refused_by_name(tmp_path):
    run = cr.train("1-1", [[1.0]], [1.0], steps=1)
    for wrong in (None, 3, ""):
        with pytest.raises(cr.ChainruleError, match="is not a path"):
            cr.load(wrong)
        with pytest.raises(cr.ChainruleError, match="is not a path"):
            run.save(wrong)


def test_r2_of_huge_targets_does_not_overflow():
    from chainrule.train.metrics import r2

    y, out = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [3.5]])
    assert r2(y * 2.0**1000, out * 2.0**1000) == r2(y, out) == 0.875


def test_a_signal_that_the_caller_ignores_stays_ignored():
    import signal

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    seen = []
    try:
        cr.train(
            "1-1", [[1.0]], [1.0], steps=1,
            callbacks=[lambda _: seen.append(signal.getsignal(signal.SIGINT))],
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.SIG_IGN]
