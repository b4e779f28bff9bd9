"""Estimators: networks as scikit-learn's classifiers and regressors.

They are thin: parameters become a network, an optimizer and a training, and what training found is
given scikit-learn's names. Knows scikit-learn (1.9 or newer) and runs; computes nothing itself.
"""

from chainrule.errors import MissingExtraError

try:
    from sklearn import callback as _callback  # new in 1.9
except ImportError:
    raise MissingExtraError(
        "chainrule.estimators needs scikit-learn 1.9 or newer: pip install 'chainrule[sklearn]'"
    ) from None

from chainrule.estimators.classifier import NetworkClassifier
from chainrule.estimators.regressor import NetworkRegressor

del _callback

__all__ = ["NetworkClassifier", "NetworkRegressor"]
