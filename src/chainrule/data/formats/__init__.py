"""Formats: one file for each; importing this package registers them all.

Adding a format is one file with one function under `@reader(".ending")`, and its import here.
"""

from chainrule.data.formats import csv, npy, npz, parquet
from chainrule.data.formats.registry import Reading, reader, reader_of, readers

__all__ = ["Reading", "csv", "npy", "npz", "parquet", "reader", "reader_of", "readers"]
