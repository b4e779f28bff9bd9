"""Train a network by backpropagation, then open any weight at any step and read the chain rule."""

from chainrule import ops
from chainrule.adopt import adopt
from chainrule.autodiff import central_differences, complex_step, directional_derivative, gradients
from chainrule.errors import ChainruleError, DivergenceError
from chainrule.executors import evaluate, grad, value_and_grad
from chainrule.explain import Explanation
from chainrule.explain.check import check
from chainrule.explain.why import why
from chainrule.graph import constant, dot, listing, parameter, simplify, variable
from chainrule.nn import Dense, Network
from chainrule.nn import find_loss as loss
from chainrule.ops.activations import (
    elu,
    gelu,
    leaky_relu,
    log_sigmoid,
    relu,
    sigmoid,
    silu,
    softplus,
    tanh,
)
from chainrule.ops.compare import clip, maximum, minimum, stop_gradient, where
from chainrule.ops.composite import log_softmax, logsumexp, norm, softmax, std, var
from chainrule.ops.index import gather
from chainrule.ops.products import einsum, matmul
from chainrule.ops.reduction import mean
from chainrule.ops.shape import concat, reshape, stack, transpose
from chainrule.ops.transcendental import cos, erf, exp, expm1, log, log1p, sin, sqrt
from chainrule.optim import (
    SGD,
    Adam,
    AdamW,
    Constant,
    Cosine,
    Exponential,
    InverseScaling,
    Momentum,
    Nesterov,
    RMSProp,
    StepDecay,
    WarmUp,
)
from chainrule.run import Run, load, resume, train
from chainrule.tables import train_table
from chainrule.train import loggers
from chainrule.train.checkpoints import Checkpoints

__all__ = [
    "Adam",
    "AdamW",
    "ChainruleError",
    "Checkpoints",
    "Constant",
    "Cosine",
    "Dense",
    "DivergenceError",
    "Explanation",
    "Exponential",
    "InverseScaling",
    "Momentum",
    "Nesterov",
    "Network",
    "RMSProp",
    "Run",
    "SGD",
    "StepDecay",
    "WarmUp",
    "adopt",
    "central_differences",
    "check",
    "clip",
    "complex_step",
    "concat",
    "constant",
    "cos",
    "directional_derivative",
    "dot",
    "einsum",
    "elu",
    "erf",
    "evaluate",
    "exp",
    "expm1",
    "gather",
    "gelu",
    "grad",
    "gradients",
    "leaky_relu",
    "listing",
    "load",
    "log",
    "log1p",
    "log_sigmoid",
    "log_softmax",
    "loggers",
    "logsumexp",
    "loss",
    "matmul",
    "maximum",
    "mean",
    "minimum",
    "norm",
    "ops",
    "parameter",
    "relu",
    "reshape",
    "resume",
    "sigmoid",
    "silu",
    "simplify",
    "sin",
    "softmax",
    "softplus",
    "sqrt",
    "stack",
    "std",
    "stop_gradient",
    "tanh",
    "train",
    "train_table",
    "transpose",
    "value_and_grad",
    "var",
    "variable",
    "where",
    "why",
]
