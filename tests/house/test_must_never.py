"""What the rooms must never do, as far as reading the sources can tell."""

import ast
import functools

import pytest
import rooms
from rooms import ROOT

NETWORK = {
    "aiohttp", "anywidget", "asyncio", "dask", "distributed", "ftplib", "http", "httpx", "requests",
    "smtplib", "socket", "socketserver", "ssl", "starlette", "telnetlib", "urllib", "uvicorn",
    "websockets", "xmlrpc",
}  # fmt: skip
PICKLES = {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
DRAWING = {"matplotlib", "rich", "cyclopts", "textual", "curses"}
NAMES_ONLY = {"dtype", "ndarray", "generic", "float32", "float64", "int64", "bool_", "typing"}
"""What of NumPy a room may use that must not touch values."""


imports = functools.cache(rooms.imports)


def banned_imports(root, banned, where):
    """Sentences for imports of ``banned`` modules in files for which ``where(path)`` holds."""
    return [
        f"{one.path}:{one.line}: imports {one.target}"
        for one in imports(root)
        if one.target.partition(".")[0] in banned and where(one.path.as_posix())
    ]


def found(root, says, folder=""):
    """Sentences for nodes about which ``says(node)`` has a word, below a folder of the package."""
    sentences = []
    for path in rooms.modules(root).values():
        short = path.relative_to(root)
        if f"{short.as_posix()}/".startswith(f"src/chainrule/{folder}"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                word = says(node)
                if word:
                    sentences.append(f"{short}:{node.lineno}: {word}")
    return sentences


def called(node):
    """The bare name that a call calls, or ''."""
    is_bare = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return node.func.id if is_bare else ""


def runs_text(node):
    return f"calls {called(node)}(" if called(node) in {"eval", "exec", "compile"} else ""


def allows_pickle(node):
    if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
        is_off = isinstance(node.value, ast.Constant) and node.value.value is False
        return "" if is_off else "allows pickle"
    return ""


def prints(node):
    return "prints" if called(node) == "print" else ""


def touches_values(node):
    is_numpy = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    if is_numpy and node.value.id in {"np", "numpy"} and node.attr not in NAMES_ONLY:
        return f"uses np.{node.attr}"
    return ""


def network(root):
    doors = ("src/chainrule/scale/", "src/chainrule/apps/web/", "src/chainrule/apps/notebook/")
    return banned_imports(root, NETWORK, lambda path: not path.startswith(doors))


def pickles(root):
    return banned_imports(root, PICKLES, lambda path: True) + found(root, allows_pickle)


def executed_text(root):
    return found(root, runs_text)


def drawing_in_training(root):
    room = "src/chainrule/train/"
    return banned_imports(root, DRAWING, lambda p: p.startswith(room)) + found(
        root, prints, "train/"
    )


def formulas_in_apps(root):
    banned = {"numpy", "scipy"}
    return banned_imports(root, banned, lambda path: path.startswith("src/chainrule/apps/"))


def values_in_plan(root):
    return found(root, touches_values, "plan/")


RULES = [network, pickles, executed_text, drawing_in_training, formulas_in_apps, values_in_plan]


@pytest.mark.parametrize("rule", RULES)
def test_no_room_does_what_it_must_never_do(rule):
    assert rule(ROOT) == []


@pytest.mark.parametrize(
    ("rule", "file", "text"),
    [
        (network, "data/csv.py", "def f():\n    import socket"),
        (network, "run.py", "from urllib.request import urlopen"),
        (network, "apps/cli/play.py", "import uvicorn"),
        (pickles, "files/weights.py", "import pickle"),
        (pickles, "files/weights.py", "from pickle import loads"),
        (pickles, "data/npz.py", "np.load(path, allow_pickle=True)"),
        (pickles, "data/npz.py", "np.load(path, allow_pickle=wanted)"),
        (executed_text, "nn/spec.py", "x = eval(text)"),
        (executed_text, "nn/spec.py", "exec(text)"),
        (executed_text, "nn/spec.py", "compile(text, '', 'exec')"),
        (drawing_in_training, "train/loop.py", "print(1)"),
        (drawing_in_training, "train/loop.py", "from rich.progress import Progress"),
        (formulas_in_apps, "apps/cli/train.py", "import numpy as np"),
        (formulas_in_apps, "apps/cli/train.py", "def f():\n    from numpy import mean"),
        (values_in_plan, "plan/fuse.py", "x = np.exp(y)"),
    ],
)
def test_a_planted_violation_is_found(plant, rule, file, text):
    root = plant({"src/chainrule/__init__.py": "", f"src/chainrule/{file}": f"{text}\n"})
    (sentence,) = rule(root)
    assert sentence.startswith(f"src/chainrule/{file}:")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("apps/web/server.py", "import socket, uvicorn"),
        ("scale/cluster.py", "import distributed"),
        ("data/npz.py", "np.load(path, allow_pickle=False)"),
        ("nn/spec.py", "import re\nre.compile('x')\nmodel.eval()"),
        ("apps/cli/train.py", "print(1)\nimport rich"),
        ("plan/plan.py", "def f(x: np.ndarray) -> np.dtype: ..."),
        ("train/loop.py", "import numpy"),
    ],
)
def test_what_is_allowed_is_not_found(plant, file, text):
    root = plant({"src/chainrule/__init__.py": "", f"src/chainrule/{file}": f"{text}\n"})
    assert [sentence for rule in RULES for sentence in rule(root)] == []
