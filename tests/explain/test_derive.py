"""Derivations: what they say is true number by number, and their LaTeX compiles."""

import dataclasses
import functools
import json
import re
from importlib.resources import files

import jsonschema
import numpy as np
import pytest
from derive_runs import deep_run, ending, outputs_for, seed_run, trained

import chainrule as cr
from chainrule.errors import SpecError
from chainrule.explain.derive import NOTATIONS, derive
from chainrule.explain.document import Formula, Symbol, flat
from chainrule.explain.views.html import mathml
from chainrule.graph import primitives
from chainrule.nn import known_activations, losses
from chainrule.optim import optimizers

HIDDEN = [name for name in known_activations() if name not in ("softmax", "linear")]


def parts_of(text, sign=" + "):
    """The terms of a formula outside of brackets."""
    found, depth = [""], 0
    for piece in re.split(r"( \+ |[()\[\]])", text):
        depth += (piece in "([") - (piece in ")]") if piece else 0
        if piece == sign and depth == 0:
            found.append("")
        else:
            found[-1] += piece
    return found


def judge_formula(run, text, index):
    """Evaluate a chain as it is printed, its sums as loops over the indices of the run."""
    moment = run.at(0)
    values = {**moment.parameters, **moment.values, **vars_of(run)}
    if run.record.setup.loss.targets == "class" and values["y"].ndim == 1:
        values["y"] = np.eye(run.network.outputs)[values["y"]]
    lengths = {"r": len(values["x"]), **lengths_of(run)}
    body = re.sub(r"(\w+)'\(", r"\1_slope(", text).replace("2 (", "2 * (")
    result = 0.0
    for term in parts_of(body):
        letters = re.findall(r"sum_(\w+) ", term)
        code = compile(re.sub(r"sum_(\w+) ", "", term), "term", "eval")
        for place in np.ndindex(*(lengths[letter] for letter in letters)):
            here = {**values, **index, **dict(zip(letters, place, strict=True))}
            result += eval(code, {**here, "r": here.get("r"), "sum": np.sum})
    return result


def lengths_of(run):
    """How far each letter counts."""
    letters, sizes = "ijkmpqsuv", [run.network.inputs]
    sizes += [layer.units for layer in run.network.layers]
    return dict(zip(letters, sizes, strict=False))


def vars_of(run):
    """Functions that a printed chain may use, as NumPy has them."""
    slopes = {}
    for layer in run.network.layers:
        if layer.activation in primitives:
            slopes[f"{layer.activation}_slope"] = slope(layer.activation)
    n, t = len(run.at(0).values["x"]), run.record.setup.loss.options.get("threshold", 1.0)
    return {**slopes, "n": n, "t": t, "sign": np.sign, "clip": np.clip}


def slope(name):
    """A central difference: no rule of ours is asked."""
    value = primitives[name].value
    return lambda z: (value(z + 1e-6) - value(z - 1e-6)) / 2e-6


@pytest.mark.parametrize("loss", sorted(losses))
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_every_printed_chain_is_the_gradient_of_its_entry(loss, reduction):
    for last in ending(loss):
        if last == "softmax" and not losses[loss].logits_of:
            continue  # its chain starts at the softmax's own gradient, which is derived before
        layers = [
            cr.Dense(3, "tanh", l2=0.2), cr.Dense(2, "softplus", l1=0.1),
            cr.Dense(outputs_for(loss), last),
        ]  # fmt: skip
        run = trained(layers, loss, rows=3, reduction=reduction, weighted=reduction == "mean")
        moment = run.at(0)
        for name, wanted in moment.gradients.items():
            place = tuple(k - 1 for k in wanted.shape)
            entry = f"{name}[{','.join(map(str, place))}]"
            told = derive(run.record, entries=[entry]).data["gradients"][entry]["text"]
            found = judge_formula(run, told, {})
            assert found == pytest.approx(wanted[place], rel=1e-6), (entry, told)


def test_chains_of_shared_weights_add_their_paths():
    shared = [cr.Dense(3, "tanh", weights_name="W", bias_name="b", l2=0.1) for _ in range(2)]
    run = trained([*shared, cr.Dense(1)], "half_squared_error")
    told = derive(run.record, entries=["W[1,2]"]).data["gradients"]["W[1,2]"]["text"]
    assert told.count("sum_r") == 2
    assert judge_formula(run, told, {}) == pytest.approx(run.at(0).gradients["W"][1, 2], rel=1e-6)


def maths_of(explanation):
    """The LaTeX of every formula and symbol of a page."""
    for block in flat(explanation.document.blocks):
        if isinstance(block, Formula):
            yield r" \\ ".join(latex for _, latex in block.lines)
        cells = [*getattr(block, "spans", ()), *getattr(block, "header", ())]
        cells += [cell for row in getattr(block, "rows", ()) for cell in row]
        yield from (cell.tex for cell in cells if isinstance(cell, Symbol))


WORDS = (
    "frac tfrac partial sum mathrm mathbf delta left right cdot odot top sigma ln exp max min cos "
    "sin tanh sqrt begin end text quad le ge leftarrow hat beta epsilon eta lambda mu rho lVert "
    "rVert lfloor rfloor pi Phi varphi textstyle ldots land"
)
COMMANDS = {f"\\{word}" for word in [*WORDS.split(), ",", "_", " ", "\\", "|"]}


