"""ONNX models of runs: answers, names, refusals, metadata; the battery's first models too."""

import json
import re
import sys
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument
from tests.export.onnx_battery import battery
from tests.export.onnx_models import (
    ACTIVATIONS,
    Tally,
    answers,
    compare,
    exported,
    fed,
    judge,
    random_run,
)

import chainrule as cr
from chainrule.errors import DataError, MissingExtraError, ShapeError, UnsupportedError
from chainrule.export.onnx import forms as declared

KINDS = {
    "size": [1.5, None, 3.0, -2.0] * 5,
    "island": ["Biscoe", "Dream", None, "Dream"] * 5,
    "wet": [True, False, None, True] * 5,
    "y": ["yes", "no", "perhaps", "no"] * 5,
}


def table_run(target="y", columns=KINDS, **settings):
    settings = {"epochs": 1, "hidden": (3,), "validation": 0.0, "test": 0.0, **settings}
    return cr.train_table(columns, target, **settings)


def one_row(**cells):
    """Return the first row of the table as inputs, some cells changed."""
    row = {"size": 1.5, "island": "Biscoe", "wet": True, **cells}
    return {name: [cell] for name, cell in row.items()}


@pytest.mark.slow
def test_random_models_agree_within_their_bounds():
    tally = battery(24, seed=11)
    assert tally.wrong == []
    assert tally.unbounded == 0
    assert tally.numbers > 5000


@pytest.mark.slow
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_network_of_each_activation_agrees_within_its_bounds(name):
    tally = Tally()
    compare(*random_run(np.random.default_rng(len(name)), depth=2, activation=name), tally)
    assert (tally.wrong, tally.unbounded) == ([], 0)


