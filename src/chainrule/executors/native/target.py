"""What is known of a machine: everything that generated code may take from it, in one place.

Knows names of processors and features; emits nothing and compiles nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

VECTOR_BYTES = 32
"""Bytes of a vector. It is part of the order of summation, so it is the same on every machine:
where registers are shorter LLVM uses two of them, and no bit changes."""


@dataclass(frozen=True)
class Target:
    """A machine that code is made for.

    Attributes
    ----------
    triple : str
        LLVM's name of the platform; empty for this machine.
    cpu, features : str
        LLVM's names of the processor and of what it can do.
    fused : bool
        Whether a multiplication and an addition may be rounded once (``fma``). Without it every
        target gives the same bits.
    """

    triple: str
    cpu: str
    features: str
    fused: bool = True

    @property
    def pause(self) -> str:
        """LLVM's function for a thread that waits; empty if none is known."""
        if self.triple.startswith(("x86_64", "i686")):
            return "@llvm.x86.sse2.pause()"
        if self.triple.startswith(("aarch64", "arm64")):
            return "@llvm.aarch64.hint(i32 1)"
        return ""

    @property
    def signature(self) -> str:
        """What code for this target depends on."""
        return f"{self.triple} {self.cpu} {self.features} {self.fused}"


@cache
def host() -> Target:
    """Return this machine.

    Examples
    --------
    >>> host().cpu != ""
    True
    """
    from llvmlite import binding

    features = binding.get_host_cpu_features()
    return Target(
        binding.get_process_triple(), binding.get_host_cpu_name(), features.flatten(),
        fused=has_fused(features),
    )  # fmt: skip


def has_fused(features: dict[str, bool]) -> bool:
    """Tell whether a processor can multiply and add in one rounding."""
    return bool(features.get("fma") or features.get("neon") or features.get("fp-armv8"))


def lanes_of(kind: str) -> int:
    """Return how many numbers of a kind a vector holds.

    Examples
    --------
    >>> lanes_of("f32"), lanes_of("f64")
    (8, 4)
    """
    return VECTOR_BYTES // (4 if kind == "f32" else 8)
