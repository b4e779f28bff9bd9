"""Losses: one file each, found by name; a loss is one formula for a row.

Knows how losses register; knows no particular one.
"""

from importlib import import_module
from pkgutil import iter_modules

from chainrule.nn.losses.loss import Loss, find_loss, loss, losses

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["Loss", "find_loss", "loss", "losses"]
