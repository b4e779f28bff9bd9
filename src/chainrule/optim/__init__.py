"""Update rules as graphs: one file each, found by name; schedules and clipping.

Knows operations; knows no network and no executor.
"""

from importlib import import_module
from pkgutil import iter_modules

from chainrule.optim.optimizer import Optimizer, Updates, find_optimizer, optimizers
from chainrule.optim.schedules import (
    Constant,
    Cosine,
    Exponential,
    InverseScaling,
    Schedule,
    StepDecay,
    WarmUp,
    schedule_from,
    schedules,
)

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

from chainrule.optim.adam import Adam  # noqa: E402
from chainrule.optim.adamw import AdamW  # noqa: E402
from chainrule.optim.momentum import Momentum  # noqa: E402
from chainrule.optim.nesterov import Nesterov  # noqa: E402
from chainrule.optim.rmsprop import RMSProp  # noqa: E402
from chainrule.optim.sgd import SGD  # noqa: E402

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Constant",
    "Cosine",
    "Exponential",
    "InverseScaling",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSProp",
    "Schedule",
    "StepDecay",
    "Updates",
    "WarmUp",
    "find_optimizer",
    "optimizers",
    "schedule_from",
    "schedules",
]
