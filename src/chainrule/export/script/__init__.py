"""Runs as programs of their own: NumPy, no import of ours, every link of the chain rule a line.

Knows records, the parts of networks and how graphs are printed; runs nothing.
"""

from chainrule.export.script.prediction import prediction_script
from chainrule.export.script.rows import Told, archive
from chainrule.export.script.training import training_script

__all__ = ["Told", "archive", "prediction_script", "training_script"]
