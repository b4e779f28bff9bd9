"""``chainrule predict``: a run and a new table in, a prediction for each row out.

Knows where predictions go and how they are shown; they are made in `chainrule.run`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from rich.text import Text

import chainrule
from chainrule.apps.cli.failures import say
from chainrule.apps.cli.figures import count, number, score
from chainrule.apps.cli.flags import Common
from chainrule.apps.cli.page import gap, item, table
from chainrule.apps.cli.progress import busy
from chainrule.apps.cli.screen import Screen, screen
from chainrule.data.predictions import check_place, stream_predictions, write_predictions
from chainrule.errors import SpecError
from chainrule.run import Run
from chainrule.run.streaming import predict_files
from chainrule.tables import will_stream

ROWS = 10
"""Rows that are shown in a terminal."""


def predict(
    run: str,
    new: str,
    /,
    *,
    out: Annotated[str | None, Parameter(metavar="FILE")] = None,
    overwrite: bool = False,
    extra: Literal["error", "ignore"] = "error",
    delimiter: str | None = None,
    encoding: str | None = None,
    stream: Annotated[bool | None, Parameter(show_default=False)] = None,
    common: Common = Common(),  # noqa: B008 (frozen)
) -> int:
    """Predict the rows of a new table with a run; in the order of its rows.

    In a terminal the first rows are shown; a pipe gets all of them as CSV.

    Parameters
    ----------
    run : str
        The folder of the run.
    new : str
        A table with the columns of the training table, in any order; - is standard input.
    out : str
        Write to this file: .csv, .tsv or .parquet.
    overwrite : bool
        Replace a file that is there.
    extra : str
        Columns that the training table did not have: an error, or ignored.
    delimiter : str
        What stands between cells; found by itself.
    encoding : str
        Encoding of the text; UTF-8 unless the file says otherwise.
    stream : bool
        With --out: read and write piece by piece, in fixed memory. By default only a table that
        would not fit, or one of several files ("part-*.csv").
    """
    if out is not None:
        check_place(out, overwrite=overwrite)
    trained = chainrule.load(run)
    if trained.preparation is None:
        raise SpecError(
            f"run {run!r} was trained on arrays, not on a table.\n"
            "  In Python: chainrule.load(run).predict(X)"
        )
    given = {"delimiter": delimiter, "encoding": encoding}
    changes = {name: value for name, value in given.items() if value is not None}
    if stream and out is None:
        raise SpecError("--stream writes predictions piece by piece to a file: --out FILE.")
    if out is not None and will_stream(new, stream):
        _streamed(trained, run, new, out, extra, changes, common)
        return 0
    rows = trained.preparation.read(new, **changes)
    columns = trained.predict_table(rows, extra=extra)
    remarks = trained.preparation.remarks(rows, extra=extra)
    if out is not None:
        write_predictions(out, columns)
    if common.json:
        screen().write_json(_as_json(run, new, out, columns, remarks))
    else:
        _show(screen(), columns, remarks, out)
    return 0


def _streamed(
    trained: Run, run: str, new: str, out: str, extra: str, changes: dict[str, str], common: Common
) -> None:
    """Predict piece by piece into a file."""
    with busy(screen(), f"predicting {new}"):
        done = predict_files(trained, new, out, extra=extra, **changes)
    if common.json:
        found = {"command": "predict", "run": run, "table": new, "out": out, "rows": done.rows}
        screen().write_json({**found, "remarks": list(done.remarks)})
        return
    item(screen(), "Predicted", f"{count(done.rows, 'row')}, written to {out}")
    item(screen(), "Remarks", *done.remarks)


def _as_json(
    run: str, new: str, out: str | None, columns: Mapping[str, Any], remarks: tuple[str, ...]
) -> dict[str, Any]:
    found: dict[str, Any] = {"command": "predict", "run": run, "table": new, "out": out}
    found |= {"rows": len(columns["prediction"]), "remarks": list(remarks)}
    if out is None:
        found["columns"] = {name: values.tolist() for name, values in columns.items()}
    return found


def _show(
    out: Screen, columns: Mapping[str, Any], remarks: tuple[str, ...], file: str | None
) -> None:
    """Show all predictions as CSV in a pipe, the first in a terminal, none if in a file."""
    if file is None and not out.is_terminal:
        for remark in remarks:
            say(remark)
        out.write_bytes(lambda pipe: stream_predictions(pipe, columns))
        return
    rows = count(len(columns["prediction"]), "row")
    if file is None:
        _show_first(out, columns)
        gap(out)
    item(out, "Predicted", rows if file is None else f"{rows}, written to {file}")
    item(out, "Remarks", *remarks)
    if file is None and len(columns["prediction"]) > ROWS:
        item(out, "All rows", Text("--out predictions.csv, or a pipe", "cyan"))


def _show_first(out: Screen, columns: Mapping[str, Any]) -> None:
    prediction, *probabilities = (values[:ROWS].tolist() for values in columns.values())
    first = [number(one, 6) if isinstance(one, float) else str(one) for one in prediction]
    others = [[score(one) for one in column] for column in probabilities]
    counted = [str(k) for k in range(1, len(first) + 1)]
    names = [name.replace("probability of ", "p ") for name in columns]
    right = [0, *range(1 if not others else 2, len(names) + 1)]
    table(out, ["row", *names], list(zip(counted, first, *others, strict=True)), right=right)