@functools.cache
def check_latex(latex):
    """Raise unless a formula keeps the rules that KaTeX and TeX are strict about."""
    assert set(re.findall(r"\\(?:[A-Za-z]+|.)", latex)) <= COMMANDS, latex
    for line in re.sub(r"\\begin\{cases\}.*?\\end\{cases\}", "c", latex).split(r"\\"):
        assert line.count("{") == line.count("}"), line
        assert line.count(r"\left") == line.count(r"\right") + line.count(r"\leftarrow"), line
        assert line.count("&") <= 1, line
        script, bare = r"\^(\{[^{}]*\}|\w)(_\{[^{}]*\}|_\w)?", line
        assert not re.search(script + r"\^", bare), f"two exponents: {line}"
    shown = mathml(rf"\begin{{align*}} {latex} \end{{align*}}", display=True)
    assert "\\" not in shown
    assert "<mi>&</mi>" not in shown


@functools.cache
def runs_of_every_loss():
    """A run for each loss and last activation, penalties and weights of rows among them."""
    return [
        trained(
            [cr.Dense(4, "relu", l2=0.1), cr.Dense(outputs_for(loss), last, l1=0.2)],
            loss, reduction="mean", weighted=last == "linear",
        )
        for loss in sorted(losses) for last in ending(loss)
    ]  # fmt: skip


@functools.cache
def runs_of_every_activation_and_optimizer():
    """A run for each activation; the optimizers take turns."""
    rate = cr.WarmUp(cr.StepDecay(0.1, every=10), steps=4)
    rules = [cls(rate, clip_norm=1.0, clip_value=2.0) for cls in optimizers.values()]
    return [
        trained(
            [cr.Dense(2, name, weights_name="my_W"), cr.Dense(3), cr.Dense(1)],
            "squared_error", optimizer=rules[k % len(rules)],
        )
        for k, name in enumerate(HIDDEN)
    ]  # fmt: skip


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("runs", [runs_of_every_loss, runs_of_every_activation_and_optimizer])
def test_latex_is_strict(notation, runs):
    for run in runs():
        entry = f"{next(iter(run.network.specs))}[0,1]"
        for latex in maths_of(derive(run.record, notation, [entry])):
            check_latex(latex)


@pytest.mark.parametrize(
    "wrong", [r"a^{(1)}^2", r"\left(a", r"a & b & c", r"\foo{a}", r"\frac{a}{b", r"x^{2}_{r}^{3}"]
)
def test_wrong_latex_is_noticed(wrong):
    with pytest.raises(AssertionError):
        check_latex(wrong)


@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_view_of_every_notation(notation):
    found = derive(deep_run().record, notation)
    schema = json.loads(files("chainrule.explain").joinpath("schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads(found.json()), schema)
    assert "<math" in found.html()
    assert found.latex().count(r"\begin{align*}") == found.latex().count(r"\end{align*}")
    assert "$$" in found.markdown()
    assert max(map(len, found.text(100).splitlines())) <= 100


PAGES = {
    "derive_seed": lambda: derive(seed_run().record, entries=["W1[0,2]"]),
    "derive_delta": lambda: derive(deep_run().record, "delta"),
    "derive_columns": lambda: derive(deep_run(weighted=True).record, "matrix-columns"),
}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_golden_pages(name, golden):
    golden(f"{name}.txt", PAGES[name]().text())


@pytest.mark.parametrize(
    ("notation", "entries", "words"),
    [
        ("greek", None, r"notation 'greek' was asked for; there are course, matrix"),
        ("course", ["W9[0,0]"], r"'W9\[0,0\]' was asked for; .* there are W1, b1"),
        ("course", ["W1"], "entries are written like"),
        ("course", ["W1[0]"], r"W1 has shape \(3, 4\), counted from 0"),
        ("course", ["W1[3,0]"], r"W1 has shape \(3, 4\)"),
        ("course", [3], "the derivation of 3 was asked for"),
    ],
)
def test_what_cannot_be_derived_is_said(notation, entries, words):
    with pytest.raises(SpecError, match=words):
        derive(seed_run().record, notation, entries)


def test_what_is_special_is_said():
    layers = [cr.Dense(2, "tanh", trainable="weights"), cr.Dense(1, bias=False, l1=0.5)]
    text = str(derive(trained(layers, "squared_error", batch_size=3).record))
    assert "b1 is frozen: no update uses its gradient." in text
    assert "The last batch of an epoch may have fewer rows." in text
    assert "slope of the penalty (L1)" in text
    assert "dL/db2" not in text


def test_adamw_says_that_biases_do_not_decay():
    text = str(derive(deep_run().record))
    assert "w = w - rate * m_hat / (sqrt(v_hat) + epsilon) - rate * lambda * w" in text
    assert "For biases it is\n\n  w = w - rate * m_hat / (sqrt(v_hat) + epsilon)\n" in text


def test_a_run_whose_rows_are_elsewhere_counts_n_rows():
    record = seed_run().record
    bare = dataclasses.replace(record.setup, x=record.setup.x[:0], y=record.setup.y[:0])
    text = derive(dataclasses.replace(record, setup=bare)).text(300)
    assert "r counts the n rows of a step; i = 0..2 the inputs" in text
    assert re.search(r"x +\(n, 3\) +rows, inputs", text)
    assert "(4, n) @ (n, 1) is (4, 1)" in text
