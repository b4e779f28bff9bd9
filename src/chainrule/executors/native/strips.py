"""Strips: a large product goes into the group that reads it, one panel at a time.

The gradient of a large weight is read once, by its own update. Computed panel by panel and used at
once, it stays in the cache and never goes through memory. Knows kernels; emits nothing.
"""

from __future__ import annotations

from collections.abc import Collection

from chainrule.executors.native.forms import Product
from chainrule.executors.native.fuse import Group, Kernel, Single, Strips, relation
from chainrule.executors.native.items import Item
from chainrule.executors.native.matmul import parts_of

LARGE_BYTES = 1 << 18
"""A product of at least so many bytes does not stay in the cache."""


def in_strips(
    kernels: list[Kernel], results: Collection[Item], changed: Collection[Item]
) -> list[Kernel]:
    """Return the kernels with large products moved into the groups that read them.

    Parameters
    ----------
    kernels : list of Kernel
        In order.
    results : collection of Item
        What must be stored.
    changed : collection of Item
        States that are written over: a product that reads one stays where it is.
    """
    out = list(kernels)
    for kernel in kernels:
        if isinstance(kernel, Single) and kernel.what == "product":
            (product,) = kernel.items
            reader = _reader(product, out) if product not in results else None
            if reader is not None and _fits(product, changed):
                out[out.index(reader)] = Strips(product, reader, reader.level)
                out.remove(kernel)
    return out


def _reader(product: Item, kernels: list[Kernel]) -> Group | None:
    """Return the one group that reads a product entry by entry, if nothing else does."""
    readers = [k for k in kernels if any(x.item is product for i in k.items for x in i.inputs)]
    if len(readers) != 1 or not isinstance(readers[0], Group):
        return None
    group = readers[0]
    if group.by_rows or group.space != product.layout or group.space.is_vector:
        return None
    for item in group.items:
        if item.attrs.get("over") == "all":
            return None
        for x in item.inputs:
            is_full = item.attrs.get("over") or relation(x.shape, item.shape) == "full"
            if x.item is product and not is_full:
                return None
    return group


def _fits(product: Item, changed: Collection[Item]) -> bool:
    """Tell whether a product is large, is one product of two matrices, and can wait."""
    if product.layout.bytes < LARGE_BYTES or any(x.item in changed for x in product.inputs):
        return False
    parts = parts_of(product) or []
    form = parts[0].form if len(parts) == 1 else None
    return isinstance(form, Product) and form.grains == 1 and parts[0].turned is None
