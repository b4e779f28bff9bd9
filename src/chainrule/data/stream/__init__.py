"""Stream: tables larger than memory, from their files to blocks of prepared rows on disk.

Knows files, pieces of tables and scratch space; knows no networks. The way of a table: `sources`
names its files and notices changes, `pieces` cuts it, `survey` learns from it in one pass,
`fitting` makes a `Preparation` of that, `dealing` writes the rows into a `store`, `order` says
which block comes when, `rows` stands for all of them like an array.
"""

from chainrule.data.stream.dataset import StreamedDataset, prepare_stream
from chainrule.data.stream.order import WindowOrder
from chainrule.data.stream.rows import StoredRows

__all__ = ["StoredRows", "StreamedDataset", "WindowOrder", "prepare_stream"]
