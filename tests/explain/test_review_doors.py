"""Hand-ins through every door: dicts, npz, json, csv, functions, the command line; nasty too."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import numpy as np
import pytest

import chainrule as cr
from chainrule.apps.cli.application import run as command
from chainrule.errors import ChainruleError, DataError, ShapeError, SpecError
from chainrule.explain.review import read_file
from chainrule.explain.review.digits import digits_of
from chainrule.explain.review.exercise import exercise_of
from chainrule.explain.review.handin import read


@pytest.fixture(scope="module")
def run():
    rng = np.random.default_rng(2)
    return cr.train(
        "3-4:tanh-2:sigmoid", rng.normal(size=(5, 3)), rng.integers(0, 2, (5, 2)) * 1.0,
        loss="half_squared_error", reduction="sum", optimizer=cr.SGD(0.1), steps=2,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    return str(run.save(tmp_path_factory.mktemp("runs") / "mine"))


@pytest.fixture
def gradients(run):
    return {name: g.copy() for name, g in run.at(0).gradients.items()}


def test_shapes_as_people_write_them(run, gradients):
    turned = {name: g.T.tolist() for name, g in gradients.items()}
    verdict = run.review(turned)
    assert verdict.right
    assert "transposed" in str(verdict)
    columns = {"b1": gradients["b1"][:, None], "b2": gradients["b2"][None]}
    assert run.review(columns).right


@pytest.mark.parametrize("name", ["W1", "w1", "dW1", "dL/dW1", "grad_W1", "dE/dW1", " W1 "])
def test_names_as_people_write_them(run, gradients, name):
    assert run.review({name: gradients["W1"]}).right


def test_one_entry_alone_and_text_with_its_zeros(run, gradients):
    value = gradients["W1"][0, 2]
    assert run.review({"W1[0,2]": value}).right
    assert run.review({"dL/dW1[0, 2]": f"{value:.6f}"}).right
    assert run.review({"b1[1]": gradients["b1"][1], "W2[3,1]": gradients["W2"][3, 1]}).right
    assert not run.review({"W1[0,2]": -value}).right
    text = {"W1": [[f"{x:.4f}" for x in row] for row in gradients["W1"]]}
    verdict = run.review(text)
    assert verdict.status == "right up to rounding"


def test_trailing_zeros_are_evidence():
    assert digits_of("0.1200", keep_zeros=True).decimals == 4
    assert digits_of("0.12").decimals == 2
    assert digits_of("1e-3").decimals == 3
    assert digits_of("nonsense").decimals == 0


def test_said_decimals_are_believed(run, gradients):
    rough = {name: g.round(3) for name, g in gradients.items()}
    assert run.review(rough, decimals=3).right
    exact = {name: g + 1e-6 for name, g in gradients.items()}
    assert run.review(exact, decimals=4).right
    assert not run.review(exact, decimals=8).right


def test_float32_is_right_up_to_rounding(run, gradients):
    single = {name: g.astype(np.float32) for name, g in gradients.items()}
    verdict = run.review(single)
    assert verdict.right
    assert verdict.status == "right up to rounding"


REFUSED = [
    ({}, SpecError, "dict"),
    ({"W9": 1.0}, SpecError, "W1, b1, W2, b2"),
    ({"W1[3,0]": 1.0}, ShapeError, "(3, 4)"),
    ({"W1[0]": 1.0}, ShapeError, "(3, 4)"),
    ({"W1": np.zeros((2, 2))}, ShapeError, "(2, 2)"),
    ({"b1": np.zeros(3)}, ShapeError, "(4,)"),
    ({"W1": [[1.0, 2.0], [3.0]]}, DataError, "W1"),
    ({"W1": [["a"] * 4] * 3}, DataError, "no number"),
    ({"W1": np.zeros((3, 4), complex)}, DataError, "W1"),
    ({"W1": np.zeros((3, 4)), "dW1": np.zeros((3, 4))}, SpecError, "twice"),
    ({"W1": np.zeros((3, 4)), "W1[0,0]": 0.0}, SpecError, "twice"),
    ([1.0, 2.0], SpecError, "dict"),
    ({"W1": None}, DataError, "W1"),
    ({"L": [1.0, 2.0]}, ShapeError, "one number"),
]


@pytest.mark.parametrize(("given", "error", "says"), REFUSED)
def test_what_cannot_be_read_is_refused_in_words(run, given, error, says):
    with pytest.raises(error) as caught:
        run.review(given)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "bad", [{"kind": "gradient"}, {"decimals": -1}, {"decimals": 2.5}, {"step": 3}]
)
def test_options_that_make_no_sense_are_refused(run, gradients, bad):
    with pytest.raises(SpecError):
        run.review(gradients, **bad)


def test_npz_json_and_csv_say_the_same(run, gradients, tmp_path):
    rounded = {name: g.round(6) for name, g in gradients.items()}
    np.savez(tmp_path / "mine.npz", **rounded)
    as_lists = {name: g.tolist() for name, g in rounded.items()}
    (tmp_path / "mine.json").write_text(json.dumps(as_lists))
    lines = []
    for name, g in rounded.items():
        lines.append(name)
        lines += [",".join(f"{x:.6f}" for x in row) for row in np.atleast_2d(g)]
    (tmp_path / "mine.csv").write_text("\n".join(lines))
    for suffix in ("npz", "json", "csv"):
        verdict = run.review(read_file(str(tmp_path / f"mine.{suffix}")))
        assert verdict.status == "right up to rounding", suffix


def test_json_keeps_trailing_zeros(run, tmp_path):
    (tmp_path / "mine.json").write_text('{"b1": [0.1200, 0.5000, 0.2500, 0.1250]}')
    handin = read(exercise_of(run.record, 0), read_file(str(tmp_path / "mine.json")), None)
    assert handin.blocks[0].units.max() == 0.5e-4


CSV = {
    "entries": 'entry,value\n"W1[0,2]",0.5\n"b1[1]",-0.25\n',
    "bare entries": "W1[0,2],0.5\nb1[1],-0.25\n",
    "equals": "W1[0,2] = 0.5\nb1[1] = -0.25\n",
    "semicolons": "W1[0,2];0.5\r\nb1[1];-0.25\r\n",
    "blanks": "\ufeffW1[0,2] 0.5\n\n  b1[1]\t-0.25\n\n",
}


@pytest.mark.parametrize("form", CSV)
def test_csv_of_entries(form, tmp_path):
    (tmp_path / "mine.csv").write_text(CSV[form], encoding="utf-8")
    found = read_file(str(tmp_path / "mine.csv"))
    assert {name: float(value) for name, value in found.items()} == {"W1[0,2]": 0.5, "b1[1]": -0.25}


NASTY = {
    "missing.npz": (None, "no such file or folder"),
    "text.npz": (b"not a zip", "not a readable .npz"),
    "torn.json": (b'{"W1": [[1, 2', "not valid JSON"),
    "list.json": (b"[1, 2]", "holds a list"),
    "twice.json": (b'{"W1": 1, "W1": 2}', "twice"),
    "deep.json": (b"[" * 100_000, "not valid JSON"),
    "ragged.csv": (b"W1\n1,2\n3\n", "different lengths"),
    "comma.csv": (b"W1;0,5\n", "write decimals with a point"),
    "words.csv": (b"W1[0,1],abc\n", "line 1"),
    "nameless.csv": (b"1,2\n3,4\n", "belongs to no parameter"),
    "empty.csv": (b"W1\n", "has no numbers"),
    "again.csv": (b"W1[0,1],1\nW1[0,1],2\n", "stands there twice"),
    "latin.csv": ("W1,ä".encode("latin-1"), "not text in UTF-8"),
    "picture.png": (b"x", ".npz, .json or .csv"),
}


@pytest.mark.parametrize("name", NASTY)
def test_nasty_files_are_refused_in_words(name, tmp_path):
    content, says = NASTY[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_file(str(tmp_path / name))
    assert says in str(caught.value)
    assert name in str(caught.value)


def test_pickles_are_not_opened(tmp_path):
    np.savez(tmp_path / "mine.npz", W1=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError):
        read_file(str(tmp_path / "mine.npz"))


def test_a_loss_in_a_file_of_one_number(tmp_path):
    (tmp_path / "mine.csv").write_text("0.2910\n")
    (tmp_path / "mine.json").write_text("0.2910")
    assert (
        read_file(str(tmp_path / "mine.csv")) == read_file(str(tmp_path / "mine.json")) == "0.2910"
    )


SOLUTION = """
import numpy as np


