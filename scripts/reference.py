"""Writes docs/reference from the registries: operations, layers, losses, optimizers, functions.

    python scripts/reference.py            write the pages
    python scripts/reference.py --check    say which differ from what is there

Knows the registries and docstrings; a new operation gets its row by itself.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import chainrule
from chainrule import export, nn, optim
from chainrule.export.onnx import OPSET
from chainrule.export.onnx.forms import forms
from chainrule.graph import Node, Primitive, primitives, variable
from chainrule.nn.initializers import initializers

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
NOTE = "<!-- Written by scripts/reference.py from the source; change it there. -->\n"
INFIX = {
    "add": "+", "sub": "-", "mul": "*", "chain": "*", "div": "/", "power": "**",
    "greater": ">", "less": "<", "greater_equal": ">=", "less_equal": "<=", "equal": "==",
}  # fmt: skip


def formula(item: object, nested: bool = False) -> str:
    """Return a small graph, a number or None as a formula in Python's notation."""
    if item is None:
        return "none"
    if not isinstance(item, Node):
        return f"{item:g}" if isinstance(item, (int, float)) else str(item)
    if item.op == "constant":
        assert item.data is not None, "a constant has data"
        return f"{float(item.data):g}"
    if not item.inputs:
        return str(item.name)
    parts = [formula(x, nested=True) for x in item.inputs]
    if item.op in INFIX:
        text = f" {INFIX[item.op]} ".join(parts)
    elif item.op == "neg":
        text = f"-{parts[0]}"
    else:
        return f"{item.op}({', '.join(formula(x) for x in item.inputs)})"
    return f"({text})" if nested else text


def derivative(rule: Primitive) -> str:
    """Return what the declaration says of the derivative, for a cell of a table."""
    if rule.kind == "general":
        return rule.why_general
    if rule.local is None:
        alone = "in all inputs together" if rule.joint else "in each input alone"
        return f"linear {alone}"
    names = "xyz"[: len(rule.examples[0].inputs)]
    inputs = [variable(name, shape=()) for name in names]
    found = rule.local(variable("out", shape=()), *inputs)
    pairs = zip(names, found, strict=True)
    return "; ".join(f"by {name}: `{formula(part)}`" for name, part in pairs)


