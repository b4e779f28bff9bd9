"""The form that every operation fills in, and the table of all that did.

Knows what may be asked of an operation; knows no operation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Literal

from chainrule.errors import UnsupportedError

Kind = Literal["elementwise", "linear", "general"]


@dataclass(frozen=True)
class Example:
    """One input on which the contract tests try a primitive.

    Attributes
    ----------
    inputs : tuple
        Numbers or nested lists, one for each input of the primitive.
    attrs : mapping
        Its keyword attributes.
    out : array_like or None
        The value it must have there, where it was worked out by hand or looked up.
    """

    inputs: tuple[Any, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    out: Any = None


@dataclass(frozen=True)
class Primitive:
    """One array operation: everything any room may ask about it.

    Attributes
    ----------
    name : str
        Its name in listings, files and specs.
    kind : {"elementwise", "linear", "general"}
        What its derivative was derived from: local derivatives, linearity, or a rule of its own.
    doc : str
        One sentence for people.
    value : callable
        ``(*arrays, **attrs) -> array``: the definition, in NumPy; takes complex input where
        `analytic` says so.
    shape, dtype : callable
        ``(*input shapes or dtypes, **attrs)`` to the shape and dtype of the output.
    vjp : callable
        ``(g, out, *inputs, **attrs) -> tuple`` of a gradient node (or None) for each input.
    local : callable or None
        Elementwise only: ``(out, *inputs, **attrs) -> tuple`` of a node, a number or None.
    joint : bool
        Linear only: True if linear in all inputs together (a sum of parts, such as ``concat``),
        False if linear in each alone (a product, such as ``matmul``).
    repeats : bool
        True if the output only repeats entries of its one input, as broadcasting would: an
        elementwise operation may then take the input itself.
    floats : bool
        True if integer and boolean inputs are made float first, as arithmetic needs.
    latex : str
        Format string with ``{0}``, ``{1}`` ... for the inputs, ``{all}`` for all of them with
        commas between, and attribute names.
    source : str
        Where the formula comes from, where that is worth knowing.
    kinks : tuple of str
        The convention used at each point without a derivative, in words.
    at_kink : callable or None
        ``(*arrays, **attrs) -> bool array``: where a convention was used.
    analytic : bool
        True if the complex step is a valid reference for its derivative.
    native : callable or None
        ``(maths, *inputs, **attrs) -> value``: the instructions of one entry or one vector of
        them, for the native executor; None means that the NumPy value is used.
    flops : callable or None
        ``(out shape, *input shapes, **attrs) -> int``, floating-point operations; None counts
        one for each entry of the largest array.
    why_general : str
        General only: one sentence on why the other two kinds do not fit.
    rewrite : callable or None
        ``(*inputs, **attrs) -> Node or None``: a simpler node of the same value.
    textbook : callable or None
        Operations of one input: ``(out, x, **attrs) -> (value, local)``, both as books write them,
        in simpler operations; None for one that needs no rewriting. For explanations only, as it
        may lose digits in the tails.
    script : str
        The source of a function of its name that computes its value with NumPy and `math` alone,
        as exactly as ``value``: for programs that are exported. "" for what NumPy has itself.
    examples : tuple of Example
        Inputs for the contract tests; at least one.
    """

    name: str
    kind: Kind
    doc: str
    value: Callable[..., Any]
    shape: Callable[..., tuple[int, ...]]
    dtype: Callable[..., Any]
    vjp: Callable[..., tuple[Any, ...]]
    latex: str
    examples: tuple[Example, ...]
    local: Callable[..., tuple[Any, ...]] | None = None
    joint: bool = False
    repeats: bool = False
    floats: bool = True
    source: str = ""
    kinks: tuple[str, ...] = ()
    at_kink: Callable[..., Any] | None = None
    analytic: bool = True
    native: Callable[..., Any] | None = None
    flops: Callable[..., int] | None = None
    why_general: str = ""
    rewrite: Callable[..., Any] | None = None
    textbook: Callable[..., tuple[Any, Any]] | None = None
    script: str = ""

    @cached_property
    def arity(self) -> int | None:
        """Number of inputs, or None where any number will do (``concat``)."""
        counts = {len(example.inputs) for example in self.examples}
        return counts.pop() if len(counts) == 1 else None

    def formula(self, *inputs: str, **attrs: Any) -> str:
        r"""Return the LaTeX of its value for the LaTeX of its inputs.

        Examples
        --------
        >>> primitives["mul"].formula("w", "x")
        'w \\cdot x'
        """
        return self.latex.format(*inputs, all=", ".join(inputs), **attrs)


primitives: dict[str, Primitive] = {}
"""Every declared primitive by name."""


def register(primitive: Primitive) -> Primitive:
    """Add a primitive to the registry; a name can be taken once."""
    assert primitive.name not in primitives, f"primitive {primitive.name!r} is declared twice"
    assert primitive.examples, f"primitive {primitive.name!r} has no examples to be tested with"
    assert primitive.kind != "general" or primitive.why_general, (
        f"primitive {primitive.name!r} is general and does not say why"
    )
    primitives[primitive.name] = primitive
    return primitive


def look_up(name: str) -> Primitive:
    """Return the primitive of that name, or say which names are close."""
    found = primitives.get(name)
    if found is None:
        near = get_close_matches(name, primitives, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "see chainrule.ops for the list"
        raise UnsupportedError(f"no operation is called {name!r}; {hint}")
    return found
