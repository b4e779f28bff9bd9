"""A plan as text: one line an instruction.

Knows plans and their buffers; knows nothing of values but those of small constants.
"""

from __future__ import annotations

from chainrule.graph.listing import label
from chainrule.plan.buffers import assign_buffers
from chainrule.plan.plan import Instruction, Plan

HEADER = ("", "phase", "value", "operation", "shape", "bytes", "flops", "buffer")


def plan_listing(plan: Plan) -> str:
    """Return a table of the plan: phase, value, operation, shape, bytes, flops, buffer.

    Examples
    --------
    >>> import chainrule as cr
    >>> from chainrule.plan import make_plan
    >>> x = cr.variable("x", shape=(2, 3))
    >>> print(plan_listing(make_plan({"out": cr.exp(x)})))
         phase    value  operation  shape   bytes  flops  buffer
      0  input    x      variable   (2, 3)     48      0
      1  forward  v1     exp(x)     (2, 3)     48      6  b0
    2 instructions, 6 flops, 48 bytes in 1 buffer
    """
    buffers = assign_buffers(plan)
    names = [_name(i) for i in plan.instructions]
    rows = [HEADER] + [
        (
            f"{i.number:>3}",
            i.phase,
            names[i.number],
            _operation(i, names),
            str(i.node.shape),
            str(i.bytes),
            str(i.flops),
            f"b{buffers.place[i.number]}" if i.number in buffers.place else "",
        )
        for i in plan.instructions
    ]
    widths = [max(len(row[c]) for row in rows) for c in range(len(HEADER))]
    right = {"bytes", "flops"}
    lines = [
        "  ".join(
            cell.rjust(width) if title in right else cell.ljust(width)
            for cell, width, title in zip(row, widths, HEADER, strict=True)
        ).rstrip()
        for row in rows
    ]
    count = len(buffers.sizes)
    return "\n".join(lines) + (
        f"\n{len(plan.instructions)} instructions, {plan.flops:,} flops, "
        f"{buffers.bytes:,} bytes in {count} buffer{'s' if count != 1 else ''}"
    )


def _name(instruction: Instruction) -> str:
    node = instruction.node
    return label(node) if node.op == "constant" else node.name or f"v{instruction.number}"


def _operation(instruction: Instruction, names: list[str]) -> str:
    node = instruction.node
    if not node.inputs:
        return node.op
    attrs = [f"{key}={value}" for key, value in node.attrs.items() if key != "message"]
    return f"{node.op}({', '.join([*(names[i] for i in instruction.inputs), *attrs])})"
