"""The catalogue of mistakes: one file each, found by name; a mistake is one rewrite.

Knows that each file declares its mistakes; knows no particular one.
"""

from importlib import import_module
from pkgutil import iter_modules

from chainrule.explain.review.mistake import catalogue

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["catalogue"]
