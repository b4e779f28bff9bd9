"""The report of a run: one page on data, network, curves and scores.

Knows records of training and the plain data beside them; renders nothing.
"""

from chainrule.explain.report.page import report_page

__all__ = ["report_page"]