def gradients(X, y, W1, b1, W2, b2):
    h = np.tanh(X @ W1 + b1)
    out = 1 / (1 + np.exp(-(h @ W2 + b2)))
    g2 = (out - y) * out * (1 - out)
    g1 = (g2 @ W2.T) * (1 - h * h)
    X *= 0  # its own copy
    return {"W2": h.T @ g2, "b2": g2.sum(axis=0), "W1": X.T @ g1 + CORRECT, "b1": g1.sum(axis=0)}


def updates(parameters, learning_rate, **rest):
    return {name: 0 * value for name, value in parameters.items()}


def fails(X):
    rows = len(X)
    return rows / 0


def leaves(X):
    raise SystemExit("enough")


def asks(X, dropout):
    return {}


def returns(X):
    return [1, 2]
"""


@pytest.fixture
def solution(tmp_path):
    path = tmp_path / "solution.py"
    path.write_text(SOLUTION.replace("X *= 0  # its own copy", "pass").replace(" + CORRECT", ""))
    return path


def test_a_function_is_called_with_what_it_names(run, solution):
    assert run.review_function(f"{solution}:gradients").right
    late = run.review_function(f"{solution}:gradients", step=1)
    assert late.right
    assert not run.review_function(f"{solution}:updates", kind="updates").right


FAILING = {
    "fails": "ZeroDivisionError",
    "leaves": "SystemExit: enough",
    "asks": "wants 'dropout'",
    "returns": "returned a list",
    "nothing": "has no function 'nothing'; it has gradients",
}


@pytest.mark.parametrize("name", FAILING)
def test_what_fails_in_a_function_is_told_in_a_line(run, solution, name):
    text = solution.read_text()
    with pytest.raises(ChainruleError) as caught:
        run.review_function(f"{solution}:{name}")
    wanted = FAILING[name]
    if name in ("fails", "leaves"):
        lines = text.splitlines()
        culprit = {"fails": "rows / 0", "leaves": "raise SystemExit"}[name]
        own = next(i for i, line in enumerate(lines, 1) if culprit in line)
        wanted = f"line {own}: {wanted}"
    assert wanted in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_file_that_is_no_python_is_told_in_a_line(run, tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("x = 1\ndef gradients(:\n")
    with pytest.raises(DataError, match="line 2: SyntaxError"):
        run.review_function(f"{path}:gradients")
    for asked in ("solution", "solution.py", f"{tmp_path}/none.py:gradients", "a.txt:gradients"):
        with pytest.raises(SpecError):
            run.review_function(asked)


def test_classes_are_handed_to_a_function_both_ways(tmp_path):
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 3, 6)
    run = cr.train("4-3:softmax", rng.normal(size=(6, 4)), labels, steps=1)
    path = tmp_path / "classes.py"
    path.write_text(
        "import numpy as np\n\n"
        "def gradients(X, y, labels, W1, b1):\n"
        "    assert (y.argmax(1) == labels).all() and y.sum() == len(y)\n"
        "    e = np.exp(X @ W1 + b1)\n"
        "    g = (e / e.sum(1, keepdims=True) - y) / len(y)\n"
        "    return {'W1': X.T @ g, 'b1': g.sum(0)}\n"
    )
    assert run.review_function(f"{path}:gradients").right


def test_a_function_may_change_what_it_was_given(run, tmp_path):
    path = tmp_path / "rude.py"
    path.write_text("def gradients(X, W1):\n    X *= 0\n    W1 *= 0\n    return {'W1': W1}\n")
    assert not run.review_function(f"{path}:gradients").right
    assert run.review(dict(run.at(0).gradients)).right


def test_the_command_line(run, folder, gradients, tmp_path, capsys):
    wrong = {name: 2 * g for name, g in gradients.items()}
    np.savez(tmp_path / "mine.npz", **wrong)
    assert command(["review", folder, str(tmp_path / "mine.npz")]) == 0
    said = capsys.readouterr().out
    assert "every gradient is multiplied by 2" in said
    assert f"chainrule why {folder}" in said
    entry = f"W1[0,2]={gradients['W1'][0, 2]:.8f}"
    assert command(["review", folder, entry, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert data["right"] is True
    assert command(["review", folder, f"W1[0,2]=-{0.01}"]) == 0
    assert command(["review", folder, "--blind"]) == 0
    assert "cannot be seen" in capsys.readouterr().out


def test_the_command_line_runs_a_solution(folder, solution, capsys):
    assert command(["review", folder, "--function", f"{solution}:gradients"]) == 0
    assert capsys.readouterr().out.startswith("Right")
    assert command(["review", folder, "--function", f"{solution}:fails"]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["a.npz", "b.npz"], ["none.npz"], ["W9=1"], ["0.3", "--step", "9"]]
)
def test_the_command_line_refuses_in_a_line(folder, arguments, capsys):
    assert command(["review", folder, *arguments]) == 1
    assert capsys.readouterr().err.startswith("chainrule: ")


@pytest.mark.parametrize("form", ["text", "latex", "markdown", "html", "json"])
def test_every_view_of_a_verdict(run, gradients, form):
    verdict = run.review({name: -g for name, g in gradients.items()})
    text = getattr(verdict, form)()
    assert "multiplied by -1" in text
    assert verdict.document.kind == "review"
    schema = json.loads(files("chainrule.explain").joinpath("schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads(verdict.json()), schema)
