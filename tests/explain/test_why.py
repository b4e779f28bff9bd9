"""Why: totals against recorded gradients, the published run, updates, folds, refusals."""

import json
import math
import re
from importlib.resources import files

import jsonschema
import numpy as np
import pytest
from tests.explain.random_runs import OPTIMIZERS, random_run
from tests.explain.why_battery import worst_of

import chainrule as cr
from chainrule.cases import mazur, xor
from chainrule.errors import ShapeError, SpecError
from chainrule.explain.views.html import mathml

SCHEMA = json.loads(files("chainrule.explain").joinpath("schema.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def course():
    """The seed's XOR run."""
    return xor.trained()


@pytest.fixture(scope="module")
def wide():
    """A run of 30 rows a step whose layers are wide enough to be folded; L2 and Adam."""
    rng = np.random.default_rng(0)
    net = cr.Network(
        [cr.Dense(30, "relu", l2=1e-3), cr.Dense(20, "relu"), cr.Dense(3, "softmax")], inputs=12
    )
    X = np.maximum(rng.normal(size=(60, 12)), 0)
    return cr.train(net, X, rng.integers(0, 3, 60), steps=12, batch_size=30, seed=3)


@pytest.mark.parametrize("engine", ["interpreter", "native"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("seed", range(3))
def test_what_a_page_adds_up_to_is_the_recorded_gradient(seed, engine, dtype):
    run = random_run(seed, engine, dtype)
    pages = []
    units, where, entries = worst_of(run, run.steps // 2, pages=pages)
    rows = len(run.record.setup.x)
    assert entries == run.network.size
    # each recorded sum rounds at most once a term; most stay below 2 units (see why_battery)
    assert units <= 2 + rows, where
    for page in pages[:3]:
        for part in page.data["parts"]:
            products = np.prod([np.array(f["values"]) for f in part["factors"]], axis=0)
            np.testing.assert_allclose(products, part["products"], rtol=3e-6, atol=1e-30)


def test_the_chain_of_the_course_example_is_the_published_one(course):
    page = course.why("W1[0,2]", 6000)
    (part,) = page.data["parts"]
    names = [factor["name"] for factor in part["factors"]]
    assert names == ["out - y", "sigmoid'(z2[r])", "W2[2,0]", "sigmoid'(z1[r,2])", "x[r,0]"]
    row3 = [factor["values"][-1] for factor in part["factors"]]
    assert np.round(row3, 6).tolist() == [0.503227, 0.249990, -1.977905, 0.185278, 1]
    assert np.round(part["products"], 6).tolist() == [0, 0.035955, 0, -0.046102]
    assert round(page.data["gradient"], 8) == -0.01014696
    text = str(page)
    assert "L <- l <- out <- z2 <- h1[:,2] <- z1[:,2] <- W1[0,2]" in text
    assert "= 0.46294824 - 0.1 * (-0.01014696) = 0.46396294" in text
    assert "0.26857025" in text
    assert "0.13428512" in text
    assert "its gradient would be 0.5 times this one (2/4)" in " ".join(text.split())


GOLDEN = {
    "weight": ("W1[0,2]", {}),
    "weight_row": ("W1[0,2]", {"row": 3}),
    "bias": ("b2[0]", {}),
    "pre_activation": ("z2[3,0]", {}),
    "prediction": ("out[3]", {}),
    "loss": ("L", {}),
}


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("width", [60, 100])
def test_pages_of_the_course_example_read_as_they_did(course, golden, name, width):
    asked, options = GOLDEN[name]
    golden(f"why_{name}_{width}.txt", course.why(asked, 6000, **options).text(width))


def test_a_wide_layer_is_folded_and_reads_as_it_did(wide, golden):
    golden("why_wide.txt", wide.why("W1[4,7]", 5).text(100))
    golden("why_wide_unit.txt", wide.why(f"h1[{wide.at(5).rows[0]},7]", 5).text(100))


@pytest.mark.parametrize("view", ["latex", "markdown", "html"])
def test_other_views_of_a_page_read_as_they_did(course, golden, view):
    golden(f"why_weight.{view}", getattr(course.why("W1[0,2]", 6000), view)())


def test_folded_lines_add_up_and_can_be_opened(wide):
    page = wide.why("W1[4,7]", 5)
    text = str(page)
    opened = str(wide.why("W1[4,7]", 5, terms=30))
    assert 'run.why("W1[4,7]", step=5, terms=30)' in text
    folded = re.compile(r"^  \d+ rows .* the smaller ones$", re.MULTILINE)
    assert folded.search(text)
    assert not folded.search(opened)
    rows = {int(line.split()[0]) for line in opened.splitlines() if re.match(r"  \d+ ", line)}
    assert rows >= set(wide.at(5).rows.tolist())
    data, rest = page.data["parts"][0]["products"], page.data["sum"]
    assert math.isclose(math.fsum(data) + page.data["parts"][1]["sum"], rest, rel_tol=1e-15)


def test_rows_go_by_the_users_own_numbers(wide):
    moment = wide.at(5)
    row = int(moment.rows[7])
    page = wide.why(f"z1[{row},3]", 5)
    assert page.data["row"] == row
    assert page.data["value"] == moment.values["z1"][7, 3]
    assert page.data["gradient"] == moment.upstream["z1"][7, 3]
    absent = next(k for k in range(60) if k not in moment.rows)
    with pytest.raises(SpecError, match=rf"row {absent} of z1 .* the batch of step 5 has rows"):
        wide.why(f"z1[{absent},3]", 5)


@pytest.mark.parametrize("rule", OPTIMIZERS)
@pytest.mark.parametrize("clip", [{}, {"clip_norm": 0.01}, {"clip_value": 0.001}])
def test_an_update_ends_in_the_weight_that_training_made(rule, clip):
    rng = np.random.default_rng(1)
    rate = cr.Exponential(0.05, 0.9)
    run = cr.train(
        "3-4:tanh-2", rng.normal(size=(8, 3)), rng.normal(size=(8, 2)),
        optimizer=rule(rate, **clip), steps=6, seed=2,
    )  # fmt: skip
    for name in ("W1", "b2"):
        index = (1, 2) if name == "W1" else (1,)
        asked = f"{name}[{','.join(map(str, index))}]"
        page = run.why(asked, 3)
        quantities = page.data["update"]["quantities"]
        assert list(quantities)[-1] == asked
        assert quantities[asked] == pytest.approx(run.at(4).parameters[name][index], rel=1e-14)
        assert page.data["update"]["value"] == run.at(3).updates[name][index]
        assert asked in str(page)


def test_adam_says_how_many_learning_rates_its_step_is(wide):
    page = wide.why("W1[4,7]", 0)
    assert "The step is 1 learning rates: v is almost m squared" in " ".join(str(page).split())
    names = list(page.data["update"]["quantities"])
    assert names == ["m_new", "m_hat", "v_new", "v_hat", "W1[4,7]"]


def test_the_last_state_has_no_update_and_a_frozen_weight_none_either(wide):
    assert "no other one follows" in str(wide.why("W1[4,7]", wide.steps))
    net = cr.Network([cr.Dense(2, "tanh"), cr.Dense(1)], inputs=1, frozen=("b1",))
    run = cr.train(net, [[1.0], [2.0]], [1.0, 0.0], steps=2, seed=0)
    assert "keeps b1[1] frozen" in str(run.why("b1[1]", 0))


def test_a_kink_and_a_saturated_unit_are_mentioned():
    run = cr.train(
        "1-2:relu-1", [[0.0], [1.0]], [1.0, 2.0], steps=1,
        initial={"W1": [[1.0, 2.0]], "b1": [0.0, 0.5], "W2": [[1.0], [1.0]], "b2": [0.0]},
    )  # fmt: skip
    assert "relu'(0) = 0, by convention (used in row 0)" in str(run.why("W1[0,0]", 0))
    assert "convention" not in str(run.why("W1[0,1]", 0))
    assert "convention" in str(run.why("W1[0,0]", 0, row=0))
    assert "convention" in str(run.why("z1[0,0]", 0))
    assert "convention" not in str(run.why("W1[0,0]", 0, row=1)), "row 1 is not at the kink"
    assert "convention" not in str(run.why("z1[1,0]", 0))
    run = cr.train(
        "1-1:sigmoid-1", [[1.0], [1.5]], [1.0, 2.0], steps=1, initial={"W1": [[9.0]], "b1": [0.0]}
    )
    assert "it lets less than a hundredth of the gradient by" in str(run.why("W1[0,0]", 0))


def test_a_float32_gradient_that_cancels_to_few_digits_is_explained_all_the_same():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(3000, 2)), rng.normal(size=(3000, 60))
    run = cr.train("2-40:tanh-60", X, Y, steps=1, seed=0, dtype="float32")
    moment = run.at(0)
    exact = moment.upstream["out"].astype(float) @ moment.parameters["W2"].T.astype(float)
    apart = np.abs(exact / moment.upstream["h1"] - 1)
    row, unit = np.unravel_index(apart.argmax(), apart.shape)
    assert apart[row, unit] > 1e-3, "no entry of this run cancels; the test needs one"
    page = run.why(f"h1[{row},{unit}]", 0)
    assert page.data["gradient"] == moment.upstream["h1"][row, unit]


def test_a_shared_weight_has_a_table_for_each_use():
    layers = [cr.Dense(2, "tanh", weights_name="W"), cr.Dense(2, "tanh", weights_name="W")]
    net = cr.Network([*layers, cr.Dense(1)], inputs=2)
    run = cr.train(net, [[1.0, 2.0], [0.5, -1.0]], [1.0, 0.0], steps=3, seed=0)
    page = run.why("W[0,1]", 1)
    assert len(page.data["parts"]) == 2
    assert page.data["sum"] == pytest.approx(page.data["gradient"], rel=1e-13)
    assert str(page).count("sum over rows r of") == 2


def test_columns_of_the_users_are_called_by_their_names():
    rows = {"petal width": [1.0, 2.0, 3.0], "y": [1.0, 0.0, 2.0]}
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(rows)
    run = cr.train("1-2:tanh-1", table[["petal width"]], table["y"], steps=2, seed=0)
    text = str(run.why("W1[0,1]", 0))
    assert "input 0 (petal width) -> unit 1 of layer 1" in text
    assert text.count("petal width") == 2


@pytest.mark.parametrize(
    ("asked", "options", "said"),
    [
        ("W9[0,0]", {}, "nothing is called 'W9'"),
        ("W1", {}, r"W1 has shape \(3, 4\); ask for one entry of it"),
        ("W1[0]", {}, "ask for one entry of it, such as W1.0,0."),
        ("W1[3,0]", {}, r"axis 0 has entries 0 to 2, not 3"),
        ("W1[a,0]", {}, "'a' is no whole number"),
        ("W1[0,0][1]", {}, "is no whole number; an entry is written such as"),
        ("", {}, "ask for an entry such as"),
        (None, {}, "None was asked for"),
        ("z1[9,0]", {}, "row 9 of z1 was asked for; the batch of step 0 has rows 0, 1, 2, 3"),
        ("L[0]", {}, "L is a single number"),
        ("W1[0,0]", {"row": 7}, "row 7 was asked for"),
        ("z1[0,0]", {"row": 1}, "which names its own row"),
        ("W1[0,0]", {"terms": 0}, "at least 1"),
        ("W1[0,0]", {"step": 10_001}, "steps 0 to 10000"),
    ],
)
def test_a_question_without_an_answer_is_refused_with_what_there_is(course, asked, options, said):
    with pytest.raises(SpecError, match=said):
        course.why(asked, **{"step": 0, **options})


def test_every_page_is_json_of_the_published_form(course, wide):
    row = int(wide.at(5).rows[3])
    for page in (
        *(course.why(asked, 6000, **options) for asked, options in GOLDEN.values()),
        *(wide.why(f"{name}[{row},1]", 5) for name in ("z1", "h2", "z3", "out", "x")),
        wide.why(f"l[{row}]", 5),
    ):
        jsonschema.validate(json.loads(page.json()), SCHEMA)
        assert "<math" in page.html() or page.data["question"] == "L"


def test_the_gradient_of_an_input_is_that_of_the_graph(wide):
    moment = wide.at(5)
    row = int(moment.rows[2])
    found = wide.why(f"x[{row},4]", 5).data["gradient"]
    objective = wide.record.setup.objective(30)
    slope = cr.gradients(objective.loss, objective.forward.x)
    feed = {**moment.parameters, "x": moment.values["x"], "y": moment.values["y"]}
    assert found == pytest.approx(cr.evaluate(slope, feed)[2, 4], rel=1e-12)


def test_mazurs_hidden_gradient_goes_through_the_old_output_weights():
    page = mazur.trained().why("W1[0,0]", 0)
    assert round(page.data["gradient"], 10) == 0.0004385677


CASES = {
    "cs231n": (lambda x, y: (x + cr.sigmoid(y)) / (cr.sigmoid(x) + (x + y) ** 2), (3.0, -4.0)),
    "fork": (lambda x, y: (x * y) * (x + y), (-2.0, 3.0)),
    "twice": (lambda x, y: x * x * y + x, (3.0, 2.0)),
    "kink": (lambda x, y: cr.relu(x) * y + cr.maximum(x, y), (0.0, 1.0)),
}


@pytest.mark.parametrize("name", CASES)
def test_any_function_adds_up_to_its_gradient(name):
    function, values = CASES[name]
    x, y = (cr.variable(k, v) for k, v in zip("xy", values, strict=True))
    f = function(x, y)
    for source in (x, y):
        page = cr.why(f, source)
        expected = float(cr.evaluate(cr.gradients(f, source)))
        assert page.data["gradient"] == pytest.approx(expected, rel=1e-14, abs=1e-300)
        assert page.data["sum"] == pytest.approx(expected, rel=1e-14, abs=1e-300)
        jsonschema.validate(json.loads(page.json()), SCHEMA)


def test_every_entry_of_an_array_adds_up():
    A = cr.variable("A", np.arange(6.0).reshape(2, 3) / 7)
    f = np.sum(cr.tanh(A @ A.T) * cr.softmax(A @ A.T))
    slopes = cr.evaluate(cr.gradients(f, A))
    for index in np.ndindex(2, 3):
        page = cr.why(f, A, index)
        assert page.data["gradient"] == pytest.approx(slopes[index], rel=1e-12)
        assert page.data["sum"] == pytest.approx(slopes[index], rel=1e-12)
    assert "has the largest gradient" in str(cr.why(f, "A"))


def test_a_callable_is_asked_with_a_value():
    page = cr.why(lambda w: np.sum(w**2), [1.0, -3.0])
    assert page.data["gradient"] == -6
    assert "df/dw[1] = -6" in str(page)


@pytest.mark.parametrize(
    ("f", "x", "error", "said"),
    [
        (cr.variable("a", [1.0, 2.0]) * 2, "a", ShapeError, "gradient is that of one number"),
        (cr.variable("a", 1.0) * 2, "b", SpecError, "no input 'b'; it has a"),
        (cr.variable("a", 1.0) * 2, cr.variable("b", 1.0), SpecError, "does not depend on b"),
        (cr.variable("a", shape=()) * 2, "a", SpecError, "made without a value"),
        (3.0, "a", SpecError, "no input 'a'"),
        (cr.variable("a", 1.0) * 2, 5, SpecError, "give a variable of f"),
    ],
)
def test_a_function_that_cannot_be_explained_is_refused(f, x, error, said):
    with pytest.raises(error, match=said):
        cr.why(f, x)


def test_an_entry_that_is_not_there_is_refused():
    with pytest.raises(SpecError, match=r"a has shape \(2,\); there is no entry \[2\]"):
        cr.why(np.sum(cr.variable("a", [1.0, 2.0])), "a", 2)


def formulas(block):
    """Every piece of LaTeX of a block in JSON."""
    found = [line["latex"] for line in block.get("lines", ())]
    cells = [*block.get("spans", ()), *block.get("header", ()), *(block.get("total") or ())]
    cells += [cell for row in block.get("rows", ()) for cell in row]
    found += [cell["latex"] for cell in cells if isinstance(cell, dict) and "latex" in cell]
    for inner in block.get("blocks", ()):
        found += formulas(inner)
    return found


@pytest.mark.slow
def test_the_latex_of_two_hundred_pages_is_well_formed():
    seen = set()
    for seed in range(50):
        run = random_run(seed)
        step, rng = run.steps // 2, np.random.default_rng(seed)
        for name, gradient in list(run.at(step).gradients.items())[:4]:
            index = ",".join(str(rng.integers(n)) for n in gradient.shape)
            page = json.loads(run.why(f"{name}[{index}]", step).json())
            seen.update(formulas({"blocks": page["blocks"]}))
    assert len(seen) > 300
    for latex in seen:
        assert latex.count("{") == latex.count("}")
        body = rf"\begin{{aligned}}{latex}\end{{aligned}}" if "&" in latex else latex
        assert "merror" not in mathml(body)
        assert "\\" not in mathml(body), latex
