"""Loggers: where the figures of a training go while it runs, beside its history.

One file a target; each is recognised by what it can do, so none of their packages is needed here.
Knows what a trainer tells its callbacks; knows nothing of training.
"""

# importing the targets registers them, in the order in which they are tried
from chainrule.train.loggers import mlflow, tensorboard, weights_and_biases, trackio  # noqa: I001
from chainrule.train.loggers.json_lines import JsonLines
from chainrule.train.loggers.logger import MOST_EPOCHS, Logger
from chainrule.train.loggers.registry import Target, logging_to, opened, targets, to

__all__ = [
    "MOST_EPOCHS",
    "JsonLines",
    "Logger",
    "Target",
    "logging_to",
    "mlflow",
    "opened",
    "targets",
    "tensorboard",
    "to",
    "trackio",
    "weights_and_biases",
]
