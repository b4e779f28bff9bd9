"""Random runs on arrays and on tables, their models in onnxruntime, and the comparison."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime
from tests.export.onnx_bounds import LEAST, Reach, through_network

import chainrule as cr
from chainrule.data.transforms import OneHot
from chainrule.nn import Dense, Network, known_activations

BATCHES = (0, 1, 7, 100)
ACTIVATIONS = [name for name in known_activations() if name != "softmax"]
ENDINGS = ("real", "softmax", "logits", "sigmoid", "labels")
LOSSES = {
    "real": "squared_error", "softmax": "cross_entropy", "logits": "cross_entropy",
    "sigmoid": "binary_cross_entropy", "labels": "binary_cross_entropy",
}  # fmt: skip


def session(model):
    """Return onnxruntime's session of a file, its warnings left out."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def answers(opened, feed):
    """Return what a session answers, by name."""
    names = [one.name for one in opened.get_outputs()]
    return dict(zip(names, opened.run(names, feed), strict=True))


def exported(run):
    """Return the session of a run's export."""
    with tempfile.TemporaryDirectory() as folder:
        return session(run.export(Path(folder) / "it.onnx"))


# Runs on arrays


def random_run(rng, depth=None, activation=None):
    """Return a run of 0 steps on arrays, and rows to predict."""
    dtype = str(rng.choice(["float64", "float32"]))
    depth = int(rng.integers(0, 7)) if depth is None else depth
    ending = str(rng.choice(ENDINGS))
    widths = [int(rng.integers(1, 65)) for _ in range(depth + 1)]
    chosen = [activation or str(rng.choice(ACTIVATIONS)) for _ in range(depth)]
    outputs, last = _end(rng, ending, activation)
    sizes = [*widths, outputs]
    layers, initial = [], {}
    x = (rng.normal(size=(120, widths[0])) * 10.0 ** rng.uniform(-2, 1)).astype(dtype)
    h = x.astype(np.float64)
    for k, name in enumerate([*chosen, last], 1):
        bias = bool(rng.random() < 0.85 or name in LEAST)
        layers.append(Dense(sizes[k], name, bias=bias))
        W, b = _weights(rng, h, sizes[k], name, bias)
        initial |= {f"W{k}": W.astype(dtype), **({f"b{k}": b.astype(dtype)} if bias else {})}
        reach = Reach(h, 0.0)
        reach.dense(W, b if bias else None)
        reach.activation(name)
        h = reach.value
    y = _targets(rng, ending, 20, outputs)
    run = cr.train(
        Network(layers, widths[0]), x[:20], y, loss=LOSSES[ending], steps=0, initial=initial,
        dtype=dtype, engine=str(rng.choice(["native", "interpreter"])),
    )  # fmt: skip
    return run, x[20:]


def _end(rng, ending, activation):
    """Return outputs and activation of the last layer."""
    if ending == "real":
        return int(rng.integers(1, 5)), activation or str(rng.choice(ACTIVATIONS))
    if ending == "sigmoid":
        return 1, str(rng.choice(["sigmoid", "linear"]))
    last = {"softmax": "softmax", "logits": "linear", "labels": "sigmoid"}[ending]
    return int(rng.integers(2, 12)), last


def _weights(rng, h, units, name, bias):
    """Return weights that keep what they give in the domain and in a usual range."""
    W = rng.normal(size=(h.shape[1], units))
    size = np.abs(h @ W).max() or 1.0
    if name in LEAST:
        return W / size, rng.uniform(1.5, 3.0, units)
    return W / size * rng.uniform(0.5, 5.0), rng.uniform(-0.5, 0.5, units) * bias


def _targets(rng, ending, rows, outputs):
    if ending == "real":
        return rng.normal(size=(rows, outputs))
    if ending in ("softmax", "logits"):
        return np.arange(rows) % outputs
    return rng.integers(0, 2, (rows, outputs))


# Runs on tables


