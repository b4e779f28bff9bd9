"""The house numbers: measure the sources, print a table, and fail on the numbers that are rules.

Knows source text, read with `ast`; runs and imports nothing of what it measures.

    python scripts/house.py [ROOT]

A row marked ``rule`` that is broken makes the exit status 1; a row marked ``aim`` is only shown.
Rules and aims hold for ``src`` and ``scripts``; of ``tests`` only the comments are judged and the
lengths shown. A function's length is its whole definition (signature, body, functions inside it)
less its decorators and its docstring: words should cost nothing. Overloads count as annotations,
not as functions.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import statistics
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import rooms

FUNCTION_MEDIAN = 8
FUNCTION_MAX = 50
FILE_MAX = 400
WIDTH = 100
HEAVY = {
    "anywidget", "cyclopts", "dask", "distributed", "jax", "latex2mathml", "llvmlite", "matplotlib",
    "msgspec",
    "narwhals", "onnx", "onnxruntime", "optuna", "pandas", "polars", "pyarrow", "rich",
    "safetensors", "scipy", "sklearn", "starlette", "threadpoolctl", "uvicorn", "websockets",
}  # fmt: skip
"""Extras and heavy dependencies: the only modules that may be imported inside a function."""

ON_DEMAND = "chainrule.explain"
"""The room whose answers are imported when they are asked for: doors do so inside functions."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function


@dataclass(frozen=True)
class Source:
    """One file: where it is, its text and its tree."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def lines(self) -> list[str]:
        """The lines of the file, without their ends."""
        return self.text.splitlines()


@dataclass(frozen=True)
class Row:
    """One number of the house: what was found, what is wanted, and where it is broken."""

    name: str
    found: str
    wanted: str
    rule: bool
    broken: bool
    where: tuple[str, ...] = ()


def read(root: Path, folder: str) -> list[Source]:
    """Read and parse every Python file below ``root/folder``."""
    found = []
    for path in sorted((root / folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Source(path.relative_to(root), text, ast.parse(text, str(path))))
    return found


def measure(root: Path) -> list[Row]:
    """Return every row of the table for the repository at ``root``."""
    source, tests = read(root, "src"), read(root, "tests")
    judged = source + read(root, "scripts")
    return [
        *function_rows(judged),
        file_row(judged, "file length, max", rule=True),
        file_row(tests, "test file length, max", rule=False),
        width_row(judged + tests),
        share_row("module and public docstrings", judged, undocumented),
        share_row("annotations", judged, unannotated),
        border_row(source),
        cycles_row(root),
        inner_imports_row(root),
        notes_row(judged + tests),
        balance_row(source, tests),
    ]


def function_rows(sources: list[Source]) -> list[Row]:
    """Return the rows about the length of functions."""
    lengths = [
        (function_length(node), f"{source.path}:{node.lineno} {node.name}")
        for source in sources
        for node in functions(source.tree)
    ]
    sizes = [size for size, _ in lengths] or [0]
    median = statistics.median(sizes)
    where = tuple(
        f"{place}: {size} lines"
        for size, place in sorted(lengths, reverse=True)
        if size > FUNCTION_MAX
    )
    return [
        Row("functions", str(len(lengths)), "", False, False),
        Row(
            "function length, median",
            f"{median:g}",
            f"<= {FUNCTION_MEDIAN}",
            False,
            median > FUNCTION_MEDIAN,
        ),
        Row(
            "function length, max", str(max(sizes)), f"<= {FUNCTION_MAX}", True, bool(where), where
        ),
    ]


def functions(tree: ast.AST) -> Iterator[Function]:
    """Yield every function and method of a tree, nested ones too, overloads apart."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and not is_overload(node):
            yield node


def is_overload(node: ast.AST) -> bool:
    """Say whether a definition is only a signature for the type checker."""
    decorators = getattr(node, "decorator_list", [])
    return any(ast.unparse(one).rpartition(".")[2] == "overload" for one in decorators)


