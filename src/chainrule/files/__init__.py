"""Run folders: the only writer and the only reader of them.

A run is written complete or not at all, and read intact or not at all; reading runs no code,
opens nothing outside the folder and uses no network. README.md beside this file describes the
format. Knows arrays, JSON and disks; knows nothing of layers, training or graphs.
"""

from __future__ import annotations

from chainrule.files.contents import PARTS, ROWS_LIMIT, RowSource, RunContents
from chainrule.files.ownership import Owner, held, owner_of
from chainrule.files.read import describe_files, read_run
from chainrule.files.sources import hash_file, keep_rows, open_regular, open_rows, row_source
from chainrule.files.write import check_place, check_writable, tidy_run, update_run, write_run

__all__ = [
    "Owner",
    "PARTS",
    "ROWS_LIMIT",
    "RowSource",
    "RunContents",
    "check_place",
    "check_writable",
    "describe_files",
    "hash_file",
    "held",
    "keep_rows",
    "open_regular",
    "open_rows",
    "owner_of",
    "read_run",
    "row_source",
    "tidy_run",
    "update_run",
    "write_run",
]
