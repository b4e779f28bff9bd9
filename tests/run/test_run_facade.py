"""The run as people hold it: what it tells, predicts, saves and loads."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest

import chainrule as cr
from chainrule.errors import DataError, FileRefused, ShapeError, SpecError
from chainrule.train.saved import from_contents, to_contents

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 3))
Y = X @ [1.0, -1.0, 0.5]
NAMES = ["a", "b", "c"]


@pytest.fixture(scope="module")
def run():
    return cr.train(
        "3-4:tanh-1", X, Y, optimizer=cr.Adam(0.05), epochs=20, batch_size=8, seed=2,
        validation=(X[:9], Y[:9]),
    )  # fmt: skip


def same_arrays(left, right):
    assert list(left) == list(right)
    for name in left:
        assert left[name].dtype == right[name].dtype
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)


def test_what_a_run_tells(run):
    assert repr(run) == f"<Run 3-4:tanh-1, 80 steps, finished, last loss {run.losses[-1]:.6g}>"
    assert (run.steps, run.stopped, run.best_step) == (80, "finished", 80)
    assert run.losses.shape == (80,)
    assert set(run.history) == {
        "step", "epoch", "loss", "penalty", "validation_loss", "validation_score",
    }  # fmt: skip
    assert run.history["epoch"].tolist() == [k // 4 for k in range(80)]
    measured = ~np.isnan(run.history["validation_loss"])
    assert np.flatnonzero(measured).tolist() == list(range(3, 80, 4))
    assert run.evaluate(X[:9], Y[:9]) == {
        "loss": run.history["validation_loss"][-1],
        "R2": run.history["validation_score"][-1],
    }


def test_a_run_of_no_steps_and_of_a_network_no_spec_can_say():
    net = cr.Network([cr.Dense(1, bias=False)], inputs=3)
    run = cr.train(net, X, Y, steps=0)
    assert repr(run) == "<Run 3-1, 0 steps, finished>"
    assert "no step was done" in run.summary()


def test_the_summary_writes_the_formula_out():
    net = cr.Network([cr.Dense(4, "tanh", l2=0.5), cr.Dense(1, "sigmoid", l1=0.25)], inputs=3)
    run = cr.train(net, X, Y > 0, steps=2, sample_weight=np.ones(30), batch_size=7)
    text = run.summary()
    assert "L = weighted mean over rows of [-sum_k (y log p + (1 - y) log(1 - p))" in text
    assert "+ 0.25 sum W1^2 + 0.25 sum |W2|" in text
    assert "predict gives probabilities" in text
    assert "7 rows a step, seed 0, float64" in text
    plain = cr.train("3-1", X, Y, steps=2, reduction="sum").summary()
    assert "L = sum over rows of [mean_k (out - y)^2]\n" in plain


def test_the_plan_is_that_of_a_full_step(run):
    assert set(run.plan.updates) == {*run.parameters, *(f"{k}.{s}" for k in run.parameters
                                                       for s in "mv")}  # fmt: skip
    inner = {f"dL/d{name}" for name in ("z1", "h1", "z2", "h2", "out", "l")}
    assert set(run.plan.gradients) == set(run.parameters) | inner


@pytest.mark.parametrize(
    "form",
    [
        X.tolist(),
        tuple(map(tuple, X.tolist())),
        X.astype(">f8"),
        np.asfortranarray(X),
        pd.DataFrame(X, columns=NAMES),
        pl.DataFrame(X, schema=NAMES),
        pd.DataFrame(X),
    ],
    ids=["list", "tuple", "big endian", "fortran", "pandas", "polars", "pandas without names"],
)
def test_rows_in_any_form(run, form):
    np.testing.assert_array_equal(run.predict(form), run.predict(X))


def test_integers_booleans_and_single_precision(run):
    whole = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(run.predict(whole), run.predict(whole.astype(float)))
    np.testing.assert_array_equal(run.predict(whole > 2), run.predict((whole > 2).astype(float)))
    single = X.astype(np.float32)
    assert run.predict(single).dtype == np.float64
    np.testing.assert_array_equal(run.predict(single), run.predict(single.astype(float)))
    assert run.predict(X).shape == (30, 1)


def test_many_rows_are_cut_into_chunks(run):
    many = np.tile(X, (300, 1))
    np.testing.assert_allclose(run.predict(many), np.tile(run.predict(X), (300, 1)), rtol=1e-13)
    for count in range(1, 60):
        assert run.predict(many[:count]).shape == (count, 1)
    assert len(run.record.setup.programs) <= 16


@pytest.mark.parametrize(
    ("x", "kind", "words"),
    [
        (X[:, :2], ShapeError, r"expects 3 features, got 2 \(X has shape \(30, 2\)\)"),
        (X[0], DataError, "one axis of 3"),
        (X[:0], DataError, "no rows"),
        ([[1.0, 2.0, float("nan")]], DataError, r"X\[0, 2\] is nan"),
        ([["a", 1, 2]], DataError, "is 'a', not a number"),
        ("table.csv", DataError, "."),
        (None, DataError, "."),
    ],
)
def test_rows_that_do_not_fit(run, x, kind, words):
    with pytest.raises(kind, match=words):
        run.predict(x)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_columns_are_matched_by_name(tmp_path, frame):
    table = frame(dict(zip(NAMES, X.T, strict=True)))
    run = cr.train("3-1", table, Y, steps=20, validation=(table[["c", "b", "a"]], Y))
    plain = cr.train("3-1", X, Y, steps=20, validation=(X, Y))
    same_arrays(run.history, plain.history)
    loaded = cr.load(run.save(tmp_path / "run"))
    for each in (run, loaded):
        np.testing.assert_array_equal(each.predict(table[["b", "c", "a"]]), plain.predict(X))
        np.testing.assert_array_equal(each.predict(X), plain.predict(X))
        assert each.evaluate(table[["c", "a", "b"]], Y) == plain.evaluate(X, Y)
        with pytest.raises(DataError, match=r"lacks the columns \['c'\] and has \['d'\]"):
            each.predict(frame({"a": X[:, 0], "b": X[:, 1], "d": X[:, 2]}))


def test_scores():
    classes = RNG.integers(0, 3, 30)
    run = cr.train("3-3:softmax", X, classes, steps=5)
    out = run.predict(X)
    assert run.evaluate(X, classes)["accuracy"] == (out.argmax(axis=1) == classes).mean()
    one_hot = cr.train("3-3:softmax", X, np.eye(3)[classes], steps=5)
    assert (
        one_hot.evaluate(X, np.eye(3)[classes])["accuracy"] == run.evaluate(X, classes)["accuracy"]
    )
    with pytest.raises(ShapeError, match="Use class numbers in both, or distributions in both"):
        run.evaluate(X, np.eye(3)[classes])
    marks = (X > 0).astype(float)
    many = cr.train("3-3:sigmoid", X, marks, steps=5)
    assert many.evaluate(X, marks)["accuracy"] == ((many.predict(X) >= 0.5) == marks).mean()
    yes = cr.train("3-1", X, Y > 0, loss="binary_cross_entropy", steps=5)
    assert yes.evaluate(X, Y > 0)["accuracy"] == ((yes.predict(X)[:, 0] >= 0.5) == (Y > 0)).mean()


def test_scores_that_are_undefined_are_nan():
    run = cr.train("3-1", X, Y, steps=5)
    assert np.isnan(run.evaluate(X[:1], Y[:1])["R2"])
    assert np.isnan(run.evaluate(X, np.full(30, 0.1))["R2"])
    assert np.isfinite(run.evaluate(X[:1], Y[:1])["loss"])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": cr.SGD(0.01), "reduction": "sum", "loss": "half_squared_error"},
        {
            "optimizer": cr.Momentum(cr.WarmUp(cr.Cosine(0.1, 9), 3), clip_norm=0.5),
            "dtype": "float32",
        },
        {"optimizer": cr.AdamW(0.01), "batch_size": 7, "shuffle": False},
        {"sample_weight": np.linspace(0.1, 1, 30), "loss": {"name": "huber", "threshold": 0.5}},
        {"validation": (X[:5], Y[:5], np.ones(5)), "patience": 2, "batch_size": 7},
        {"steps": 0},
        {"snapshot_bytes": 0},
        {"seed": 2**100, "batch_size": 4},
    ],
    ids=lambda s: " ".join(map(str, s)) or "plain",
)
def test_a_loaded_run_is_the_saved_one(tmp_path, settings):
    net = cr.Network([cr.Dense(4, "tanh", l2=0.1, trainable="weights"), cr.Dense(1)], inputs=3)
    run = cr.train(net, X, Y, **{"steps": 25, "seed": 4, **settings})
    again = cr.load(run.save(tmp_path / "run"))
    assert repr(again) == repr(run)
    assert again.summary() == run.summary()
    assert again.network == run.network
    assert again.best_step == run.best_step
    assert again.record.setup.optimizer == run.record.setup.optimizer
    assert again.record.setup.loss == run.record.setup.loss
    same_arrays(again.history, run.history)
    same_arrays(again.parameters, run.parameters)
    np.testing.assert_array_equal(again.predict(X), run.predict(X))
    assert again.evaluate(X, Y) == run.evaluate(X, Y)
    for k in {0, min(1, run.steps), run.steps // 2, run.steps}:
        left, right = again.at(k), run.at(k)
        for role in ("parameters", "values", "gradients", "updates", "slots"):
            same_arrays(getattr(left, role), getattr(right, role))
        assert left.rows.tolist() == right.rows.tolist()
    twice = cr.load(again.save(tmp_path / "twice"))
    np.testing.assert_array_equal(twice.predict(X), run.predict(X))


def test_a_run_goes_on_predicting_in_a_process_of_its_own(run, tmp_path):
    run.save(tmp_path / "run")
    program = (
        "import sys, json, chainrule as cr, numpy as np\n"
        "run = cr.load(sys.argv[1])\n"
        "print(json.dumps(run.predict(np.arange(6.0).reshape(2, 3)).tolist()))\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "run")],
        capture_output=True, text=True, check=True, cwd=tmp_path, env={**os.environ},
    )  # fmt: skip
    assert json.loads(out.stdout) == run.predict(np.arange(6.0).reshape(2, 3)).tolist()


def test_saving_never_replaces_unasked(run, tmp_path):
    place = run.save(tmp_path / "run")
    with pytest.raises(FileRefused, match="a run of this name exists"):
        run.save(place)
    assert run.save(place, overwrite=True) == place
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("keep")
    for overwrite in (False, True):
        with pytest.raises(FileRefused, match="not a run"):
            run.save(tmp_path / "notes", overwrite=overwrite)
    assert (tmp_path / "notes" / "mine.txt").read_text() == "keep"


def test_what_cannot_be_loaded(run, tmp_path):
    with pytest.raises(FileRefused, match="nothing"):
        cr.load(tmp_path / "nothing")
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileRefused):
        cr.load(tmp_path / "folder")
    place = run.save(tmp_path / "run")
    (place / "model.safetensors").unlink()
    with pytest.raises(FileRefused, match=r"model\.safetensors"):
        cr.load(place)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda m: m.pop("network"),
        lambda m: m.update(network=3),
        lambda m: m.update(dtype="nonsense"),
        lambda m: m.update(steps="many"),
        lambda m: m.update(features=5),
        lambda m: m.update(trouble=[1]),
        lambda m: m.update(network={"inputs": 5, "layers": [{"kind": "dense", "units": 1}]}),
        lambda m: m.update(optimizer={"name": "unheard of"}),
    ],
)
def test_a_manifest_of_another_program_is_refused_in_words(run, spoil):
    contents = to_contents(run.record, {})
    manifest = json.loads(json.dumps(contents.manifest))
    spoil(manifest)
    with pytest.raises((FileRefused, SpecError)) as caught:
        from_contents(replace(contents, manifest=manifest))
    assert len(str(caught.value).splitlines()) <= 2


def test_a_run_without_its_rows_predicts_and_judges_but_does_not_replay(run):
    classes = cr.train("3-3:softmax", X, RNG.integers(0, 3, 30), steps=5)
    for each, y in ((run, Y), (classes, np.zeros(30, int))):
        bare = cr.Run(from_contents(replace(to_contents(each.record, {}), rows=None)))
        np.testing.assert_array_equal(bare.predict(X), each.predict(X))
        assert bare.evaluate(X, y) == each.evaluate(X, y)
        assert bare.plan.updates
        with pytest.raises(SpecError, match="too large to be kept in its folder"):
            bare.at(0)
