"""Arrow: pyarrow told to take memory as it is needed, and to give it back.

Knows pyarrow's settings; knows nothing of tables. Its usual allocator reserves a gibibyte of
address space at once, which is too much where that is limited.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_POOL = "ARROW_DEFAULT_MEMORY_POOL"


def load_lean() -> None:
    """Load pyarrow with the system's allocator, unless it is loaded or the user chose another."""
    if "pyarrow" in sys.modules or _POOL in os.environ:
        return
    os.environ[_POOL] = "system"
    try:
        import pyarrow as pa

        pa.default_memory_pool()  # the choice is made here, once
    finally:
        del os.environ[_POOL]


@contextmanager
def lean_arrow() -> Iterator[None]:
    """Let pyarrow use the system's allocator and one thread for as long as the block runs."""
    load_lean()
    import pyarrow as pa

    pool, threads = pa.default_memory_pool(), pa.cpu_count()
    pa.set_memory_pool(pa.system_memory_pool())
    pa.set_cpu_count(1)
    try:
        yield
    finally:
        pa.set_memory_pool(pool)
        pa.set_cpu_count(threads)
