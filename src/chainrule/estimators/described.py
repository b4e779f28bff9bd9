"""The words that both estimators share: written once, put into each docstring.

Knows text; knows no estimator.
"""

from __future__ import annotations

from textwrap import indent
from typing import TypeVar

C = TypeVar("C", bound=type)

INTRODUCTION = """\
A drop-in for scikit-learn's estimator of the same kind: parameters of the same name mean the
same. Inputs are taken as they are; as there, put a scaler (``StandardScaler``) before it in a
pipeline. ``fit`` leaves the training as ``run_``: ``run_.why("W1[0,2]", step=0)``,
``run_.doctor()``, ``run_.review(...)``, ``run_.save(path)``.
"""

PARAMETERS = """\
hidden_layer_sizes : int or sequence of int, default=(100,)
    Units of each hidden layer; () is a linear model.
activation : str or sequence of str, default="relu"
    Of the hidden layers, one name for all or one for each: any of ours ("relu", "tanh", "gelu",
    "silu" ...), "identity" and "logistic" as in scikit-learn, or one that you registered with
    `chainrule.nn.register_activation`.
solver : str or Optimizer, default="adam"
    "adam"; "sgd" with `momentum` and `nesterovs_momentum`; "adamw", "rmsprop", "momentum",
    "nesterov" at `learning_rate_init`; or an optimizer object such as ``chainrule.Adam(0.01)``,
    which brings its own rate. "lbfgs" is not offered.
alpha : float or sequence of float, default=0.0001
    L2 penalty of the weights, one for all layers or one for each, the output layer among them.
    As in scikit-learn, ``alpha / 2 * sum W**2`` is divided by the weight of the rows of a batch;
    ``Dense(l2=...)`` of chainrule is not divided.
batch_size : int or "auto", default="auto"
    Rows of a step; "auto" is 200. At most all.
learning_rate : {"constant", "invscaling"} or Schedule, default="constant"
    How the rate goes on from `learning_rate_init`; "invscaling" is for "sgd" only. A schedule
    such as ``chainrule.Cosine(0.1, steps=1000)`` brings its own rates.
learning_rate_init : float, default=0.001
    The rate.
power_t : float, default=0.5
    The exponent of "invscaling".
max_iter : int, default=200
    Epochs at most.
shuffle : bool, default=True
    Whether each epoch has its own order of rows.
random_state : int, RandomState or None, default=None
    Fixes starting values, the order of rows and the rows to judge by.
tol : float, default=1e-4
    An epoch that is better by less is not better.
verbose : bool, default=False
    Print a line for each epoch.
warm_start : bool, default=False
    Begin the next fit with the weights of the last one.
momentum : float, default=0.9
    Of "sgd".
nesterovs_momentum : bool, default=True
    Whether that is Nesterov's.
early_stopping : bool, default=False
    Stop by a score on rows that training does not see, `validation_fraction` of them or those
    given to `fit`, and give the best weights back. Else the training loss decides.
validation_fraction : float, default=0.1
    Share of the rows that is held back for that.
beta_1, beta_2 : float, default=0.9 and 0.999
    Of "adam".
epsilon : float, default=1e-8
    Of "adam".
n_iter_no_change : int or inf, default=10
    Stop after more than so many epochs in a row that are no better; inf never stops.
scoring : str, callable or None, default=None
    The score that early stopping watches, as for ``cross_val_score``; "loss" is the validation
    loss; None is the estimator's own score.
callbacks : sequence of callable or None, default=None
    As for `chainrule.train`: functions of a `Progress`, called after each epoch, one that returns
    True stops; or loggers.
    scikit-learn's callbacks are set with `set_callbacks`.
dtype : {"float32", "float64"} or None, default=None
    Numbers to train with; None is float64, or float32 if X is.
engine : {"auto", "native", "interpreter"}, default="auto"
    Machine code or NumPy; "auto" takes machine code where the training is long enough.
keep_rows : bool, default=True
    Whether ``run_`` keeps a copy of the training rows, without which its steps cannot be opened.
    False makes the estimator, and its pickle, as small as its weights."""

ATTRIBUTES = """\
run_ : chainrule.Run
    The training: ``why``, ``at``, ``review``, ``check``, ``doctor``, ``save``.
coefs_, intercepts_ : list of ndarray
    Weights (inputs, units) and biases of each layer; `predict` uses them.
loss_curve_ : list of float
    The mean loss of each epoch, penalty included.
validation_loss_curve_, validation_scores_ : list of float or None
    Loss (without penalty) and score on the rows to judge by, after each epoch.
loss_, best_loss_, best_validation_score_ : float or None
    The last loss; the lowest; the best score, where a score decides.
n_iter_, t_ : int
    Epochs of the last fit; rows seen by all fits that go on from one another.
n_layers_, n_outputs_ : int
    Layers, the input among them; outputs.
out_activation_ : str
    Activation of the output layer.
n_features_in_, feature_names_in_
    Columns of X, and what they are called."""


def described(cls: C) -> C:
    """Put the shared words where a class's docstring has their names in braces.

    Examples
    --------
    >>> class Both:
    ...     '''Do it.
    ...
    ...     {introduction}
    ...     '''
    >>> "drop-in" in described(Both).__doc__
    True
    """
    words = {"introduction": INTRODUCTION, "parameters": PARAMETERS, "attributes": ATTRIBUTES}
    text = cls.__doc__ or ""
    for name, shared in words.items():
        text = text.replace(f"    {{{name}}}", indent(shared.rstrip(), "    "))
    cls.__doc__ = text
    return cls
