"""What both estimators are: parameters, fitting, partial fitting, outputs.

Knows scikit-learn's conventions and the order of a fit; trains and computes nothing itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from copy import copy
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from chainrule.estimators.fitting import (
    Wanted,
    forward_setup,
    make_judge,
    plan_fit,
    starting_state,
    train,
)
from chainrule.estimators.given import Given, Rows, dense_rows
from chainrule.estimators.judging import EpochJudge, Sizes, curve
from chainrule.estimators.listening import Listeners
from chainrule.estimators.parameters import CONSTRAINTS, THEIR_ACTIVATION, state_names
from chainrule.executors.threads import one_thread
from chainrule.nn import Loss
from chainrule.run import Run
from chainrule.train import Setup, predict_rows
from chainrule.train.epoch_ends import EpochEnd
from chainrule.types import Array


class BaseNetwork(CallbackSupportMixin, BaseEstimator):  # type: ignore[misc]
    """Base of both estimators; see `NetworkClassifier` and `NetworkRegressor`."""

    _parameter_constraints: ClassVar[dict[str, Any]] = CONSTRAINTS

    run_: Run
    coefs_: list[Array]
    intercepts_: list[Array]
    loss_curve_: list[float]
    validation_loss_curve_: list[float] | None
    validation_scores_: list[float] | None
    n_outputs_: int
    t_: int
    _forward: Setup

    def __init__(
        self, loss: Any, hidden_layer_sizes: Any, activation: Any, solver: Any, alpha: Any,
        batch_size: Any, learning_rate: Any, learning_rate_init: Any, power_t: Any, max_iter: Any,
        shuffle: Any, random_state: Any, tol: Any, verbose: Any, warm_start: Any, momentum: Any,
        nesterovs_momentum: Any, early_stopping: Any, validation_fraction: Any, beta_1: Any,
        beta_2: Any, epsilon: Any, n_iter_no_change: Any, scoring: Any, callbacks: Any, dtype: Any,
        engine: Any, keep_rows: Any,
    ) -> None:  # fmt: skip
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.scoring = scoring
        self.callbacks = callbacks
        self.dtype = dtype
        self.engine = engine
        self.keep_rows = keep_rows

    # What the classifier and the regressor say of their targets.

    def _learn_targets(self, y: Array, go_on: bool, partial: bool) -> None:
        """Learn what the targets are; going on, check that they are the same."""
        raise NotImplementedError

    def _output(self, y: Array) -> tuple[int, str, Loss]:
        """Return how many outputs there are, their activation and the loss."""
        raise NotImplementedError

    def _encoded(self, y: Array, loss: Loss) -> Array:
        """Return targets as the loss reads them."""
        raise NotImplementedError

    def _decoded(self, out: Array) -> Array:
        """Return the predictions that outputs mean."""
        raise NotImplementedError

    def _weighed(self, y: Array, weight: Array | None, partial: bool) -> Array | None:
        """Return the weights of rows, those of their classes among them."""
        return weight

    def _metric(self, y: Array, predicted: Array, sample_weight: Array | None) -> float:
        """Return the estimator's own score of predictions."""
        raise NotImplementedError

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Array, Array]:
        """Return inputs and targets as arrays, or refuse them."""
        raise NotImplementedError

    # Fitting.

    @with_callbacks  # type: ignore[untyped-decorator]
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None
    ) -> Any:
        """Train the network.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs, as they are: put a scaler before. A sparse matrix is made dense.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts.
        X_val, y_val : array-like, optional
            Rows to judge by, instead of a share of the training rows: their loss is kept beside
            the training loss, and with ``early_stopping=True`` their score stops the training.

        Returns
        -------
        self : estimator
        """
        self._validate_params()
        go_on = self.warm_start and hasattr(self, "coefs_")
        return self._fit(X, y, sample_weight, X_val, y_val, go_on=go_on)

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Any:
        self._validate_params()
        if self.early_stopping:
            raise ValueError(
                "partial_fit does not support early_stopping=True: it has no rows to judge by."
            )
        go_on = hasattr(self, "coefs_")
        return self._fit(X, y, sample_weight, None, None, go_on=go_on, partial=True)

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, X_val: Any, y_val: Any, *,
        go_on: bool, partial: bool = False,
    ) -> Any:  # fmt: skip
        x, target = self._checked(X, y, reset=not go_on)
        weight = None
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, x, ensure_non_negative=True)
        self._learn_targets(target, go_on, partial)
        outputs, last, loss = self._output(target)
        random = check_random_state(self.random_state)
        seed = int(random.randint(np.iinfo(np.int32).max))
        rows = Rows(x, self._encoded(target, loss), self._weighed(target, weight, partial))
        given = Given(X, target, rows)
        judged = self._judged(given, X_val, y_val, loss, random)
        if judged is not None and judged.numbers is not None:
            given = given.without(judged.numbers)
        names = getattr(self, "feature_names_in_", None)
        wanted = Wanted(
            rows=given.rows,
            judged=None if judged is None else judged.rows,
            numbers=given.numbers,
            loss=loss,
            outputs=outputs,
            last=last,
            seed=seed + (self.t_ if go_on and partial else 0),
            epochs=1 if partial else int(self.max_iter),
            features=None if names is None else tuple(map(str, names)),
        )
        return self._carry_out(wanted, given, judged, go_on, partial)

    def _judged(
        self, given: Given, X_val: Any, y_val: Any, loss: Loss, random: Any
    ) -> Given | None:
        """Return the rows to judge by: those that were given, or a share of all."""
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val go together; one of them was given alone.")
        if X_val is not None:
            x, target = self._checked(X_val, y_val, reset=False)
            weight = self._weighed(target, None, False)
            return Given(X_val, target, Rows(x, self._encoded(target, loss), weight))
        if not self.early_stopping:
            return None
        count = len(given.rows.x)
        if int(np.ceil(self.validation_fraction * count)) < 2:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} of {count} rows is less than 2: "
                "the validation set is too small.\n  Take a larger share, or give X_val and y_val."
            )
        stratify = given.target if self._stratifies() else None
        _, held = train_test_split(
            np.arange(count),
            random_state=random,
            test_size=self.validation_fraction,
            stratify=stratify,
        )
        return given.taken(np.sort(held))

    def _stratifies(self) -> bool:
        """Tell whether each class keeps its share among the rows to judge by."""
        return False

    def _carry_out(
        self, wanted: Wanted, given: Given, judged: Given | None, go_on: bool, partial: bool
    ) -> Any:
        last = self.run_.record if go_on and partial else None
        setup = plan_fit(self, wanted, 0 if last is None else last.setup.clock + last.steps)
        names = state_names(setup.network)
        known = dict(self._state()) if go_on else None
        state = starting_state(setup, known, {} if last is None else last.final)
        forward = forward_setup(setup)

        def learnt(state: Mapping[str, Array], epochs: int) -> dict[str, Any]:
            return {
                "_forward": forward,
                "coefs_": [np.array(state[w]) for w, _ in names],
                "intercepts_": [np.array(state[b]) for _, b in names],
                "n_iter_": epochs,
                "n_layers_": len(names) + 1,
                "n_outputs_": wanted.outputs,
                "out_activation_": THEIR_ACTIVATION.get(wanted.last, wanted.last),
            }

        context = self._init_callback_context(max_subtasks=wanted.epochs)
        listeners = Listeners(self, context, given.shown(), learnt, wanted.epochs)
        score = None if judged is None else self._scorer(judged, learnt)
        judge = make_judge(self, wanted, score, listeners.told if listeners.heard else None)
        listeners.begin()
        run = train(self, setup, state, wanted, judge, given.shared())
        self._learn(run, wanted, judge, learnt, go_on)
        listeners.end()
        if not partial:
            self._warn(run, judge)
        return self

    def _scorer(self, judged: Given, learnt: Any) -> Any:
        """Return the function that scores an epoch on the rows to judge by."""
        if self.scoring == "loss":
            return lambda epoch: -float(epoch.validation_loss)
        weight = judged.rows.w
        if self.scoring is None:

            def plain(epoch: EpochEnd) -> float:
                out = epoch.validation_out
                if out is None or not np.isfinite(out).all():
                    return float("nan")
                return self._metric(judged.target, self._decoded(out), weight)

            return plain
        scorer = check_scoring(self, scoring=self.scoring)

        def chosen(epoch: EpochEnd) -> float:
            copied = copy(self)
            copied.__dict__.update(learnt(epoch.state(), 0))
            return float(scorer(copied, judged.inputs(), judged.target))

        return chosen

    def _learn(
        self, run: Run, wanted: Wanted, judge: EpochJudge | None, learnt: Any, go_on: bool
    ) -> None:
        """Keep what training found, under scikit-learn's names."""
        setup, rows = run.record.setup, len(wanted.rows.x)
        batch = setup.batch_size or rows
        per_epoch = -(-rows // batch)
        losses = curve(run.history, Sizes(rows, batch), per_epoch)
        self.__dict__.update(learnt(run.record.best, len(losses)))
        self.run_ = run
        self.t_ = rows * len(losses) + (self.t_ if go_on else 0)
        before: tuple[list[float], ...] = ([], [], [])
        if go_on:
            curves = (self.loss_curve_, self.validation_loss_curve_, self.validation_scores_)
            before = tuple(found or [] for found in curves)
        self.loss_curve_ = before[0] + losses
        self.loss_ = self.loss_curve_[-1]
        judged = wanted.judged is not None and judge is not None
        found = (judge.validation_losses, judge.scores) if judged and judge else ([], [])
        self.validation_loss_curve_ = before[1] + found[0] if judged else before[1] or None
        self.validation_scores_ = before[2] + found[1] if judged else before[2] or None
        by_score = judge is not None and judge.by_score
        self.best_validation_score_ = judge.best_score if judge and by_score else None
        self.best_loss_ = None if by_score else min(self.loss_curve_)

    def _warn(self, run: Run, judge: EpochJudge | None) -> None:
        """Say that training was cut short, where that may have been unwanted."""
        if run.stopped == "interrupted":
            warnings.warn("Training interrupted by user.", stacklevel=6)
        elif (
            run.stopped == "finished"
            and judge is not None
            and not judge.over
            and (judge.patience < self.max_iter)
        ):
            warnings.warn(
                f"Maximum iterations ({self.max_iter}) reached and the training has not "
                "converged yet.",
                ConvergenceWarning,
                stacklevel=6,
            )

    # What a fitted estimator does.

    def _state(self) -> Mapping[str, Array]:
        """Return the parameters by our names."""
        names = state_names(self._forward.network)
        weights = {w: coef for (w, _), coef in zip(names, self.coefs_, strict=True)}
        return weights | {b: one for (_, b), one in zip(names, self.intercepts_, strict=True)}

    def _outputs(self, X: Any) -> Array:
        """Return the network's output for rows of inputs."""
        check_is_fitted(self, "coefs_")
        kinds = (np.float64, np.float32)
        x = dense_rows(
            validate_data(self, X, accept_sparse=["csr", "csc"], dtype=kinds, reset=False)
        )
        setup = self._forward
        with one_thread():
            return predict_rows(setup, self._state(), np.ascontiguousarray(x, setup.dtype))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
