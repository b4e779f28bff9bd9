"""The native executor: a plan, with the loop around it, as machine code made by LLVM.

README.md in this folder is the way in. Knows plans; knows no layers, losses or training. Importing
this package imports nothing of LLVM.
"""

SUMMATION = (
    "native: sums of float32 in float64, lane by lane along memory (8 float32 or 4 float64), then "
    "the lanes in halves; products term by term with fused multiply-add, in grains of 256 terms "
    "that are added in pairs; products with a vector lane by lane"
)
"""The order in which numbers are added; bits are promised for it."""

__all__ = ["SUMMATION"]
