"""Networks, layers, losses and how parameters begin, all as forward graphs.

A layer never mentions its own gradient; a loss may tell its slope to readers, and training derives
its own. Knows operations; knows no executor.
"""

from chainrule.nn.activations import known_activations
from chainrule.nn.initializers import initializers
from chainrule.nn.layers import Layer, layers
from chainrule.nn.layers.dense import Dense
from chainrule.nn.losses import Loss, find_loss, losses
from chainrule.nn.network import Forward, Network
from chainrule.nn.objective import (
    Objective,
    Reduction,
    build_objective,
    check_pairing,
    default_loss,
)
from chainrule.nn.own import own_functions, register_activation, register_loss
from chainrule.nn.scope import ParameterSpec

__all__ = [
    "Dense",
    "Forward",
    "Layer",
    "Loss",
    "Network",
    "Objective",
    "ParameterSpec",
    "Reduction",
    "build_objective",
    "check_pairing",
    "default_loss",
    "find_loss",
    "initializers",
    "known_activations",
    "layers",
    "losses",
    "own_functions",
    "register_activation",
    "register_loss",
]
