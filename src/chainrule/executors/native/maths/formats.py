"""What differs between float32 and float64: the places of the bits, and where numbers end.

Knows IEEE 754; writes no instruction.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A kind of float.

    Attributes
    ----------
    kind, whole : str
        The kind, and the kind of integers of the same size.
    fraction : int
        Bits after the point.
    bias : int
        What is added to an exponent before it is stored.
    least, most : float
        Where exp is 0 below and inf above.
    lift : int
        Scaled by 2 to this power, exp(-x) is a normal number wherever exp(-x) * x is not 0.
    reach : float
        Beyond it exp(-x) * x is 0.
    """

    kind: str
    whole: str
    fraction: int
    bias: int
    least: float
    most: float
    lift: int
    reach: float

    @property
    def magic(self) -> float:
        """A number to which others are added to be rounded to integers: 1.5 * 2^fraction."""
        return 1.5 * 2.0**self.fraction

    @property
    def one(self) -> int:
        """The bits of 1.0."""
        return self.bias << self.fraction

    @property
    def sign(self) -> int:
        """The bits of -0.0, as a signed integer."""
        return -(1 << (self.fraction + self.exponent))

    @property
    def exponent(self) -> int:
        """Bits of the exponent."""
        return self.bias.bit_length() + 1

    @property
    def tiny(self) -> float:
        """The smallest normal number."""
        return 2.0 ** (1 - self.bias)

    @property
    def grain(self) -> float:
        """The size of numbers whose square is lost beside 1."""
        return 2.0 ** (-self.fraction - 2)


FORMATS = {
    "f32": Format("f32", "i32", 23, 127, -104.0, 89.0, 64, 115.0),
    "f64": Format("f64", "i64", 52, 1023, -746.0, 710.0, 128, 760.0),
}
"""By the name of the kind."""