def function_length(node: Function) -> int:
    """Return the lines of a definition less its decorators and its docstring."""
    end = node.end_lineno or node.lineno
    first = node.body[0]
    words = 0
    if ast.get_docstring(node, clean=False) is not None:
        words = (first.end_lineno or first.lineno) - first.lineno + 1
    return end - node.lineno + 1 - words


def file_row(sources: list[Source], name: str, *, rule: bool) -> Row:
    """Return the row about the length of files."""
    lengths = [(len(source.lines), str(source.path)) for source in sources] or [(0, "")]
    long = [f"{path}: {size} lines" for size, path in sorted(lengths, reverse=True)]
    where = tuple(long[: sum(size > FILE_MAX for size, _ in lengths)])
    return Row(name, str(max(lengths)[0]), f"<= {FILE_MAX}", rule, bool(where), where)


def width_row(sources: list[Source]) -> Row:
    """Return the row about the width of lines (Ruff holds the rule)."""
    widths = [
        (len(line), f"{source.path}:{number}")
        for source in sources
        for number, line in enumerate(source.lines, 1)
    ] or [(0, "")]
    where = tuple(f"{place}: {width} columns" for width, place in widths if width > WIDTH)
    return Row("width, max", str(max(widths)[0]), f"<= {WIDTH}", False, bool(where), where)


def share_row(
    name: str, sources: list[Source], ask: Callable[[ast.Module], Iterator[tuple[ast.AST, str]]]
) -> Row:
    """Return a row that wants 100 %: ``ask`` yields nodes, each with what it lacks or ''."""
    total, where = 0, []
    for source in sources:
        for node, lack in ask(source.tree):
            total += 1
            if lack:
                where.append(f"{source.path}:{getattr(node, 'lineno', 1)}: {lack}")
    share = 100 * (total - len(where)) / total if total else 100.0
    # Rounded down: 99.96 % is not 100 %.
    found = f"{int(share * 10) / 10:g} % of {total}"
    return Row(name, found, "100 %", True, bool(where), tuple(where))


def undocumented(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield the module and each public class, function and method, and what it lacks."""
    yield tree, "" if ast.get_docstring(tree) else "module without a docstring"
    yield from _members(tree, "")


def _members(parent: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[ast.AST, str]]:
    """Yield the public members of a module or class, and those of its public classes."""
    for node in _statements(parent.body):
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if is_overload(node) or _is_setter(node):
            continue
        name = f"{prefix}{node.name}"
        yield node, "" if ast.get_docstring(node) else f"{name} without a docstring"
        if isinstance(node, ast.ClassDef):
            yield from _members(node, f"{name}.")


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a body, those under an ``if`` or a ``try`` too."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from _statements([*node.body, *node.orelse])


def _is_setter(node: ast.AST) -> bool:
    """Say whether a definition only completes a property that is documented at its getter."""
    ends = {ast.unparse(one).rpartition(".")[2] for one in getattr(node, "decorator_list", [])}
    return bool(ends & {"setter", "deleter"})


def unannotated(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield each function, and what its signature lacks."""
    methods = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for child in _statements(node.body)
    }
    for node in functions(tree):
        lacking = _lacking(node, id(node) in methods)
        yield node, f"{node.name}: no annotation for {', '.join(lacking)}" if lacking else ""


def _lacking(node: Function, is_method: bool) -> list[str]:
    """Return the parameters without an annotation, and 'return'."""
    signature = node.args
    positional = [*signature.posonlyargs, *signature.args]
    static = any(ast.unparse(one) == "staticmethod" for one in node.decorator_list)
    if is_method and not static:
        positional = positional[1:]
    others = [signature.vararg, *signature.kwonlyargs, signature.kwarg]
    names = [one.arg for one in [*positional, *others] if one and one.annotation is None]
    return names + (["return"] if node.returns is None else [])


