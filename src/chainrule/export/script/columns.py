"""Tables in a script: reading a CSV, and the preparation of each column as a line.

Knows preparations; knows no network.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.data.transforms import Classes, Flag, OneHot, Standardize
from chainrule.errors import SpecError
from chainrule.export.script.layout import STEP, bracketed, indented, quoted

READ = '''\
def read(path):
    """Return the rows of a table as dictionaries: name of the column to its cell."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        header = file.readline()
        file.seek(0)
        delimiter = max(",;\\t|", key=header.count)
        rows = list(csv.DictReader(file, delimiter=delimiter, strict=True))
    for count, row in enumerate(rows, 1):
        if None in row or None in row.values():
            raise SystemExit(f"{path}: row {count} is not as long as the header.")
        row[""] = f"{path}: row {count}"  # for messages
    return rows
'''
MISSING = '''\
def is_missing(row, name):
    """Return whether a cell holds nothing, or a word that stands for nothing."""
    if name not in row:
        raise SystemExit(f"{row['']}: there is no column {name!r}.")
    return row[name].strip() in MISSING
'''
REFUSED = '''\
def refuse(row, name, wanted):
    """Stop: a cell is not what it was in training."""
    raise SystemExit(f"{row['']}, column {name!r}: {row[name]!r} is {wanted}.")
'''
NUMBER = '''\
NUMERAL = re.compile(r"[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?")


def number(row, name, mean, scale, fill=None, exponent=0, marked=False):
    """Return a cell in units of the training rows' spread; the mean where it is missing."""
    gap = is_missing(row, name)
    cell = {cell}
    if not gap and not NUMERAL.fullmatch(cell):
        refuse(row, name, "no number")
    value = math.ldexp(float(cell), -exponent) if not gap else mean if fill is None else fill
    value = (value - mean) / scale
    if not math.isfinite(value):
        refuse(row, name, "too large")
    return [value, float(gap)] if marked else [value]
'''
CATEGORY = '''\
def category(row, name, known, fill=None, unseen="error"):
    """Return 1 for the category of a cell and 0 for the others."""
    gap = is_missing(row, name)
    found = fill if gap else row[name]
    if found not in known and unseen == "error":
        refuse(row, name, "a category that no training row has")
    return [float(found == one) for one in known]
'''
NUMERIC = '''\
def as_category(cell):
    """Return a number as the category that it is: 3.0 is 3."""
    try:
        value = float(cell)
    except ValueError:
        return cell
    return str(int(value)) if value.is_integer() else repr(value)
'''
FLAG = '''\
def flag(row, name, fill, marked=False):
    """Return 1 for true and 0 for false."""
    gap = is_missing(row, name)
    word = str(fill).lower() if gap else row[name].strip().lower()
    if word not in ("true", "false", "1", "0"):
        refuse(row, name, "neither true nor false")
    value = float(word in ("true", "1"))
    return [value, float(gap)] if marked else [value]
'''


def table_lines(preparation: Any, dtype: Any) -> list[str]:
    """Return the functions that turn a row of a table into inputs."""
    reading = preparation.reading
    if not reading.header or reading.ragged != "error":
        raise SpecError(
            "a prediction script was asked for; this run reads tables without a header, or with "
            "rows of several lengths, which such a script does not.\n  Export it without the "
            "table: chainrule export RUN --to script, or --to onnx."
        )
    if preparation.missing == "error":
        gaps = "MISSING = ()  # an empty cell is refused"
    else:
        words = dict.fromkeys(["", *reading.missing])
        gaps = f"MISSING = ({', '.join(map(quoted, words))}{',' if len(words) == 1 else ''})"
    kinds = {type(transform) for transform in preparation.transforms}
    numeric = any(_is_numeric(one) for one in preparation.transforms)
    blocks = [READ, MISSING, REFUSED]
    blocks += [NUMBER.format(cell=_cell(reading))] if Standardize in kinds else []
    blocks += [CATEGORY] if OneHot in kinds else []
    blocks += [NUMERIC] if numeric else []
    blocks += [FLAG] if Flag in kinds else []
    lines = [gaps]
    for block in [*blocks, "\n".join(_features(preparation))]:
        lines += ["", "", *block.rstrip("\n").split("\n")]
    return lines


def _cell(reading: Any) -> str:
    """Return the code of a cell's text as Python reads numbers."""
    text = "row[name].strip()"
    if reading.thousands:
        text += f'.replace({quoted(reading.thousands)}, "")'
    return text + (f'.replace({quoted(reading.decimal)}, ".")' if reading.decimal else "")


def _is_numeric(transform: Any) -> bool:
    """Tell whether categories may be the numbers of a column."""
    if not isinstance(transform, OneHot):
        return False
    try:
        return all(np.isfinite(float(word)) for word in transform.categories)
    except ValueError:
        return False


def _features(preparation: Any) -> list[str]:
    lines = ["def features(row):", '    """Return the inputs of the network for a row."""']
    lines += [f"{STEP}return ["]
    for transform in preparation.transforms:
        start, arguments = _call(transform)
        lines += indented(bracketed(f"*{start}(", arguments, ")", depth=2), 2)
        lines[-1] += ","
    return [*lines, f"{STEP}]"]


def _call(transform: Any) -> tuple[str, list[str]]:
    """Return the function of a transform and its arguments as code."""
    name = ["row", quoted(transform.name)]
    if isinstance(transform, Standardize):
        told = [f"mean={transform.center!r}", f"scale={transform.spread!r}"]
        told += [f"fill={transform.fill!r}"] if transform.fill != transform.center else []
        told += [f"exponent={transform.exponent}"] if transform.exponent else []
        return "number", name + told + (["marked=True"] if transform.indicator else [])
    if isinstance(transform, Flag):
        told = [f"fill={transform.fill!r}"] + (["marked=True"] if transform.indicator else [])
        return "flag", name + told
    known = [*map(quoted, transform.categories), *(["None"] if transform.indicator else [])]
    told = [f"known=[{', '.join(known)}]"]
    told += [] if transform.indicator else [f"fill={quoted(transform.fill)}"]
    told += ['unseen="ignore"'] if transform.unseen == "ignore" else []
    return "category", name + told


def table_main(preparation: Any) -> list[str]:
    """Return the lines that read a table, predict, and print."""
    lines = [
        "if len(sys.argv) != 2:",
        '    raise SystemExit(f"usage: python {sys.argv[0]} TABLE.csv")',
        "rows = read(sys.argv[1])",
        "inputs = np.array([features(row) for row in rows])",
        "out = predict(inputs)",
        'write = csv.writer(sys.stdout, lineterminator="\\n").writerow',
    ]
    output = preparation.output
    if isinstance(output, Classes):
        labels = [quoted(x) if isinstance(x, str) else repr(x) for x in output.labels]
        lines += bracketed("labels = [", labels, "]", depth=1)
        if preparation.outputs == 1:
            lines.append("out = np.hstack([1 - out, out])")
            best = "int(row[1] >= 0.5)"
        else:
            best = "int(np.argmax(row))"
        lines += [
            'write(["prediction", *(f"probability of {label}" for label in labels)])',
            "for row in out:",
            f"    write([labels[{best}], *row.tolist()])",
        ]
    else:
        value = f"float(row[0]) * {output.spread!r} + {output.center!r}"
        value = f"math.ldexp({value}, {output.exponent})" if output.exponent else value
        lines += ['write(["prediction"])', "for row in out:", f"    write([{value}])"]
    return ['if __name__ == "__main__":', *indented(lines)]
