"""The command line: ``chainrule`` and ``python -m chainrule``.

One file a command in `commands`; `application` finds them, `settings` fills in what flags left
open, `screen` and its neighbours lay out what is shown. Knows the public face of the rooms below;
computes nothing.
"""

from chainrule.apps.cli.application import main, run

__all__ = ["main", "run"]
