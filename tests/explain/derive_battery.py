"""Derivations of many random networks: the listing against the replay, the LaTeX against its rules.

python -m tests.explain.derive_battery --count 500
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from derive_runs import INPUTS, ending, outputs_for, trained
from test_derive import check_latex, maths_of

import chainrule as cr
from chainrule.explain.derive import NOTATIONS, derive
from chainrule.nn import known_activations, losses
from chainrule.optim import optimizers

HIDDEN = [name for name in known_activations() if name != "softmax"]
WILD = {"exp", "expm1", "square", "log", "sqrt", "reciprocal", "log1p"}
"""Activations of which one is enough: three in a row leave the range of floats."""


def random_layers(rng, loss):
    """Up to five layers of any activation, some with penalties, frozen, shared or without bias."""
    hidden, layers, wild = int(rng.integers(0, 5)), [], 0
    shared = bool(rng.random() < 0.2)
    for _ in range(hidden):
        name = str(rng.choice(HIDDEN))
        wild += name in WILD
        name = "tanh" if wild > 1 and name in WILD else name
        layers.append(
            cr.Dense(
                INPUTS if shared else int(rng.integers(1, 6)), name,
                l1=0.01 * bool(rng.random() < 0.2), l2=0.1 * bool(rng.random() < 0.2),
                bias=bool(rng.random() < 0.8),
                trainable=str(rng.choice(["weights", "biases"])) if rng.random() < 0.1 else True,
            )
        )  # fmt: skip
    if shared and hidden:
        layers = [cr.Dense(INPUTS, "tanh", weights_name="W", l2=0.1) for _ in layers]
    return [*layers, cr.Dense(outputs_for(loss), str(rng.choice(ending(loss))))]


def random_run(seed):
    """A run of one step, every setting drawn."""
    rng = np.random.default_rng(seed)
    loss = str(rng.choice(sorted(losses)))
    rule = optimizers[str(rng.choice(sorted(optimizers)))](
        clip_norm=1.0 if rng.random() < 0.3 else None
    )
    return trained(
        random_layers(rng, loss), loss, seed=seed, rows=int(rng.integers(1, 9)),
        soft=bool(rng.random() < 0.5), weighted=bool(rng.random() < 0.3),
        reduction=str(rng.choice(["sum", "mean"])), optimizer=rule,
        batch_size=int(rng.integers(1, 5)) if rng.random() < 0.3 else None,
    )  # fmt: skip


def distance(run):
    """The largest difference of the listing's gradients, relative to the largest entry of each."""
    moment = run.at(0)
    values = {**moment.parameters, **{k: moment.values[k] for k in "xyw" if k in moment.values}}
    with np.errstate(all="ignore"):
        exec(derive(run.record).data["code"], values)
    worst = 0.0
    for name, wanted in moment.gradients.items():
        apart = np.abs(values[f"d{name}"] - wanted).max()
        worst = max(worst, float(apart / (np.abs(wanted).max() or 1.0)))
    return worst


def main():
    """Print how far the listings are from the replays, and how many formulas were checked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--latex", help="write every formula to this file, a JSON object a line")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    found, formulas, refused = [], set(), 0
    for seed in range(asked.count):
        try:
            run = random_run(seed)
        except (cr.DivergenceError, cr.ChainruleError):
            refused += 1
            continue
        found.append((distance(run), seed))
        page = derive(run.record, NOTATIONS[seed % len(NOTATIONS)])
        for latex in maths_of(page):
            check_latex(latex)
            formulas.add(latex)
    worst, seed = max(found)
    beyond = sum(apart > 1e-11 for apart, _ in found)
    print(
        f"{len(found)} runs ({refused} refused), worst listing {worst:.1e} (run {seed}), "
        f"{beyond} beyond 1e-11 (saturated units); {len(formulas)} formulas"
    )
    if asked.latex:
        lines = (json.dumps({"latex": rf"\begin{{aligned}}{f}\end{{aligned}}", "display": True})
                 for f in sorted(formulas))  # fmt: skip
        Path(asked.latex).write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
