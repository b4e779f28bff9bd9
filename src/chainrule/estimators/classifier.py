"""The classifier: labels in, labels and probabilities out.

Knows labels and the base that both estimators share; trains nothing itself.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.callback import with_callbacks
from sklearn.utils import column_or_1d
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import validate_data

from chainrule.errors import ParameterRefused
from chainrule.estimators.base import BaseNetwork
from chainrule.estimators.described import described
from chainrule.estimators.given import dense_rows
from chainrule.estimators.parameters import OUR_LOSS, make_loss
from chainrule.estimators.targets import Labels, check_known, dense, labels_of
from chainrule.nn import Loss
from chainrule.types import Array

LOG_LOSS = ("log_loss", "cross_entropy", "binary_cross_entropy")
"""Names of one thing, whose form follows from the targets."""


@described
class NetworkClassifier(ClassifierMixin, BaseNetwork):  # type: ignore[misc]
    """A network that tells classes apart; every step of its training can be opened.

    {introduction}

    Parameters
    ----------
    {parameters}
    loss : str, dict or Loss, default="log_loss"
        "log_loss" is the cross-entropy that goes with the classes; or a name of ours
        (``"half_squared_error"``, on the probabilities), or of one you registered with
        `chainrule.nn.register_loss`.
    class_weight : dict, list of dicts, "balanced" or None, default=None
        How much the rows of each class count, beside sample_weight; those to judge by, too.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels; of a multilabel target the numbers of its columns.
    {attributes}

    Examples
    --------
    >>> from chainrule.estimators import NetworkClassifier
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> network = NetworkClassifier((16,), learning_rate_init=0.02, max_iter=1000, random_state=0)
    >>> model = make_pipeline(StandardScaler(), network).fit(X, y)
    >>> model.score(X, y) > 0.95
    True
    >>> print(model[-1].run_.why("W1[0,2]", step=0).text().splitlines()[0])  # doctest: +ELLIPSIS
    dL/dW1[0,2] = ... at step 0, 150 rows
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseNetwork._parameter_constraints,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    classes_: Array
    _labels: Labels

    def __init__(
        self, hidden_layer_sizes: Any = (100,), activation: Any = "relu", *, solver: Any = "adam",
        alpha: Any = 0.0001, batch_size: Any = "auto", learning_rate: Any = "constant",
        learning_rate_init: float = 0.001, power_t: float = 0.5, max_iter: int = 200,
        shuffle: bool = True, random_state: Any = None, tol: float = 1e-4, verbose: Any = False,
        warm_start: bool = False, momentum: float = 0.9, nesterovs_momentum: bool = True,
        early_stopping: bool = False, validation_fraction: float = 0.1, beta_1: float = 0.9,
        beta_2: float = 0.999, epsilon: float = 1e-8, n_iter_no_change: float = 10,
        loss: Any = "log_loss", class_weight: Any = None, scoring: Any = None,
        callbacks: Any = None, dtype: str | None = None, engine: str = "auto",
        keep_rows: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(
            loss=loss, hidden_layer_sizes=hidden_layer_sizes, activation=activation, solver=solver,
            alpha=alpha, batch_size=batch_size, learning_rate=learning_rate,
            learning_rate_init=learning_rate_init, power_t=power_t, max_iter=max_iter,
            shuffle=shuffle, random_state=random_state, tol=tol, verbose=verbose,
            warm_start=warm_start, momentum=momentum, nesterovs_momentum=nesterovs_momentum,
            early_stopping=early_stopping, validation_fraction=validation_fraction, beta_1=beta_1,
            beta_2=beta_2, epsilon=epsilon, n_iter_no_change=n_iter_no_change, scoring=scoring,
            callbacks=callbacks, dtype=dtype, engine=engine, keep_rows=keep_rows,
        )  # fmt: skip
        self.class_weight = class_weight

    @with_callbacks  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Any:
        """Go on with one epoch over these rows; the optimizer remembers the earlier ones.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for `fit`.
        classes : array-like, optional
            All classes, at the first call, where `y` does not hold each of them.

        Returns
        -------
        self : estimator
        """
        if not hasattr(self, "coefs_"):
            self._announced = classes
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: "
                f"{self.classes_!r}."
            )
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X: Any) -> Array:
        """Return the label of each row; of a multilabel target a 0 or 1 for each.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        return self._decoded(self._outputs(X))

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, in the order of ``classes_``.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        out = self._outputs(X)
        return self._labels.probabilities(out)

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of `predict_proba`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Array, Array]:
        kinds = self.dtype or (np.float64, np.float32)
        x, target = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True, dtype=kinds, reset=reset
        )
        target = dense(target)
        if target.ndim == 2 and target.shape[1] == 1:
            target = column_or_1d(target, warn=True)
        return dense_rows(x), np.asarray(target)

    def _learn_targets(self, y: Array, go_on: bool, partial: bool) -> None:
        if go_on:
            if not partial and self._labels.kind != "multilabel":
                _check_same(self._labels, y)
            check_known(self._labels, y, "`y`")
            return
        classes = self.__dict__.pop("_announced", None) if partial else None
        self._labels = labels_of(y, classes)
        check_known(self._labels, y, "`y`")
        self.classes_ = self._labels.classes

    def _output(self, y: Array) -> tuple[int, str, Loss]:
        labels = self._labels
        fitting = dict.fromkeys(LOG_LOSS, labels.default_loss)
        return labels.outputs, labels.last, make_loss(self.loss, {**OUR_LOSS, **fitting})

    def _encoded(self, y: Array, loss: Loss) -> Array:
        check_known(self._labels, y, "y_val")
        return self._labels.encode(y, loss)

    def _decoded(self, out: Array) -> Array:
        return self._labels.decode(out)

    def _weighed(self, y: Array, weight: Array | None, partial: bool) -> Array | None:
        if self.class_weight is None:
            return weight
        if partial and self.class_weight == "balanced":
            raise ParameterRefused(
                "class_weight='balanced' needs all rows, and partial_fit sees some of them.\n"
                "  Give a dict, such as compute_class_weight('balanced', classes=..., y=...) makes."
            )
        found = compute_sample_weight(self.class_weight, y)
        return np.asarray(found if weight is None else found * weight)

    def _metric(self, y: Array, predicted: Array, sample_weight: Array | None) -> float:
        right = y == predicted  # accuracy_score says the same and takes longer than an epoch
        each = right.all(axis=1) if right.ndim > 1 else right
        return float(np.average(each, weights=sample_weight))

    def _stratifies(self) -> bool:
        return self._labels.kind != "multilabel"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _check_same(labels: Labels, y: Array) -> None:
    """Raise unless y holds all classes of the fit that is gone on with."""
    if not np.array_equal(np.unique(y), labels.classes):
        raise ValueError(
            "warm_start can only be used where `y` has the same classes as in the previous call "
            f"to fit. Previously got {labels.classes}, `y` has {np.unique(y)}"
        )
