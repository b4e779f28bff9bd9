"""These tests write many thousands of small files and wait for each: in memory where possible."""

import shutil
import tempfile
from pathlib import Path

import pytest

SHARED = Path("/dev/shm")


@pytest.fixture(scope="session")
def in_memory():
    """A folder for temporary folders: in memory where there is room, else the usual one."""
    roomy = SHARED.is_dir() and shutil.disk_usage(SHARED).free > 2**29
    return str(SHARED) if roomy else None


@pytest.fixture
def tmp_path(in_memory):
    with tempfile.TemporaryDirectory(dir=in_memory) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def module_path(in_memory):
    """A folder that the tests of one module share."""
    with tempfile.TemporaryDirectory(dir=in_memory) as folder:
        yield Path(folder)
