"""Export: a run in a form that others read. One file in `targets` for each form.

Knows records and preparations; the way back into chainrule is a run folder, not an export.
"""

from chainrule.export.target import Subject, Target, export, find_target, target, targets

__all__ = ["Subject", "Target", "export", "find_target", "target", "targets"]
