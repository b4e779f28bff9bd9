"""Engines: one file each, found by its name; each says whether it is installed.

Knows how engines are found; knows no particular one.
"""

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

from chainrule.bench.engines.engine import Engine, Run, pieces
from chainrule.errors import SpecError, shown


def all_engines() -> dict[str, Engine]:
    """Return every engine by the name of its file, installed or not.

    Examples
    --------
    >>> all_engines()["numpy_by_hand"].installed()
    True
    """
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    return {
        module.__name__.rpartition(".")[2]: module.ENGINE
        for module in modules
        if hasattr(module, "ENGINE")
    }


def chosen_engines(names: Sequence[str] = ()) -> dict[str, Engine]:
    """Return the engines of these names, or all.

    Raises
    ------
    SpecError
        If there is none of a name.

    Examples
    --------
    >>> list(chosen_engines(["numpy_by_hand"]))
    ['numpy_by_hand']
    """
    known = all_engines()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SpecError(f"there is no engine {shown(unknown[0])}; there are {', '.join(known)}.")
    return {name: known[name] for name in names} if names else known


__all__ = ["Engine", "Run", "all_engines", "chosen_engines", "pieces"]
