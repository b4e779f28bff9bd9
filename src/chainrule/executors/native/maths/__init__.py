"""Elementary functions as instructions: exp, log, tanh and their relatives, for a writer.

Knows numbers and their rounding; knows no operation, no plan and no memory.
"""

from chainrule.executors.native.maths.power import Power
from chainrule.executors.native.maths.trigonometric import Trigonometric


class Maths(Power, Trigonometric):
    """Everything that the slot ``native`` of an operation may ask for.

    Parameters
    ----------
    writer : Writer
        Where instructions are written.
    """


__all__ = ["Maths"]
