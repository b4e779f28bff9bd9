"""Measurements: the same training by several engines, side by side, timed in turns.

Knows workloads, engines, a clock and a table; trains nothing that anybody keeps.
"""

from chainrule.bench.engines import Engine, all_engines, chosen_engines
from chainrule.bench.machine import Machine, this_machine
from chainrule.bench.measure import Measured, Ratio, Result, measure
from chainrule.bench.report import (
    as_json,
    check_place,
    closing_text,
    result_text,
    table_text,
    write_json,
)
from chainrule.bench.workloads import WORKLOADS, Workload, chosen_workloads, series, workload

__all__ = [
    "WORKLOADS",
    "Engine",
    "Machine",
    "Measured",
    "Ratio",
    "Result",
    "Workload",
    "all_engines",
    "as_json",
    "check_place",
    "chosen_engines",
    "chosen_workloads",
    "closing_text",
    "measure",
    "result_text",
    "series",
    "table_text",
    "this_machine",
    "workload",
    "write_json",
]
