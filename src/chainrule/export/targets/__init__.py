"""The forms a run can be written in: one file for each, registered by being here.

Knows nothing; `chainrule.export.target.targets` imports what lies in this folder.
"""
