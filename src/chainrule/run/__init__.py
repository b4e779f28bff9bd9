"""Runs: the facade that people hold, and the two ways to come by one.

Knows training, files and preparations by their doors; computes nothing of its own.
"""

from chainrule.run.facade import Run
from chainrule.run.loading import load
from chainrule.run.resuming import resume
from chainrule.run.training import run_setup, train

__all__ = ["Run", "load", "resume", "run_setup", "train"]
