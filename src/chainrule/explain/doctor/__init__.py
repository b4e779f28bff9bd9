"""The doctor: what is wrong with a training, by its numbers, and what to try.

One file for each finding in `findings`; a case measures what they ask for, once. Knows finished
runs; renders nothing.
"""

from chainrule.explain.doctor.diagnosis import Diagnosis, diagnose
from chainrule.explain.doctor.finding import Finding, Remedy, finding, looks

__all__ = ["Diagnosis", "Finding", "Remedy", "diagnose", "finding", "looks"]
