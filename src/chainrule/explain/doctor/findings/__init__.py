"""What the doctor looks for: one file for each finding, registered by being here.

Knows the files of this folder.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
