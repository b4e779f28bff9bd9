"""Hand-ins from a function: somebody's own file is run, its function called with the exercise.

Runs foreign code on purpose; its errors are told in a line, with its own line number. Knows
exercises; judges nothing.
"""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from chainrule.errors import DataError, SpecError, shown
from chainrule.explain.review.exercise import Exercise

NAME = "chainrule_hand_in"


def call_function(asked: str, exercise: Exercise) -> Any:
    """Return what a function hands in for an exercise.

    Parameters
    ----------
    asked : str
        ``solution.py:gradients``.
    exercise : Exercise
        Its function is called with the arguments it names: ``X``, ``y`` (rows, outputs; classes as
        rows of 0 and a 1, or as ``labels``), parameters such as ``W1`` and ``b1`` (or all of them
        as ``parameters``), ``learning_rate``.

    Raises
    ------
    SpecError
        If there is no such file or function, or it wants something else.
    DataError
        If it fails, or returns neither a dict nor a number.
    """
    file, colon, name = asked.rpartition(":")
    path = Path(file)
    if not colon or not name.isidentifier() or path.suffix != ".py":
        raise SpecError(
            f"--function is {shown(asked)}; it is a file and a function, solution.py:gradients."
        )
    if not path.is_file():
        raise SpecError(f"--function is {shown(asked)}; there is no file {path}.")
    with told_in_a_line(path), redirect_stdout(sys.stderr):  # stdout is ours
        module = _module(path)
    function = getattr(module, name, None)
    if not callable(function):
        known = [k for k, v in vars(module).items() if inspect.isfunction(v)]
        raise SpecError(f"{path} has no function {name!r}; it has {', '.join(known) or 'none'}.")
    arguments = _arguments(path, name, function, exercise)
    with told_in_a_line(path), redirect_stdout(sys.stderr):
        found = function(**arguments)
    if isinstance(found, (Mapping, float, np.number)):
        return found
    raise DataError(
        f"{name} in {path} returned a {type(found).__name__}; it must return a dict such as "
        "{'W1': dW1, 'b1': db1}, or the loss as a number."
    )


def _module(path: Path) -> ModuleType:
    """Run a file as a module; what lies beside it can be imported."""
    spec = spec_from_file_location(NAME, path)
    assert spec is not None, "a .py file has a loader"
    assert spec.loader is not None, "a .py file has a loader"
    module = module_from_spec(spec)
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    return module


def _arguments(
    path: Path, name: str, function: Callable[..., Any], exercise: Exercise
) -> dict[str, Any]:
    """Return the arguments that a function names, as copies it may change."""
    offered = _offered(exercise)
    chosen: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            chosen = {**offered, **chosen}
        elif parameter.name in offered:
            chosen[parameter.name] = offered[parameter.name]
        elif (
            parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL
        ):
            raise SpecError(
                f"{name} in {path} wants {parameter.name!r}; it can have {', '.join(offered)}."
            )
    return chosen


def _offered(exercise: Exercise) -> dict[str, Any]:
    plain = {
        name: np.array(value[0] if exercise.is_bias(name) else value)
        for name, value in exercise.parameters.items()
    }
    inputs, targets = np.array(exercise.x), np.array(exercise.targets)
    classes = exercise.loss.targets == "class"
    labels = {"labels": targets.argmax(1)} if classes else {}
    return {
        "X": inputs, "y": targets, **labels, **plain, "learning_rate": exercise.rate,
        "x": inputs, "Y": targets, "parameters": dict(plain), "lr": exercise.rate,
    }  # fmt: skip


@contextmanager
def told_in_a_line(path: Path) -> Iterator[None]:
    """Tell whatever goes wrong in somebody's file in one line, with the line of that file."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except SyntaxError as error:
        place = f", line {error.lineno}" if error.lineno else ""
        raise DataError(f"{path}{place}: {type(error).__name__}: {error.msg}.") from None
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if Path(f.filename).resolve() == path.resolve()]
        place = f", line {own[-1].lineno}" if own else ""
        said = " ".join(str(error).split()) or "without a word"
        raise DataError(f"{path}{place}: {type(error).__name__}: {said}.") from None
