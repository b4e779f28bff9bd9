"""One thread for NumPy's products, so that bits do not depend on settings of the environment.

Knows the threads of numeric libraries; knows nothing of plans.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_lock = threading.Lock()
_inside: list[Any] = []
"""One entry for each block in progress, on any thread; the first one holds the limiter."""


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let NumPy's products run on one thread inside the block.

    The setting is the process's: it is made by the first block to begin, and taken back by the
    last one to end, on whatever threads they are.

    Examples
    --------
    >>> import numpy as np
    >>> with one_thread():
    ...     float((np.eye(2) @ np.eye(2)).sum())
    2.0
    """
    with _lock:
        _inside.append(None if _inside else _controller().limit(limits=1, user_api="blas"))
    try:
        yield
    finally:
        with _lock:
            limiter = _inside[0]
            _inside.pop()
            if not _inside:
                limiter.restore_original_limits()
