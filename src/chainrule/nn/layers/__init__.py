"""Layers: one file each, found by name; a layer builds its forward graph and nothing else.

Knows how layers register; knows no particular one.
"""

from importlib import import_module
from pkgutil import iter_modules

from chainrule.nn.layers.layer import Layer, layer, layer_from_dict, layers

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["Layer", "layer", "layer_from_dict", "layers"]
