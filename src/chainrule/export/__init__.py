"""Export: a run in a form that others read. One file in `targets` for each form.

Knows records and preparations; the way back into chainrule is a run folder, not an export.
"""

# The folder first: loaded later, it would take the name of the function below.
from chainrule.export import targets as _folder  # noqa: F401
from chainrule.export.target import Port, Subject, Target, export, find_target, target, targets

__all__ = ["Port", "Subject", "Target", "export", "find_target", "target", "targets"]
