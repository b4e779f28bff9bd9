"""The regressor: numbers in, numbers out.

Knows targets that are numbers and the base that both estimators share; trains nothing itself.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.callback import with_callbacks
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.validation import validate_data

from chainrule.estimators.base import BaseNetwork
from chainrule.estimators.described import described
from chainrule.estimators.given import dense_rows
from chainrule.estimators.parameters import OUR_LOSS, make_loss
from chainrule.nn import Loss
from chainrule.types import Array


@described
class NetworkRegressor(MultiOutputMixin, RegressorMixin, BaseNetwork):  # type: ignore[misc]
    """A network that predicts numbers; every step of its training can be opened.

    {introduction}

    Parameters
    ----------
    loss : str, dict or Loss, default="squared_error"
        "squared_error" is scikit-learn's: half the squared error, summed over outputs (ours of
        that name is the mean: give ``chainrule.loss("squared_error")``); or a name of ours
        ("huber", "absolute_error" ...), a dict with its settings, or one that you registered with
        `chainrule.nn.register_loss`.
    {parameters}
    out_activation : str, default="identity"
        Activation of the output layer, such as "softplus" for numbers that are not negative.

    Attributes
    ----------
    {attributes}

    Examples
    --------
    >>> from chainrule.estimators import NetworkRegressor
    >>> import numpy as np
    >>> X = np.linspace(-2, 2, 100).reshape(-1, 1)
    >>> model = NetworkRegressor(
    ...     hidden_layer_sizes=(20,), activation="tanh", learning_rate_init=0.02, random_state=0
    ... )
    >>> model.fit(X, np.sin(X[:, 0])).score(X, np.sin(X[:, 0])) > 0.95
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseNetwork._parameter_constraints,
        "out_activation": [str],
    }

    def __init__(
        self, loss: Any = "squared_error", hidden_layer_sizes: Any = (100,),
        activation: Any = "relu", *, solver: Any = "adam", alpha: Any = 0.0001,
        batch_size: Any = "auto", learning_rate: Any = "constant",
        learning_rate_init: float = 0.001, power_t: float = 0.5, max_iter: int = 200,
        shuffle: bool = True, random_state: Any = None, tol: float = 1e-4, verbose: Any = False,
        warm_start: bool = False, momentum: float = 0.9, nesterovs_momentum: bool = True,
        early_stopping: bool = False, validation_fraction: float = 0.1, beta_1: float = 0.9,
        beta_2: float = 0.999, epsilon: float = 1e-8, n_iter_no_change: float = 10,
        out_activation: str = "identity", scoring: Any = None, callbacks: Any = None,
        dtype: str | None = None, engine: str = "auto", keep_rows: bool = True,
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
        self.out_activation = out_activation

    @with_callbacks  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Go on with one epoch over these rows; the optimizer remembers the earlier ones.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for `fit`.

        Returns
        -------
        self : estimator
        """
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X: Any) -> Array:
        """Return the prediction of each row.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        return self._decoded(self._outputs(X))

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Array, Array]:
        kinds = self.dtype or (np.float64, np.float32)
        x, target = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True, y_numeric=True,
            dtype=kinds, reset=reset,
        )  # fmt: skip
        if target.ndim == 2 and target.shape[1] == 1:
            target = column_or_1d(target, warn=True)
        return dense_rows(x), np.asarray(target)

    def _learn_targets(self, y: Array, go_on: bool, partial: bool) -> None:
        outputs = 1 if y.ndim == 1 else y.shape[1]
        if go_on and outputs != self.n_outputs_:
            raise ValueError(
                f"y has {outputs} columns, and the fit that is gone on with had {self.n_outputs_}."
            )

    def _output(self, y: Array) -> tuple[int, str, Loss]:
        outputs = 1 if y.ndim == 1 else y.shape[1]
        return outputs, self.out_activation, make_loss(self.loss, OUR_LOSS)

    def _encoded(self, y: Array, loss: Loss) -> Array:
        return y.reshape(len(y), -1)

    def _decoded(self, out: Array) -> Array:
        return out[:, 0] if out.shape[1] == 1 else out

    def _metric(self, y: Array, predicted: Array, sample_weight: Array | None) -> float:
        mean = np.average(y, axis=0, weights=sample_weight)
        left = np.average((y - predicted) ** 2, axis=0, weights=sample_weight)
        spread = np.average((y - mean) ** 2, axis=0, weights=sample_weight)
        if len(y) < 2 or not np.all(spread):  # r2_score knows what to say of them
            return float(r2_score(y, predicted, sample_weight=sample_weight))
        return float(np.mean(1.0 - left / spread))