def border_row(sources: list[Source]) -> Row:
    """Return the row about modules that say what they know and what they do not."""
    inner = [source for source in sources if source.path.name != "__init__.py"]
    silent = [
        str(source.path)
        for source in inner
        if not re.search(r"\bknows?\b", ast.get_docstring(source.tree) or "", re.IGNORECASE)
    ]
    found = f"{len(inner) - len(silent)} of {len(inner)}"
    return Row("modules that state a border", found, "all", False, bool(silent), tuple(silent))


def cycles_row(root: Path) -> Row:
    """Return the row about import cycles."""
    found = tuple(rooms.cycles(root))
    return Row("import cycles", str(len(found)), "0", True, bool(found), found)


def inner_imports_row(root: Path) -> Row:
    """Return the row about imports inside functions that are neither extras nor heavy.

    A module of ours is heavy if it imports something heavy when it is loaded.
    """
    all_imports = rooms.imports(root)
    heavy = _heavy_modules(all_imports)
    inner = {(one.path, one.line, one.target) for one in all_imports if one.inside_function}
    light = sorted(
        one for one in inner if not _is_heavy(one[2], heavy) and not one[2].startswith(ON_DEMAND)
    )
    where = tuple(f"{path}:{line}: {target}" for path, line, target in light)
    found = f"{len(inner)}, {len(light)} of them light"
    return Row("imports inside functions", found, "0 light", False, bool(light), where)


def _heavy_modules(all_imports: list[rooms.Import]) -> set[str]:
    """Return our modules that load something heavy, themselves or through one of ours."""
    loaded = [one for one in all_imports if not one.inside_function]
    heavy: set[str] = set()
    while True:
        more = {one.importer for one in loaded if _is_heavy(one.target, heavy)} - heavy
        if not more:
            return heavy
        heavy |= more


def _is_heavy(target: str, heavy: set[str]) -> bool:
    """Say whether loading a module loads an extra or a heavy dependency."""
    return target in heavy or target.partition(".")[0] in HEAVY


def notes_row(sources: list[Source]) -> Row:
    """Return the row about notes to oneself that no issue keeps."""
    where = tuple(
        f"{source.path}:{line}: {words}" for source in sources for line, words in _notes(source)
    )
    return Row("TODO without an issue", str(len(where)), "0", True, bool(where), where)


def _notes(source: Source) -> Iterator[tuple[int, str]]:
    """Yield the comments with a note to oneself and no issue number."""
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        note = token.type == tokenize.COMMENT and re.search(r"\b(TODO|FIXME|XXX)\b", token.string)
        if note and not re.search(r"#\d+", token.string):
            yield token.start[0], token.string


def balance_row(source: list[Source], tests: list[Source]) -> Row:
    """Return the row about lines of tests for each line of the source."""
    ours, theirs = (sum(len(one.lines) for one in many) for many in (source, tests))
    ratio = theirs / ours if ours else 0.0
    found = f"{theirs} / {ours} = {ratio:.2f}"
    return Row("test lines / source lines", found, ">= 1", False, ratio < 1)


def table(rows: list[Row]) -> str:
    """Return the rows as a table, and below it where the numbers are broken."""
    lines = []
    for row in rows:
        kind = "rule" if row.rule else "aim" if row.wanted else ""
        verdict = "" if not row.wanted else "ok" if not row.broken else "BROKEN"
        lines.append(f"{row.name:31}{row.found:>24}   {row.wanted:8}{kind:6}{verdict}".rstrip())
    for row in rows:
        if row.where:
            lines += ["", f"{row.name} ({'rule' if row.rule else 'aim'}):"]
            shown = row.where if row.rule else row.where[:10]
            lines += [f"  {place}" for place in shown]
            if len(shown) < len(row.where):
                lines.append(f"  and {len(row.where) - len(shown)} more")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 1 if a rule is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("root", nargs="?", type=Path, default=rooms.ROOT)
    rows = measure(parser.parse_args(arguments).root)
    print(table(rows))
    return int(any(row.rule and row.broken for row in rows))


if __name__ == "__main__":
    sys.exit(main())
