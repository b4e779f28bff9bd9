"""One thread for NumPy's products, so that bits do not depend on settings of the environment.

Knows the threads of numeric libraries; knows nothing of plans.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let NumPy's products run on one thread inside the block.

    Examples
    --------
    >>> import numpy as np
    >>> with one_thread():
    ...     float((np.eye(2) @ np.eye(2)).sum())
    2.0
    """
    with _controller().limit(limits=1, user_api="blas"):
        yield
