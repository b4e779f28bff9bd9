"""Train a network by backpropagation, then open any weight at any step and read the chain rule."""

from chainrule import ops
from chainrule.autodiff import central_differences, complex_step, directional_derivative, gradients
from chainrule.executors import evaluate, grad, value_and_grad
from chainrule.graph import constant, dot, listing, simplify, variable
from chainrule.ops import function as _function

sigmoid=_function("sigmoid"); tanh=_function("tanh"); exp=_function("exp")
