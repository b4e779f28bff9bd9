"""Data: from a table or arrays to prepared rows, and back from outputs to predictions.

Knows files, columns and numbers; knows no graph, no layers, no training.

The way of a table: `sources` opens it, `formats` reads it into a `Table` of `Column`s, `splits`
takes rows apart, `fitting` chooses and learns `transforms` on the training rows, a `Preparation`
applies them, `prepare` does all of it. Arrays handed in from Python go through `arrays`. What
concerns tables is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chainrule.data.arrays import check_inputs, check_targets, check_weights
from chainrule.data.batches import batch_of_step, batch_rows, row_batch, steps_per_epoch
from chainrule.data.splits import Split, split

if TYPE_CHECKING:
    from chainrule.data.catalog import Manifest, shipped
    from chainrule.data.columns import Column
    from chainrule.data.dataset import Dataset, prepare, report_lines
    from chainrule.data.formats import Reading
    from chainrule.data.predictions import write_predictions
    from chainrule.data.preparation import Preparation
    from chainrule.data.reading import read_table
    from chainrule.data.table import Table

_homes = {
    "Column": "columns",
    "Dataset": "dataset",
    "Manifest": "catalog",
    "Preparation": "preparation",
    "Reading": "formats",
    "Table": "table",
    "prepare": "dataset",
    "read_table": "reading",
    "report_lines": "dataset",
    "shipped": "catalog",
    "write_predictions": "predictions",
}

__all__ = [
    "Column",
    "Dataset",
    "Manifest",
    "Preparation",
    "Reading",
    "Split",
    "Table",
    "batch_of_step",
    "batch_rows",
    "check_inputs",
    "check_targets",
    "check_weights",
    "prepare",
    "read_table",
    "report_lines",
    "row_batch",
    "shipped",
    "split",
    "steps_per_epoch",
    "write_predictions",
]


def __getattr__(name: str) -> Any:
    """Load what concerns tables when it is first asked for."""
    if name not in _homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_homes[name]}"), name)
    globals()[name] = value
    return value
