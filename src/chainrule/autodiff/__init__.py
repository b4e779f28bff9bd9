"""Derivatives of graphs: reverse mode and forward mode as graphs, numeric references by value.

Knows the rules that primitives declare; knows no executor.
"""

from chainrule.autodiff.forward import directional_derivative
from chainrule.autodiff.numeric import central_differences, complex_step
from chainrule.autodiff.reverse import backward, gradients

__all__ = [
    "backward",
    "central_differences",
    "complex_step",
    "directional_derivative",
    "gradients",
]
