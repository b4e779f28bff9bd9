"""One vocabulary: words that the glossary forbids name nothing; no room for odds and ends."""

import ast
from pathlib import PurePath

import pytest
import rooms
from rooms import ROOT

FORBIDDEN = {"delta", "ctx", "grad_output", "dz"}
ATTICS = {"utils", "util", "helpers", "helper", "misc", "common", "internal", "deprecated"}


def names(tree):
    """Every name that a file gives to something: (line, name)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def forbidden(root):
    return [
        f"{path.relative_to(root)}:{line}: {name} is not a word of docs/GLOSSARY.md"
        for path in rooms.modules(root).values()
        for line, name in names(ast.parse(path.read_text(encoding="utf-8")))
        if name in FORBIDDEN
    ]


def attics(files):
    return [path for path in files if ATTICS & {PurePath(part).stem for part in path.split("/")}]


def test_no_forbidden_word_is_a_name():
    assert forbidden(ROOT) == []


def test_no_module_for_odds_and_ends():
    files = [path.relative_to(ROOT).as_posix() for path in rooms.modules(ROOT).values()]
    assert attics(files) == []


@pytest.mark.parametrize(
    "text",
    [
        "delta = 1",
        "def f(ctx): ...",
        "def grad_output(): ...",
        "self.dz = 1",
        "for delta in x: ...",
        "f = lambda dz: dz",
    ],
)
def test_a_planted_word_is_found(plant, text):
    root = plant({"src/chainrule/graph/node.py": f"{text}\n"})
    (sentence,) = forbidden(root)
    assert sentence.startswith("src/chainrule/graph/node.py:1: ")


def test_a_planted_attic_is_found():
    assert attics(["src/chainrule/graph/utils.py", "src/chainrule/internal/x.py", "a/node.py"]) == [
        "src/chainrule/graph/utils.py",
        "src/chainrule/internal/x.py",
    ]