@pytest.mark.parametrize(("dtype", "slip"), [("float64", 1e-11), ("float32", 1e-3)])
def test_a_wrong_weight_is_seen(dtype, slip):
    """The bounds are tight enough to notice weights that are a little off."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(100, 5)).astype(dtype)
    right = cr.train("5-8:tanh-2", x, x[:, :2], steps=20, dtype=dtype)
    off = replace(
        right.record, best={**right.record.best, "W1": right.parameters["W1"] * (1 + slip)}
    )
    for run, wrong in ((right, 0), (type(right)(off), 1)):
        tally = Tally()
        judge(run, answers(exported(right), {"X": x}), run.predict(x), x, tally)
        assert len(tally.wrong) == wrong


def test_ties_go_to_the_first_class_and_one_half_to_the_second():
    zeros = {"W1": np.zeros((2, 3))}
    three = cr.train("2-3:softmax", np.eye(2), [0, 2], loss="cross_entropy", steps=0, initial=zeros)
    x = np.array([[0.3, -5.0], [1.0, 2.0]])
    assert answers(exported(three), {"X": x})["label"].tolist() == [0, 0]
    two = cr.train(
        "2-1:sigmoid", np.eye(2), [0, 1], loss="binary_cross_entropy", steps=0,
        initial={"W1": np.zeros((2, 1))},
    )  # fmt: skip
    found = answers(exported(two), {"X": x})
    assert found["label"].tolist() == [1, 1]
    np.testing.assert_array_equal(found["probabilities"], 0.5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ties_between_later_classes_are_ours(dtype):
    W = np.zeros((2, 4))
    W[:, 1] = W[:, 3] = [0.25, -1.5]
    run = cr.train(
        "2-4:softmax", np.eye(2), [0, 3], loss="cross_entropy", steps=0, initial={"W1": W},
        dtype=dtype,
    )  # fmt: skip
    x = np.random.default_rng(0).normal(size=(50, 2)).astype(dtype)
    label = answers(exported(run), {"X": x})["label"]
    assert label.tolist() == np.argmax(run.predict(x), axis=1).tolist()
    assert set(label.tolist()) <= {0, 1}


def test_a_table_has_an_input_a_column_and_answers_in_its_own_words():
    run = table_run()
    opened = exported(run)
    assert [(i.name, i.type, i.shape) for i in opened.get_inputs()] == [
        ("size", "tensor(double)", ["rows", 1]),
        ("island", "tensor(string)", ["rows", 1]),
        ("wet", "tensor(double)", ["rows", 1]),
    ]
    assert [(o.name, o.type, o.shape) for o in opened.get_outputs()] == [
        ("label", "tensor(string)", ["rows"]),
        ("probabilities", "tensor(double)", ["rows", 3]),
    ]
    found, ours = answers(opened, fed(run.preparation, KINDS)), run.predict_table(KINDS)
    assert found["label"].tolist() == ours["prediction"].tolist()
    assert [*ours][1:] == ["probability of no", "probability of perhaps", "probability of yes"]


@pytest.mark.parametrize(
    ("target", "labels"),
    [([3, 1, 2, 1], [1, 2, 3]), ([True, False, True, True], ["False", "True"])],
)
def test_labels_keep_their_kind(target, labels):
    run = table_run(columns={**KINDS, "y": target * 5}, task="classification")
    assert list(run.preparation.labels) == labels
    found = answers(exported(run), fed(run.preparation, KINDS))["label"]
    assert found.tolist() == run.predict_table(one_rows())["prediction"].tolist()


def one_rows():
    return {name: cells for name, cells in KINDS.items() if name != "y"}


REFUSED = [
    ({"island": "Torgersen"}, "island/refused: a category that no training row has"),
    ({"size": np.inf}, "size/refused: a number too far from the training rows, or infinite"),
    ({"size": 1e300}, "size/refused: a number too far from the training rows, or infinite"),
    ({"wet": 2.0}, "wet/refused: neither 1 (true) nor 0 (false)"),
]


@pytest.mark.parametrize(("cells", "words"), REFUSED)
def test_what_predict_refuses_the_model_refuses_by_name(cells, words):
    run = table_run(dtype="float32")
    opened, row = exported(run), one_row(**cells)
    assert answers(opened, fed(run.preparation, one_row()))["label"].shape == (1,)
    with pytest.raises(InvalidArgument, match=re.escape(words)):
        opened.run(None, fed(run.preparation, row))
    with pytest.raises(DataError):
        run.predict_table(row)


@pytest.mark.parametrize("name", ["size", "island", "wet"])
def test_a_missing_cell_is_filled_in_or_refused_as_training_was_told(name):
    full = {key: [c if c is not None else cells[0] for c in cells] for key, cells in KINDS.items()}
    for missing, columns in (("impute", KINDS), ("impute", full), ("error", full)):
        run = table_run(columns=columns, missing=missing)
        row, opened = one_row(**{name: None}), exported(run)
        if missing == "error":
            with pytest.raises(InvalidArgument, match=f"{name}/refused: .*a missing cell"):
                opened.run(None, fed(run.preparation, row))
            with pytest.raises(DataError):
                run.predict_table(row)
        else:
            found = answers(opened, fed(run.preparation, row))["probabilities"]
            ours = np.array(
                [run.predict_table(row)[f"probability of {x}"] for x in run.preparation.labels]
            )
            np.testing.assert_allclose(found[0], ours[:, 0], rtol=0, atol=1e-14)


def test_words_for_missing_and_ignored_categories(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,y\nu,1.5\nv,2.5\nNA,3.5\nu,1\n,2\nv,3\n")
    run = table_run(target="y", columns=str(path), missing_words=["NA"], unseen="ignore")
    opened = exported(run)
    found = [
        answers(opened, {"a": np.array([[word]], object)})["prediction"][0, 0]
        for word in ("u", "NA", "", "new")
    ]
    ours = [run.predict_table({"a": [word]})["prediction"][0] for word in ("u", None, None, "new")]
    np.testing.assert_allclose(found, ours, rtol=1e-13)
    assert found[1] == found[2] != found[3]


def test_nan_on_arrays_is_refused_and_no_rows_give_no_rows():
    run = cr.train("2-3:tanh-2", np.eye(2), np.eye(2), steps=2)
    opened = exported(run)
    for bad in (np.nan, np.inf, -np.inf):
        with pytest.raises(InvalidArgument, match="refused: NaN or infinity in X"):
            opened.run(None, {"X": np.array([[0.0, 1.0], [bad, 1.0]])})
        with pytest.raises(DataError):
            run.predict(np.array([[0.0, 1.0], [bad, 1.0]]))
    assert answers(opened, {"X": np.zeros((0, 2))})["prediction"].shape == (0, 2)
    with pytest.raises(InvalidArgument):
        opened.run(None, {"X": np.zeros((1, 3))})
    with pytest.raises(ShapeError):
        run.predict(np.zeros((1, 3)))


def test_logits_without_a_largest_are_refused():
    run = cr.train("1-2:exp-2:softmax", [[0.0], [1.0]], [0, 1], loss="cross_entropy", steps=0,
                   initial={"W1": np.ones((1, 2)), "W2": np.ones((2, 2))})  # fmt: skip
    with pytest.raises(InvalidArgument, match="refused: its logits have no single largest entry"):
        exported(run).run(None, {"X": np.array([[1e4]])})


def test_columns_may_be_called_as_the_network_calls_its_own():
    names = ["label", "W1", "x", "z1", "h1/Tanh", "out", "prediction", "ein Feld, mit Komma"]
    columns = {name: [float((k * n) % 7) for k in range(20)] for n, name in enumerate(names, 1)}
    run = table_run(target="y", columns={**columns, "y": [float(k) for k in range(20)]})
    opened = exported(run)
    assert [i.name for i in opened.get_inputs()] == names
    found = answers(opened, fed(run.preparation, columns))
    assert list(found) == ["prediction_2"]
    np.testing.assert_allclose(
        found["prediction_2"][:, 0], run.predict_table(columns)["prediction"], rtol=1e-12
    )


def test_what_the_model_says_of_itself(tmp_path):
    import hashlib

    run = table_run()
    model = onnx.load(run.export(tmp_path / "it.onnx"))
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    assert (model.producer_name, model.opset_import[0].version) == ("chainrule", 21)
    facts = {one.key: one.value for one in model.metadata_props}
    weights = (run.save(tmp_path / "run") / "model.safetensors").read_bytes()
    assert facts["weights_sha256"] == hashlib.sha256(weights).hexdigest()
    assert json.loads(facts["classes"]) == ["no", "perhaps", "yes"]
    assert json.loads(facts["features"]) == list(run.preparation.feature_names)
    assert '"Biscoe", "Dream"' in model.graph.input[1].doc_string
    assert "NaN is a missing cell: marked, it counts as" in model.graph.input[0].doc_string
    assert '["no", "perhaps", "yes"]' in model.graph.output[1].doc_string
    assert "refused" in model.doc_string


def test_the_same_run_gives_the_same_bytes(tmp_path):
    run = table_run()
    first = run.export(tmp_path / "a.onnx").read_bytes()
    again = cr.load(run.save(tmp_path / "run")).export(tmp_path / "b.onnx").read_bytes()
    assert first == again == run.export(tmp_path / "c.onnx").read_bytes()


def test_several_labels_are_decided_one_by_one():
    run = cr.train("2-3:sigmoid", np.eye(2), np.eye(2, 3), loss="binary_cross_entropy", steps=50)
    x = np.random.default_rng(1).normal(size=(9, 2))
    found = answers(exported(run), {"X": x})
    assert found["label"].tolist() == (run.predict(x) >= 0.5).astype(int).tolist()


def test_without_onnx_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnx", None)
    run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=3)
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'chainrule[onnx]'")):
        run.export(tmp_path / "it.onnx")
    assert not list(tmp_path.iterdir())


def test_an_operation_without_a_form_is_named(monkeypatch, tmp_path):
    declared.forms()
    monkeypatch.delitem(declared._found, "tanh")
    run = cr.train("1-2:tanh-1", [[0.0], [1.0]], [1.0, 3.0], steps=3)
    with pytest.raises(UnsupportedError, match=r"'tanh' \(h1\), which has no form in ONNX"):
        run.export(tmp_path / "it.onnx")


def test_one_file_holds_two_gib_at_most(monkeypatch, tmp_path):
    from chainrule.errors import SpecError
    from chainrule.export.onnx import model

    monkeypatch.setattr(model, "MOST", 8)
    run = cr.train("1-2", [[0.0], [1.0]], np.ones((2, 2)), steps=1)
    with pytest.raises(SpecError, match="take 32 bytes; an ONNX file holds 8"):
        run.export(tmp_path / "it.onnx")
