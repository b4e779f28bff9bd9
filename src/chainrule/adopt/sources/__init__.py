"""Sources: one file for each place that networks come from; loaded when one is looked for.

Knows nothing but that they register themselves.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
