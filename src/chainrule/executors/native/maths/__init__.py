"""Elementary functions as instructions: exp, log, tanh and their relatives, for a writer.

Knows numbers and their rounding; knows no operation, no plan and no memory.
"""

from chainrule.executors.native.maths.power import Power


class Maths(Power):
    """Everything that the slot ``native`` of an operation may ask for.

    Parameters
    ----------
    writer : Writer
        Where instructions are written.
    """


__all__ = ["Maths"]
