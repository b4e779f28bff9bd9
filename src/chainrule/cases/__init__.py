"""Textbook cases: networks with published numbers, one file each, found by name.

Knows how cases register; knows no particular one. A case trains through the same door as anybody
and hands out plain data; printing it is the command line's work.
"""

from importlib import import_module
from pkgutil import iter_modules

from chainrule.cases.case import CaseResult, Row, case, names, play, titles

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["CaseResult", "Row", "case", "names", "play", "titles"]