def operations() -> str:
    """Return the page of all primitives."""
    lines = [
        "# Operations",
        "",
        "Every primitive: what it is, its derivative as declared, and the convention at its kinks.",
        "The names are functions of `chainrule.ops`; most are also what the NumPy function of the",
        "same name builds when it meets a node. Upstream times local, `chain`, is shown as `*`.",
    ]
    for kind in ("elementwise", "linear", "general"):
        lines += [
            "",
            f"## {kind.capitalize()}",
            "",
            "| operation | what | LaTeX | derivative | at kinks |",
        ]
        lines.append("|---|---|---|---|---|")
        for name, rule in sorted(primitives.items()):
            if rule.kind == kind:
                attrs = {**rule.examples[0].attrs, "alpha": r"\alpha"}
                inputs = "xyz"[: len(rule.examples[0].inputs)]
                latex = rule.formula(*inputs, **attrs).replace("|", r"\vert ")
                cells = (
                    f"`{name}`",
                    rule.doc,
                    f"${latex}$",
                    derivative(rule),
                    "; ".join(rule.kinks),
                )
                lines.append("| " + " | ".join(cell.replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def first_paragraphs(thing: object) -> str:
    """Return a docstring as Markdown, with its examples as console sessions."""
    text = inspect.getdoc(thing) or ""
    return "<!-- from a docstring -->\n```text\n" + text + "\n```"


def pages_of(title: str, intro: str, items: Iterable[tuple[str, object]]) -> str:
    """Return a page with a heading and the docstring of each item."""
    lines = [f"# {title}", "", intro]
    for name, thing in items:
        lines += ["", f"## {name}", "", first_paragraphs(thing)]
    return "\n".join(lines) + "\n"


def public() -> str:
    """Return the page of the public names."""
    names = [name for name in chainrule.__all__ if not inspect.ismodule(getattr(chainrule, name))]
    intro = "What `import chainrule as cr` offers, in the order of the alphabet."
    return pages_of("Public names", intro, [(f"`{n}`", getattr(chainrule, n)) for n in names])


def losses() -> str:
    """Return the page of the losses."""
    lines = [
        "# Losses",
        "",
        'Formulas for one row; over rows, `reduction="mean"` divides by the sum of their weights',
        'and `reduction="sum"` does not divide. Penalties (l1, l2) are added and shown apart.',
        "",
        "| loss | a row's loss | targets | takes |",
        "|---|---|---|---|",
    ]
    for name, loss in sorted(nn.losses.items()):
        takes = (
            f"logits; last activation {loss.logits_of} or linear"
            if loss.logits_of
            else "the output"
        )
        formula_ = loss.formula.replace("|", r"\|")
        lines.append(f"| `{name}` | {formula_} | {loss.targets} | {takes} |")
    return "\n".join(lines) + "\n"


def training() -> str:
    """Return the page of optimizers, schedules, activations and initializers."""
    text = pages_of(
        "Optimizers, schedules, activations, initializers",
        "Each optimizer and schedule is a graph of the same operations as the layers.",
        [(f"`{cls.__name__}`", cls) for cls in {**optim.optimizers, **optim.schedules}.values()],
    )
    rules = "\n".join(
        f"* `{name}`: {(inspect.getdoc(rule) or '').splitlines()[0]}"
        for name, rule in initializers.items()
    )
    names = ", ".join(f"`{name}`" for name in nn.known_activations())
    return text + f"\n## Activations\n\n{names}\n\n## Initializers\n\n{rules}\n"


def exports() -> str:
    """Return the page of the forms that a run can be exported in."""
    lines = [
        "# Exports",
        "",
        "`chainrule export RUN --to NAME`, or `run.export(path)`: the form follows from the ending",
        "of the file unless it is named. It says what a model's inputs and outputs are called.",
        "",
        "| name | file | what | of a run that diverged |",
        "|---|---|---|---|",
    ]
    for name, one in export.targets().items():
        diverged = "refused" if one.needs_model else "written"
        lines.append(f"| `{name}` | `{one.ending}` | {one.summary} | {diverged} |")
    written = ", ".join(f"`{name}`" for name in sorted(forms()))
    return "\n".join(lines) + ONNX.format(OPSET=OPSET, forms=written)


ONNX = """

## ONNX

Opset {OPSET}, checked by `onnx.checker` when it is written; the same run gives the same bytes.
What goes in:

| trained on | input | holds |
|---|---|---|
| an array | `X` (rows, features) | the dtype of the training |
| a table | a column of numbers, by its name, (rows, 1) | float64, NaN where missing |
| | of booleans, the same | 1 and 0 as float64, NaN where missing |
| | of categories, the same | texts, empty where missing |

What comes out: `label` (rows) and `probabilities` (rows, classes) of a classifier, in the order
of the classes; `label` and `probabilities` (rows, outputs) of a network with several labels;
`prediction` (rows, outputs) of numbers, in the unit of the table. A column of such a name keeps
it, and the output gets a number behind its own.

What `predict` refuses, the model refuses (a new category, infinity, a missing cell where training
said so): a node called `refused: ...` reads outside of an axis, which is an error of ONNX. It is
one in onnxruntime on a CPU; runtimes that do not check an index answer with any number instead.
Of no rows, the answer is no rows.

Operations that can be written: {forms}.

The metadata has the network, the loss, the names of features and classes, and `weights_sha256`,
the SHA-256 of `model.safetensors` in the run's folder.

## JSON

One document with everything but the training rows, for readers in any language: its fields are
described in `schema.json` of `chainrule.export` (JSON Schema 2020-12), which comes with the
package. Numbers have the digits that give back the same bits.
"""


PAGES: dict[str, Callable[[], str]] = {
    "operations.md": operations,
    "losses.md": losses,
    "training.md": training,
    "public.md": public,
    "exports.md": exports,
}


def main(arguments: list[str]) -> int:
    """Write or check the pages; return the exit status."""
    stale = []
    for name, page in PAGES.items():
        text = NOTE + page()
        path = FOLDER / name
        if "--check" in arguments:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(name)
            continue
        FOLDER.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if stale:
        print(f"docs/reference is stale: {', '.join(stale)}; run python scripts/reference.py")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
