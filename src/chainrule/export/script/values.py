"""Numbers in a script: arrays to be read, arrays in base64 at the end, arrays in a file beside it.

Knows arrays and texts; knows nothing of what they are for.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.export.script.layout import WIDTH, commented
from chainrule.types import Array

READABLE = 400
"""Rows with more numbers than this are no reading: they are packed."""
READABLE_START = 300
"""The same for starting values, which are drawn by their rule if there are more."""
PACKED_BYTES = 8 << 20
"""Arrays of more bytes stand in a file beside the script."""

MARK = "# ARRAYS"


def literal(name: str, array: Array) -> list[str]:
    """Return the lines that make an array from its numbers, with all their digits.

    Examples
    --------
    >>> literal("b1", np.array([0.1, -2.0]))
    ['b1 = np.array([0.1, -2.0])']
    """
    kind = f"np.{array.dtype.name}" if array.dtype.name not in ("float64", "int64") else ""
    ending = f", dtype={kind})" if kind else ")"
    line = f"{name} = np.array({_text(array)}{ending}"
    if len(line) <= WIDTH:
        return [line]
    return _as_text(name, array)


def _text(array: Any) -> str:
    """Return numbers as Python writes them, which is exact."""
    if np.ndim(array):
        return f"[{', '.join(map(_text, array))}]"
    return str(array)


def _as_text(name: str, array: Array) -> list[str]:
    """Return the lines that make an array too long for a line of code from a text."""
    whole = [f"{name} = {name}.astype(int)"] if array.dtype.kind == "i" else []
    if array.ndim > 1 and array.shape[1] > 1:
        rows = [" ".join(map(str, row)) for row in array]
        return [f'{name} = numbers("""', *rows, '""")', *whole]
    shape = "ravel()" if array.ndim == 1 else "reshape(-1, 1)"
    return [f'{name} = numbers("""', *_blocks(array), f'""").{shape}', *whole]


def _blocks(array: Array) -> list[str]:
    """Return numbers in lines of the same count, as many in a line as there is room for."""
    told = [str(number) for number in array.ravel()]
    longest = max(map(len, told)) + 1
    fitting = [k for k in range(1, WIDTH // longest + 1) if len(told) % k == 0]
    each = max(fitting)
    return [" ".join(told[k : k + each]) for k in range(0, len(told), each)]


def numbers_function(dtype: np.dtype[Any]) -> list[str]:
    """Return the function that reads such texts."""
    kind = "float" if dtype == np.float64 else f"np.{dtype.name}"
    return [
        "def numbers(text):",
        '    """Return the rows of a text as an array."""',
        "    rows = [line.split() for line in text.strip().splitlines()]",
        f"    return np.array(rows, dtype={kind})",
    ]


@dataclass
class Arrays:
    """The arrays of a script that are not to be read.

    Attributes
    ----------
    target : str
        The export that writes them into a file beside the script.
    held : dict of str to numpy.ndarray
        By the name that they have in the archive.
    beside : bool
        Whether they are to stand in a file of their own, whatever their size.
    opened : bool
        Whether a line has opened them.
    """

    target: str
    held: dict[str, Array] = field(default_factory=dict)
    beside: bool = False
    opened: bool = False

    @property
    def packed(self) -> bool:
        """Whether they stand at the end of the script itself."""
        size = sum(array.nbytes for array in self.held.values())
        return not self.beside and size <= PACKED_BYTES

    def take(self, variables: Mapping[str, str], words: str) -> list[str]:
        """Return the lines that open the archive, once, and name what is in it.

        Parameters
        ----------
        variables : mapping of str to str
            Variable to the array's name in the archive.
        words : str
            What they are.
        """
        told = [f'{variable} = data["{key}"]' for variable, key in variables.items()]
        if self.opened:
            return [*commented(words), *told]
        self.opened = True
        if not self.packed:
            return [
                *commented(f"{words}. They stand in a file beside this one, ending in .npz:"),
                f"#     chainrule export RUN --to {self.target} --out THIS_NAME.npz",
                'data = np.load(Path(__file__).with_suffix(".npz"))',
                *told,
            ]
        return [
            *commented(f"{words}. They stand at the end of this file, in base64"),
            f'packed = Path(__file__).read_text("utf-8").partition("{MARK}\\n")[2]',
            'data = np.load(io.BytesIO(base64.b64decode(packed.replace("# ", ""))))',
            *told,
        ]

    @property
    def imports(self) -> set[str]:
        """The modules that these lines need."""
        if not self.held and not self.beside:
            return set()
        path = {"from pathlib import Path"}
        return path | {"import base64", "import io"} if self.packed else path

    def ending(self) -> list[str]:
        """Return the lines at the end of the script."""
        if not self.held or not self.packed:
            return []
        file = io.BytesIO()
        np.savez_compressed(file, allow_pickle=False, **self.held)
        text = base64.b64encode(file.getvalue()).decode()
        return ["", MARK, *(f"# {text[k : k + 86]}" for k in range(0, len(text), 86))]


def settings_lines(settings: Mapping[str, Any]) -> list[str]:
    """Return a line for each setting."""
    return [f"{name} = {value!r}" for name, value in settings.items()]
