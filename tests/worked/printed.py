"""Numbers as a source prints them: ours must agree to the last digit that is there."""

from decimal import Decimal

import numpy as np


def printed(text, ours, *, units=0.5):
    """Assert that ours agrees with each printed number to half a unit of its last digit.

    A source that cuts digits off instead of rounding, or rounds on the way, says ``units=1`` or
    more.
    """
    words = text.replace(",", " ").replace("[", " ").replace("]", " ").split()
    values = np.ravel(np.asarray(ours, np.float64))
    assert len(words) == len(values), f"{len(words)} printed numbers, {len(values)} of ours"
    for k, (word, value) in enumerate(zip(words, values.tolist(), strict=True)):
        last = 10.0 ** int(Decimal(word).as_tuple().exponent)
        apart = abs(value - float(word)) / last
        assert apart <= units + 1e-6, f"number {k}: printed {word}, ours {value!r}"


def close(ours, expected, tolerance=1e-13):
    """Assert that arrays agree normwise, as numbers worked out by other means must."""
    ours, expected = np.asarray(ours, np.float64), np.asarray(expected, np.float64)
    assert ours.shape == expected.shape, f"shapes {ours.shape} and {expected.shape}"
    size = np.max(np.abs(expected), initial=0.0) or 1.0
    apart = np.max(np.abs(ours - expected), initial=0.0) / size
    assert apart <= tolerance, f"{apart:.2e} apart\nours     {ours}\nexpected {expected}"
