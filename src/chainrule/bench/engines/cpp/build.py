"""Compiles our C++ with g++ for this machine, and finds the BLAS that it calls.

Knows a compiler and shared objects; knows no workload.
"""

from __future__ import annotations

import atexit
import ctypes
import shutil
import subprocess
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path

from chainrule.errors import MissingExtraError

COMPILER = "g++"
FLAGS = ("-std=c++17", "-O3", "-march=native", "-shared", "-fPIC")
VECTORS = {"avx2", "fma"}
"""What the processor must have, as Linux calls it."""


def can_build() -> bool:
    """Say whether there is a compiler, and a processor with the vectors that are used."""
    return shutil.which(COMPILER) is not None and processor_has(VECTORS)


def processor_has(features: set[str]) -> bool:
    """Say whether Linux lists these features of the processor.

    Examples
    --------
    >>> processor_has({"no such thing"})
    False
    """
    told = Path("/proc/cpuinfo")
    words = set(told.read_text("utf-8").split()) if told.is_file() else set()
    return features <= words


@cache
def _folder() -> Path:
    """Return a folder that is removed when the process ends."""
    made = tempfile.mkdtemp(prefix="chainrule-bench-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


@cache
def built(source: str) -> ctypes.CDLL:
    """Return the shared object of a source file beside this one, compiled once a process.

    Raises
    ------
    MissingExtraError
        If the compiler refuses it.
    """
    target = _folder() / f"{source}.so"
    command = [COMPILER, *FLAGS, str(Path(__file__).with_name(source)), "-o", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingExtraError(f"{source} cannot be compiled:\n{done.stderr[:1000]}")
    return ctypes.CDLL(str(target))


@cache
def sgemm() -> int:
    """Return the address of the float32 product of SciPy's BLAS."""
    capsule = import_module("scipy.linalg.cython_blas").__pyx_capi__["sgemm"]
    name, pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(pointer(capsule, name(capsule)))
