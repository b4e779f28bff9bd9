"""Executors carry out plans: the interpreter defines every result, `compare` is the referee.

Knows plans and primitives; knows no layers, losses or training.
"""

from chainrule.executors.compare import Difference, compare
from chainrule.executors.footprint import peak_bytes
from chainrule.executors.functions import evaluate, grad, value_and_grad
from chainrule.executors.interpreter import Program, bind, outputs
from chainrule.executors.recording import Recording, record

__all__ = [
    "Difference",
    "Program",
    "Recording",
    "bind",
    "compare",
    "evaluate",
    "grad",
    "outputs",
    "peak_bytes",
    "record",
    "value_and_grad",
]
