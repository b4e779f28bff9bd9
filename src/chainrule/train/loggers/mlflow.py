"""MLflow: anything with ``log_metrics(dict, step=)``, such as the module itself.

Knows that method; needs no package until ``mlflow:EXPERIMENT`` is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.train.loggers.logger import Figures, Send
from chainrule.train.loggers.registry import Target, can, register


def _send(writer: Any) -> Send:
    def send(figures: Figures, step: int) -> None:
        writer.log_metrics(dict(figures), step=step)

    return send


def _open(where: str) -> tuple[Any, Callable[[], object]]:
    import mlflow

    mlflow.set_experiment(where)
    mlflow.start_run()
    return mlflow, mlflow.end_run


MLFLOW = register(Target("mlflow", lambda writer: can(writer, "log_metrics", "step"), _send, _open))
