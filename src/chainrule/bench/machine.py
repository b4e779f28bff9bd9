"""The machine that was measured on: its processor, its load, the versions of what ran.

Knows where systems tell such things; measures nothing.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("chainrule", "numpy", "scipy", "llvmlite", "jax", "torch", "scikit-learn")


@dataclass(frozen=True)
class Machine:
    """What a reader needs to know beside the times.

    Attributes
    ----------
    processor : str
        Its model.
    cores : int
        As many as the system shows.
    system : str
        Its name.
    load : tuple of float
        Jobs that ran or waited, as means over 1, 5 and 15 minutes; empty where nobody counts.
    versions : dict of str to str
        Of Python, the compiler, the BLAS and the packages that are installed.
    """

    processor: str
    cores: int
    system: str
    load: tuple[float, ...]
    versions: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return the machine as plain data."""
        return asdict(self)


def this_machine() -> Machine:
    """Return the machine as it is now.

    Examples
    --------
    >>> this_machine().cores > 0
    True
    """
    return Machine(
        processor(),
        os.cpu_count() or 1,
        platform.system(),
        load(),
        versions(),
    )


def processor() -> str:
    """Return the model of the processor, as far as it can be told."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text("utf-8").splitlines() if told.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    family = [line.partition(":")[2].strip() for line in lines if line.startswith("cpu family")]
    if not models:
        return platform.processor() or platform.machine()
    return f"{models[0]} (family {family[0]})" if family else models[0]


def load() -> tuple[float, ...]:
    """Return the means of the load; nothing on systems without."""
    try:
        return tuple(round(mean, 2) for mean in os.getloadavg())
    except (AttributeError, OSError):
        return ()


def versions() -> dict[str, str]:
    """Return the versions of everything that may have run."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    found.update(_blas())
    compiler = shutil.which("g++")
    if compiler:
        command = [compiler, "-dumpfullversion"]
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
        found["g++"] = asked.stdout.strip()
    return found


def _blas() -> dict[str, str]:
    """Return the BLAS libraries that are loaded: the one of NumPy, perhaps SciPy's."""
    from threadpoolctl import threadpool_info

    found: dict[str, list[str]] = {}
    for one in threadpool_info():
        if one["user_api"] == "blas":
            said = f"{one['version']} {one.get('architecture', '')}".strip()
            found.setdefault(one["prefix"], []).append(said)
    return {name: " and ".join(sorted(set(said))) for name, said in found.items()}
