"""Training: steps and epochs, history, stopping, divergence, replay.

Knows networks, plans and the interpreter; renders, prints and draws nothing.
"""

from chainrule.train.forward import Judged, judge_rows, predict_rows
from chainrule.train.memory import MemoryEstimate, estimate_memory
from chainrule.train.metrics import Score, score
from chainrule.train.record import Record, Validation
from chainrule.train.replay import Moment, moment_at, state_at
from chainrule.train.setup import Setup, State
from chainrule.train.trainer import Callback, Progress, run_training

__all__ = [
    "Callback",
    "Judged",
    "MemoryEstimate",
    "Moment",
    "Progress",
    "Record",
    "Score",
    "Setup",
    "State",
    "Validation",
    "estimate_memory",
    "judge_rows",
    "moment_at",
    "predict_rows",
    "run_training",
    "score",
    "state_at",
]
