"""The public list: short, sorted, complete, documented, and light to import."""

import inspect
import subprocess
import sys
import types

import pytest

import chainrule
import chainrule.errors

HEAVY = {
    "anywidget", "cyclopts", "dask", "jax", "llvmlite", "matplotlib", "msgspec", "narwhals", "onnx",
    "optuna", "pandas", "polars", "pyarrow", "rich", "safetensors", "sklearn", "starlette",
}  # fmt: skip


def public(module):
    """The names that a module offers: what it binds and did not borrow from elsewhere."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, types.ModuleType)
        and (getattr(value, "__module__", None) or "chainrule").partition(".")[0] == "chainrule"
        and name not in {"annotations", "TYPE_CHECKING"}
    }


def correction(module):
    """What to do about ``__all__``, or '' when it is right."""
    listed = list(getattr(module, "__all__", []))
    there = public(module) | {name for name in listed if hasattr(module, name)}
    advice = [f'add the line    "{name}",' for name in sorted(there - set(listed))]
    advice += [f'remove the line    "{name}",    nothing has this name' for name in listed
               if name not in there]  # fmt: skip
    if listed != sorted(set(listed)):
        advice.append(f"write the names sorted, each once: {sorted(set(listed))}")
    return "\n".join(advice)


def undocumented(module):
    """Public functions and classes without words, or without an example."""
    for name in sorted(getattr(module, "__all__", [])):
        value = getattr(module, name, None)
        is_error = isinstance(value, type) and issubclass(value, Exception)
        if not (inspect.isclass(value) or inspect.isroutine(value)):
            continue
        words = inspect.getdoc(value) if "__doc__" in dir(value) else ""
        if not words or (inspect.isclass(value) and not value.__dict__.get("__doc__")):
            yield f"{name} has no docstring"
        elif ">>> " not in words and not is_error:
            yield f"{name} has no example: two to four lines beginning with >>>"


def test_all_is_sorted_and_complete():
    advice = correction(chainrule)
    assert not advice, f"in src/chainrule/__init__.py, __all__:\n{advice}"


def test_every_public_name_has_words_and_an_example():
    lacking = list(undocumented(chainrule))
    assert not lacking, "\n".join(lacking)


def test_the_import_is_light():
    code = "import sys, chainrule; print(' '.join({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert HEAVY & set(done.stdout.split()) == set()


def planted(**names):
    module = types.ModuleType("planted")
    vars(module).update(names)
    return module


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"__all__": [], "train": chainrule.errors.SpecError}, 'add the line    "train",'),
        ({"__all__": ["gone"]}, 'remove the line    "gone",'),
        ({"__all__": ["b", "a"], "a": 1, "b": 2}, "write the names sorted, each once: ['a', 'b']"),
        ({"__all__": ["a", "a"], "a": 1}, "each once: ['a']"),
        ({"train": 1}, 'add the line    "train",'),
    ],
)
def test_a_wrong_list_says_what_to_write(names, said):
    assert said in correction(planted(**names))


def test_a_right_list_says_nothing():
    assert (
        correction(planted(__all__=["A", "a"], A=1, a=2, _b=3, sys=sys, borrowed=inspect.getdoc))
        == ""
    )


def test_missing_words_and_examples_are_found():
    def bare(): ...

    def wordy():
        """Do it."""

    def shown():
        """Do it.

        >>> shown()
        """

    class Bare(dict): ...

    class Refused(ValueError):
        """Errors need no example."""

    names = {"Bare": Bare, "Refused": Refused, "bare": bare, "shown": shown, "wordy": wordy}
    assert list(undocumented(planted(__all__=list(names), **names))) == [
        "Bare has no docstring",
        "bare has no docstring",
        "wordy has no example: two to four lines beginning with >>>",
    ]
