"""Imports go downwards only: the heights of the rooms, enforced by reading the sources."""

import re

import pytest
import rooms
from rooms import ROOT

FACE = {"src/chainrule/__init__.py": '"""Face."""\n'}


def test_imports_go_downwards_only():
    assert rooms.uphill(ROOT) == []


def test_no_module_imports_itself_by_a_detour():
    assert rooms.cycles(ROOT) == []


def test_the_table_in_contributing_is_the_table_that_is_enforced():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    written = {}
    for height, cell in re.findall(r"^\| (\d+) \| ([^|]+) \|", text, re.MULTILINE):
        written.update(dict.fromkeys(re.findall(r"`(\w+)/?(?:\.py)?`", cell), int(height)))
    assert written == {room: height for room, height in rooms.HEIGHTS.items() if "_" not in room}


def complaints(plant, files):
    """Plant modules of the package and return what is said about their imports."""
    targets = {f"src/chainrule/{name}": text for name, text in files.items()}
    stubs = ["graph/__init__.py", "graph/node.py", "ops/__init__.py", "nn/__init__.py", "errors.py"]
    empty = {f"src/chainrule/{name}": "" for name in stubs}
    return rooms.uphill(plant(FACE | empty | targets))


@pytest.mark.parametrize(
    "statement",
    [
        "import chainrule.ops",
        "import chainrule.ops as ops",
        "from chainrule import ops",
        "from chainrule.ops import add",
        "from chainrule.ops.linear import add",
        "from ..ops import add",
        "from .. import ops",
        "from .. import errors, ops",
        "def f():\n    from ..ops import add",
        "if TYPE_CHECKING:\n    from chainrule.ops import add",
        "try:\n    import chainrule.ops\nexcept ImportError:\n    pass",
        "class C:\n    import chainrule.ops",
        "import importlib\nimportlib.import_module('chainrule.ops')",
        "from importlib import import_module\nf = lambda: import_module('..ops', __package__)",
        "__import__('chainrule.ops')",
        "import json, chainrule.ops",
    ],
)
def test_an_upward_import_is_found_however_it_is_written(plant, statement):
    (sentence,) = complaints(plant, {"graph/node.py": statement + "\n"})
    assert re.match(r"src/chainrule/graph/node\.py:\d+: imports chainrule\.ops", sentence)
    assert "graph (height 1) lies below ops (2): imports go downwards" in sentence


@pytest.mark.parametrize(
    ("file", "statement", "said"),
    [
        ("data/csv.py", "from ..files import x", "data and files are siblings (height 5)"),
        ("types.py", "from . import errors", "types and errors are siblings (height 0)"),
        ("tables.py", "from .estimators import x", "tables and estimators are siblings (height 9)"),
        ("train/loop.py", "import chainrule", "the package's face lies above every room but apps"),
        ("train/loop.py", "from chainrule import Network", "the package's face lies above"),
        ("executors/walk.py", "from ..nn import Dense", "executors knows nothing of nn"),
        ("data/csv.py", "from ..graph import Node", "data knows nothing of graph"),
        ("shed.py", "from .graph import Node", "the room 'shed' has no height"),
        ("train/loop.py", "from ..shed import x", "the room 'shed' has no height"),
        ("run.py", "from .apps.cli import main", "run (height 8) lies below apps (10)"),
    ],
)
def test_other_forbidden_imports(plant, file, statement, said):
    files = {file: statement + "\n", "shed.py": ""} | {file: statement + "\n"}
    (sentence,) = complaints(plant, files)
    assert sentence.startswith(f"src/chainrule/{file}:1: imports chainrule")
    assert said in sentence


@pytest.mark.parametrize(
    ("file", "statement"),
    [
        ("__init__.py", "from .apps.cli import main"),
        ("apps/cli/train.py", "import chainrule as cr"),
        ("__main__.py", "from .apps.cli import main"),
        ("nn/layers/dense.py", "from ...graph import Node\nfrom ..losses import x\nimport numpy"),
        ("graph/check.py", "from .node import Node\nfrom . import node\nfrom ..errors import E"),
        ("train/loop.py", "import chainrulebook\nimport_module(name)"),
    ],
)
def test_allowed_imports(plant, file, statement):
    assert complaints(plant, {file: statement + "\n"}) == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a": "from . import b", "b": "from .c import x", "c": "from .a import y"}, "a b c a"),
        ({"a": "def f():\n    from . import b", "b": "from . import a"}, "a b a"),
        ({"a": "from .a import x"}, "a a"),
        ({"__init__": "from .a import x", "a": "from chainrule.graph import x"}, " .a "),
    ],
)
def test_a_cycle_is_shown_as_a_path(plant, files, expected):
    root = plant(FACE | {f"src/chainrule/graph/{n}.py": f"{text}\n" for n, text in files.items()})
    steps = expected.split(" ") if "." not in expected else ["", "a", ""]
    path = " -> ".join(f"chainrule.graph.{step}".rstrip(".") for step in steps)
    assert rooms.cycles(root) == [path]


def test_a_package_that_gathers_its_modules_is_no_cycle(plant):
    files = {"__init__": "from .a import x", "a": "from .b import x", "b": "x = 1"}
    root = plant(FACE | {f"src/chainrule/graph/{n}.py": f"{text}\n" for n, text in files.items()})
    assert rooms.cycles(root) == []
