"""Writes the golden runs of the present format: once, when a format is new.

By hand: python -m tests.files.make_golden   (refuses to touch a folder that is there)

Beside each run stands a file of plain numbers, written with all their digits: what the run said
on the day it was made. `test_files_golden_runs` compares them for ever.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import real_runs

import chainrule as cr
from chainrule.files import record

GOLDEN = Path(__file__).parent / "golden"
DTYPES = {"table": "float64", "table32": "float32", "arrays": "float64", "arrays32": "float32",
          "native": "float64", "native32": "float32", "classes": "float64", "branch": "float64",
          "diverged": "float64"}  # fmt: skip
"""Every golden run, and the dtype it is trained in."""

NEW_ROWS = {"size": [0.5, -1.0, None], "colour": ["red", "green", "blue"]}


def make(name):
    """Train a golden run."""
    return real_runs.KINDS[name.removesuffix("32")](DTYPES[name])


def facts(run):
    """What a run says, as plain data; every float with all its digits."""
    middle = run.steps // 2
    moment = run.at(middle)
    found = {
        "outline": run.network.outline,
        "steps": run.steps,
        "stopped": run.stopped,
        "best_step": run.best_step,
        "summary": run.summary().splitlines(),
        "optimizer": run.record.setup.optimizer.to_dict(),
        "parameters": _plain(run.parameters),
        "history": _plain(run.history),
        "step": middle,
        "gradients": _plain(moment.gradients),
        "updates": _plain(moment.updates),
        "slots": _plain(moment.slots),
        "rows": moment.rows.tolist(),
        "predictions": _predictions(run),
    }
    return json.loads(json.dumps(found))


def _predictions(run):
    if run.record.trouble is not None:
        return None
    if run.preparation is None:
        return run.predict(run.record.setup.x[:5]).tolist()
    return {name: values.tolist() for name, values in run.predict_table(NEW_ROWS).items()}


def _plain(arrays):
    return {name: _null(array.tolist()) for name, array in arrays.items()}


def _null(value):
    if isinstance(value, list):
        return [_null(item) for item in value]
    return None if value != value else value


def main():
    place = GOLDEN / f"v{record.VERSION}" / "trained"
    record.written_by = lambda: "chainrule 0.1.0"
    for name in DTYPES:
        run = make(name)
        run.save(place / name)
        text = json.dumps(facts(run), indent=None, separators=(",", ":"))
        (place / f"{name}.json").write_text(text + "\n")
        print(name, sum(f.stat().st_size for f in (place / name).rglob("*") if f.is_file()))


if __name__ == "__main__":
    warnings.simplefilter("error")
    np.seterr(all="warn")
    assert cr.load is not None
    main()