def random_columns(rng, rows):
    """Return columns of every kind as lists; None is a missing cell."""
    gap = rng.random(rows) < 0.2
    words = ["Biscoe", "Dream", "ß zwei", "NA", "a, b"]
    columns = {
        "plain": rng.normal(size=rows),
        "whole number": rng.integers(-5, 1000, rows).astype(float),
        "gaps": np.where(gap, np.nan, rng.normal(size=rows) * 1e3),
        "tiny": rng.normal(size=rows) * 1e-310,
        "huge": rng.normal(size=rows) * 1e300,
        "constant": np.full(rows, 14.62),
    }
    found = {
        name: [None if np.isnan(v) else float(v) for v in values]
        for name, values in columns.items()
    }
    found["island"] = [words[i] for i in rng.integers(0, 5, rows)]
    found["word gaps"] = [
        None if hole else words[i] for hole, i in zip(gap, rng.integers(0, 3, rows), strict=True)
    ]
    found["code"] = [float(i) for i in rng.integers(0, 4, rows)]
    found["flag"] = [bool(i) for i in rng.integers(0, 2, rows)]
    found["flag gaps"] = [
        None if hole else bool(i) for hole, i in zip(gap, rng.integers(0, 2, rows), strict=True)
    ]
    names = list(found)
    kept = rng.permutation(names)[: int(rng.integers(1, len(names) + 1))]
    return {name: found[name] for name in names if name in kept}


def _target(rng, rows):
    """Return a target column and what to say of it."""
    kind = rng.choice(["two", "three", "numbers", "whole", "broken", "truth", "huge"])
    three = rng.integers(0, 3, rows)
    return {
        "two": ([["no", "yes"][i % 2] for i in three], {}),
        "three": ([["zebra", "Äffin", ""][i] or "x" for i in three], {}),
        "numbers": ((rng.normal(size=rows) * 40 + 1e4).tolist(), {}),
        "whole": ((three + 7).tolist(), {"task": "classification"}),
        "broken": ((three / 2).tolist(), {"categorical": ["y"]}),
        "truth": ([bool(i % 2) for i in three], {}),
        "huge": ((rng.normal(size=rows) * 1e302).tolist(), {}),
    }[str(kind)]


def random_table_run(rng):
    """Return a run of 1 epoch on a table, and columns to predict."""
    rows, new = 60, 100
    both = random_columns(rng, rows + new)
    target, said = _target(rng, rows)
    columns = {name: cells[:rows] for name, cells in both.items()}
    categorical = [*said.get("categorical", ()), *(["code"] if "code" in both else [])]
    hidden = [int(n) for n in rng.integers(1, 65, int(rng.integers(0, 4)))]
    run = cr.train_table(
        {**columns, "y": target}, "y", epochs=1, hidden=hidden, validation=0.0, test=0.0,
        activation=str(rng.choice(["relu", "tanh", "gelu", "sigmoid", "elu", "softplus", "silu"])),
        dtype=str(rng.choice(["float64", "float32"])), seed=int(rng.integers(1000)),
        categorical=categorical, unseen=str(rng.choice(["error", "ignore"])), scale=True,
        **{key: value for key, value in said.items() if key != "categorical"},
    )  # fmt: skip
    fresh = {name: both[name][rows:] for name in run.preparation.input_names}
    for transform in run.preparation.transforms:
        if isinstance(transform, OneHot):
            fresh[transform.name] = _known(rng, transform, fresh[transform.name])
    return run, fresh


def _known(rng, transform, cells):
    """Return cells that the policy allows: new categories only where they are ignored."""
    if transform.unseen == "ignore":
        return ["new one" if rng.random() < 0.1 and isinstance(c, str) else c for c in cells]
    known = {*transform.categories, None}
    texts = [str(int(c)) if isinstance(c, float) else c for c in cells]
    return [c if t in known else cells[0] for c, t in zip(cells, texts, strict=True)]


def fed(preparation, columns, rows=slice(None)):
    """Return the columns of a table as a model's inputs."""
    feed = {}
    for transform in preparation.transforms:
        cells = columns[transform.name][rows]
        if isinstance(transform, OneHot):
            texts = [_as_text(cell) for cell in cells]
            feed[transform.name] = np.array(texts, object).reshape(-1, 1)
        else:
            numbers = [np.nan if cell is None else float(cell) for cell in cells]
            feed[transform.name] = np.array(numbers, np.float64).reshape(-1, 1)
    return feed


def _as_text(cell):
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) else cell


# Comparison


@dataclass
class Tally:
    """What was compared."""

    models: int = 0
    numbers: int = 0
    labels: int = 0
    near: int = 0
    unbounded: int = 0
    shares: list = field(default_factory=list)
    wrong: list = field(default_factory=list)


