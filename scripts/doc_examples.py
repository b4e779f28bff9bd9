"""The examples of one Markdown file, run in their order in one temporary folder.

Knows fenced blocks, doctest and a shell; knows nothing of the package that the examples use.

* ``python``: executed, all blocks of a file in one namespace; with ``>>>`` compared as a doctest.
* ``console``: each ``$ command`` runs with the environment's commands first on the path, and must
  exit with 0 (``<!-- exit N -->`` above the block: the last one with N). The lines shown below it
  must occur in this order in what it prints; ``...`` stands for any text.
* ``<!-- not run: reason -->`` above a block excuses it; it is counted and shown.
* Other blocks must not look like examples, unless a comment says where they run: ``main job`` and
  ``test command`` (the README's ``sh`` lines, by `.ci/run`), ``from a docstring`` (as a doctest).
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from doc_blocks import Block, blocks

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
"""How a doctest is compared, here and in the docstrings of the package."""

RUN = {"python", "pycon", "console"}
SHELL = {"sh", "bash", "shell", "zsh"}
MARKS = {"main job", "test command", "from a docstring"}
SECONDS = 300


@dataclass
class Report:
    """What became of one file's examples; sentences begin with the file and the line."""

    ran: int = 0
    skipped: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def run_file(path: Path, name: str) -> Report:
    """Run the examples of a file; ``name`` is how sentences call it.

    Changes the working folder and the warning filter of this process: give it one of its own.
    """
    report = Report()
    module = types.ModuleType("example")
    sys.modules["example"] = module
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        os.chdir(folder)
        try:
            for block in blocks(path.read_text(encoding="utf-8")):
                _run_block(block, name, module, report)
        finally:
            os.chdir(home)
    return report


def _run_block(block: Block, name: str, module: types.ModuleType, report: Report) -> None:
    """Run, excuse or refuse one block and note it."""
    place = f"{name}:{block.line}"
    excuse, refusal = _standing(block)
    if excuse:
        report.skipped.append(f"{place}: not run: {excuse}")
    elif refusal:
        report.failures.append(f"{place}: {refusal}")
    elif block.language in RUN:
        report.ran += 1
        run = run_console(block) if block.language == "console" else run_python(block, name, module)
        report.failures += [f"{place}: {failure}" for failure in run]


def _standing(block: Block) -> tuple[str, str]:
    """Return the reason not to run a block, and the reason to refuse it ('' for none)."""
    for note in block.notes:
        if note.startswith("not run"):
            reason = note.removeprefix("not run").lstrip(": ")
            return reason, "" if reason else "says 'not run' without a reason: add one"
    if block.language in RUN or MARKS & set(block.notes):
        return "", ""
    if block.language in SHELL:
        return "", (
            f"a {block.language} block is never run: make it console with '$ ' before each"
            " command, or put <!-- not run: reason --> above it"
        )
    if re.search(r"^(>>>|\$) ", block.text, re.MULTILINE):
        return "", "looks like an example: name its language (python or console)"
    return "", ""


def run_python(block: Block, name: str, module: types.ModuleType) -> Iterator[str]:
    """Execute a block in the module's namespace; yield what went wrong."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            if re.search(r"^\s*>>> ", block.text, re.MULTILINE):
                yield from _doctest(block, name, module)
            else:
                # Blank lines first: a traceback then shows the line of the Markdown file.
                source = "\n" * (block.line - 1) + block.text
                exec(compile(source, name, "exec"), module.__dict__)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        line = next((frame.lineno for frame in frames if frame.filename == name), block.line)
        words = "".join(traceback.format_exception_only(error)).strip()
        yield f"line {line} raised {words}"


def _doctest(block: Block, name: str, module: types.ModuleType) -> Iterator[str]:
    """Compare a block of ``>>>`` lines with what they print; yield the differences."""
    parser = doctest.DocTestParser()
    test = parser.get_doctest(block.text, module.__dict__, name, name, block.line - 1)
    test.globs = module.__dict__  # get_doctest copies; the blocks of a file share one namespace
    said = io.StringIO()
    doctest.DocTestRunner(optionflags=FLAGS, verbose=False).run(
        test, out=said.write, clear_globs=False
    )
    if said.getvalue():
        yield said.getvalue().strip().strip("*").strip()


def run_console(block: Block) -> Iterator[str]:
    """Run the commands of a block; yield what went wrong."""
    steps = list(commands(block.text))
    if not steps:
        yield "a console block without a '$ ' command"
    for number, (command, shown) in enumerate(steps, 1):
        code, output = _shell(command)
        wanted = _exit_status(block) if number == len(steps) else 0
        if code != wanted:
            yield f"$ {command}\nexit status {code}, expected {wanted}; it printed:\n{output}"
        missing = first_missing(shown, output)
        if missing is not None:
            yield f"$ {command}\ndid not print (in this order): {missing}\nit printed:\n{output}"


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of a console block and the lines shown below it."""
    steps: list[tuple[str, list[str]]] = []
    continued = False
    for line in text.splitlines():
        if continued and steps:
            command, shown = steps.pop()
            steps.append((f"{command}\n{line.removeprefix('> ')}", shown))
        elif line.startswith("$ "):
            steps.append((line[2:], []))
        elif steps:
            steps[-1][1].append(line)
        continued = line.endswith("\\") and not (steps and steps[-1][1])
    yield from steps


def _shell(command: str) -> tuple[int, str]:
    """Run one command line; return its exit status and all that it printed."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "PYTHONWARNINGS": "error",
    }
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 124, f"(stopped after {SECONDS} s)"
    return done.returncode, done.stdout


def _exit_status(block: Block) -> int:
    """Return the exit status that a block announces for its last command."""
    for note in block.notes:
        if re.fullmatch(r"exit \d+", note):
            return int(note.split()[1])
    return 0


def first_missing(shown: list[str], output: str) -> str | None:
    """Return the first shown line that the output lacks, in order; None if it has them all."""
    rest = iter([line.rstrip() for line in output.splitlines()])
    for line in (line.rstrip() for line in shown):
        pattern = ".*".join(re.escape(part) for part in line.split("..."))
        if line.strip() in {"", "..."}:
            continue
        if not any(re.fullmatch(pattern, other) for other in rest):
            return line
    return None
