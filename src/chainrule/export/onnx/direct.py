"""The operations that ONNX has under another name.

Knows names; knows no formula.
"""

from __future__ import annotations

from chainrule.export.onnx.forms import common, form
from chainrule.export.onnx.writer import TRUTH, Value

OF_NUMBERS = {
    "abs": "Abs", "add": "Add", "cos": "Cos", "div": "Div", "exp": "Exp", "floor": "Floor",
    "log": "Log", "matmul": "MatMul", "maximum": "Max", "minimum": "Min", "mul": "Mul",
    "neg": "Neg", "power": "Pow", "reciprocal": "Reciprocal", "relu": "Relu", "sigmoid": "Sigmoid",
    "sign": "Sign", "sin": "Sin", "sqrt": "Sqrt", "sub": "Sub", "tanh": "Tanh",
}  # fmt: skip
"""Numbers to numbers. ONNX's own are right to a few roundings of 1, not of a tiny result."""

TO_TRUTHS = {
    "equal": "Equal", "greater": "Greater", "greater_equal": "GreaterOrEqual", "less": "Less",
    "less_equal": "LessOrEqual", "logical_and": "And", "logical_not": "Not", "logical_or": "Or",
}  # fmt: skip
"""Numbers or truths to truths."""


def _declare(name: str, operator: str, truth: bool) -> None:
    @form(name)
    def written(*inputs: Value) -> Value:
        first, *others = common(*inputs)
        return first.op(operator, *others, dtype=TRUTH if truth else None)


for _name, _operator in OF_NUMBERS.items():
    _declare(_name, _operator, truth=False)
for _name, _operator in TO_TRUTHS.items():
    _declare(_name, _operator, truth=True)
