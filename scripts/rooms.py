"""The rooms of the house: how high each one lies, and which imports that allows.

Knows source text and the table of heights; runs and imports nothing of what it reads.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "chainrule"

HEIGHTS = {
    "errors": 0, "types": 0,
    "graph": 1,
    "ops": 2,
    "autodiff": 3, "nn": 3, "optim": 3,
    "plan": 4,
    "executors": 5, "data": 5, "files": 5,
    "train": 6,
    "explain": 7, "export": 7, "scale": 7,
    "run": 8,
    "adopt": 9, "tables": 9, "cases": 9, "bench": 9, "estimators": 9,
    "apps": 10,
    "__main__": 11,
}  # fmt: skip
"""Imports go to a smaller height only. The package's own ``__init__`` may import anything."""

KNOWS_NOTHING_OF = {
    "executors": ("nn", "optim"),
    "data": ("graph", "ops", "autodiff", "nn", "optim", "plan"),
    "files": ("graph", "ops", "autodiff", "nn", "optim", "plan"),
}
"""Rooms that lie lower and are none of the importer's business all the same."""


@dataclass(frozen=True)
class Import:
    """One import as it stands in a file.

    ``target`` is absolute: the module itself, or the module that holds the name.
    """

    importer: str
    target: str
    path: Path
    line: int
    inside_function: bool

    def is_ours(self) -> bool:
        """Say whether the target lies in our package."""
        return self.target == PACKAGE or self.target.startswith(PACKAGE + ".")


def modules(root: Path) -> dict[str, Path]:
    """Return every module of the package below ``root/src``: dotted name to file."""
    source = root / "src"
    found = {}
    for path in sorted((source / PACKAGE).rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(root: Path) -> list[Import]:
    """Return every import of every module, wherever in the file it stands."""
    known = modules(root)
    found = []
    for name, path in known.items():
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for node, inside in _walk(tree, False):
            for target in _targets(node, package, known):
                found.append(Import(name, target, path.relative_to(root), node.lineno, inside))
    return found


def _walk(node: ast.AST, inside: bool) -> Iterator[tuple[ast.stmt | ast.expr, bool]]:
    """Yield each statement and expression below ``node``, and whether a function surrounds it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.expr):
            yield child, inside
        function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _walk(child, inside or function)


def _targets(node: ast.AST, package: str, known: dict[str, Path]) -> Iterator[str]:
    """Yield the absolute modules that one statement imports (none if it is not an import)."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = _absolute("." * node.level + (node.module or ""), package)
        for alias in node.names:
            full = f"{base}.{alias.name}"
            yield full if full in known else base
    elif isinstance(node, ast.Call) and _callee(node) in {"import_module", "__import__"}:
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield _absolute(first.value, package)


def _callee(call: ast.Call) -> str:
    """Return the last name of what is called: ``import_module`` of ``importlib.import_module``."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _absolute(name: str, package: str) -> str:
    """Resolve leading dots against the package in which they are written."""
    rest = name.lstrip(".")
    up = len(name) - len(rest) - 1
    if up < 0:
        return name
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - up])
    return f"{base}.{rest}" if rest else base


def room_of(module: str) -> str:
    """Return the room of one of our modules; the package itself is the room ``''``."""
    return module.split(".")[1] if "." in module else ""


def uphill(root: Path) -> list[str]:
    """Return a sentence for each import that does not go downwards."""
    sentences = []
    for one in imports(root):
        complaint = _complaint(room_of(one.importer), one)
        if complaint:
            sentences.append(f"{one.path}:{one.line}: imports {one.target}, but {complaint}")
    return sentences


def _complaint(room: str, one: Import) -> str:
    """Return what is wrong with this import, or the empty string."""
    other = room_of(one.target)
    if not room or not one.is_ours() or room == other:
        return ""
    for name in (room, other):
        if name and name not in HEIGHTS:
            return f"the room {name!r} has no height: give it one in scripts/rooms.py"
    here = HEIGHTS[room]
    if not other:
        face = "the package's face lies above every room but apps: import the room that has it"
        return "" if here >= HEIGHTS["apps"] else face
    if other in KNOWS_NOTHING_OF.get(room, ()):
        return f"{room} knows nothing of {other}"
    if HEIGHTS[other] == here:
        return f"{room} and {other} are siblings (height {here}): siblings do not import each other"
    if HEIGHTS[other] > here:
        return f"{room} (height {here}) lies below {other} ({HEIGHTS[other]}): imports go downwards"
    return ""


def cycles(root: Path) -> list[str]:
    """Return each import cycle between modules, as ``a -> b -> a``.

    An import counts wherever it stands. The packages that Python passes on its way to a module do
    not: ``chainrule.graph.node`` imports the file ``node.py``, not ``graph/__init__.py``.
    """
    edges: dict[str, set[str]] = {name: set() for name in modules(root)}
    for one in imports(root):
        if one.target in edges:
            edges[one.importer].add(one.target)
    found: dict[frozenset[str], str] = {}
    for name in sorted(edges):
        path = _way_back(name, edges)
        if path:
            found.setdefault(frozenset(path), " -> ".join(path))
    return list(found.values())


def _way_back(start: str, edges: dict[str, set[str]]) -> list[str]:
    """Return the shortest path from ``start`` to itself, or nothing."""
    paths = [[start]]
    seen: set[str] = set()
    for path in paths:  # grows while it is read: breadth first
        for target in sorted(edges[path[-1]] - seen):
            if target == start:
                return [*path, start]
            seen.add(target)
            paths.append([*path, target])
    return []