def compare(run, new, tally):
    """Compare a run with its export on batches of every size; write down what differs."""
    opened = exported(run)
    tally.models += 1
    for rows in BATCHES:
        if run.preparation is None:
            x = new[:rows]
            found = answers(opened, {"X": x})
            ours = run.predict(x) if rows else np.zeros((0, run.network.outputs))
        else:
            found = answers(opened, fed(run.preparation, new, slice(rows)))
            table = {name: cells[:rows] for name, cells in new.items()}
            x = _features(run, table) if rows else np.zeros((0, run.network.inputs))
            ours = _predicted(run, table) if rows else np.zeros((0, 1))
        judge(run, found, ours, x, tally)


def _features(run, table):
    preparation = run.preparation
    return preparation.inputs(preparation.read(table), dtype=run.record.setup.dtype)


def _predicted(run, table):
    """Return our probabilities, one column a class, or our predictions (rows, 1)."""
    columns = run.predict_table(table)
    if run.preparation.labels is None:
        return columns["prediction"][:, None]
    return np.stack([columns[f"probability of {x}"] for x in run.preparation.labels], axis=1)


def judge(run, found, ours, x, tally):
    """Compare answers of a model with ours for inputs (rows, features) of the network."""
    reach, rows = through_network(x, run), len(x)
    preparation, loss = run.preparation, run.record.setup.loss
    numbers = preparation.labels is None if preparation is not None else loss.targets == "real"
    if numbers and preparation is not None:
        scale = preparation.output
        power = 2.0**scale.exponent
        reach.affine(scale.spread * power, scale.center * power)
    theirs = found["prediction" if numbers else "probabilities"]
    apart, unit = reach.apart, reach.unit
    if not numbers and theirs.shape[1] == 2 and apart.shape[1] == 1:
        apart = np.hstack([apart, apart]) + 2 * unit
        ours = np.hstack([1 - ours, ours]) if ours.shape[1] == 1 else ours
    if theirs.shape != (rows, apart.shape[1]) or theirs.dtype != (
        np.float64 if numbers and preparation is not None else run.record.setup.dtype
    ):
        tally.wrong.append(f"{run!r}: shape {theirs.shape}, dtype {theirs.dtype}")
    if rows:
        _judge_numbers(run, ours, theirs, apart, tally)
    if not numbers:
        _judge_labels(run, found["label"], ours, theirs, apart, tally)


def _judge_numbers(run, ours, theirs, apart, tally):
    bounded = np.isfinite(apart)
    difference = np.abs(np.asarray(ours, np.float64) - np.asarray(theirs, np.float64))
    tally.numbers += ours.size
    tally.unbounded += int(np.count_nonzero(~bounded))
    share = difference[bounded] / apart[bounded]
    tally.shares.append(float(share.max(initial=0.0)))
    if not (share <= 1).all():
        tally.wrong.append(f"{run!r}: {share.max():.3g} of the bound, {run.record.setup.dtype}")


def _judge_labels(run, label, ours, theirs, apart, tally):
    """Labels follow from their own probabilities as ours do, and are ours unless it was near."""
    classes, decide = _classes(run), _decision(run, theirs)
    tally.labels += label.size
    if not (label == classes[decide(theirs)]).all():
        tally.wrong.append(f"{run!r}: a label is not that of its probabilities")
    if not len(ours):
        return
    other = label != classes[decide(ours)]
    near = _near(run, ours, apart)
    tally.near += int(np.count_nonzero(other & near))
    if (other & ~near).any():
        tally.wrong.append(f"{run!r}: a label differs where the probabilities decide it")


def _classes(run):
    labels = None if run.preparation is None else run.preparation.labels
    return np.arange(max(2, run.network.outputs)) if labels is None else np.array(labels)


def _several(run):
    """Tell whether each output is a label of its own."""
    loss = run.record.setup.loss
    return run.preparation is None and loss.targets == "binary" and run.network.outputs > 1


def _decision(run, theirs):
    if _several(run):
        return lambda p: (p >= 0.5).astype(int)
    if run.network.outputs == 1:
        return lambda p: (p[:, 1] >= 0.5).astype(int)
    return lambda p: np.argmax(p, axis=1)


def _near(run, ours, apart):
    if _several(run):
        return np.abs(ours - 0.5) <= 2 * apart
    if run.network.outputs == 1:
        return np.abs(ours[:, 1] - 0.5) <= 2 * apart[:, 1]
    best, second = np.sort(ours, axis=1)[:, :-3:-1].T
    return best - second <= 4 * apart.max(axis=1)
