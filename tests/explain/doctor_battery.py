"""The doctor's measure: sick runs named among the first two findings, healthy ones left alone.

    python -m tests.explain.doctor_battery --healthy 300 --sick 60 --from 1000

Needs scikit-learn, which judges what is sick and what is healthy.
"""

import argparse
import time
from collections import Counter

import numpy as np
from tests.explain import doctor_healthy, doctor_sick

from chainrule.errors import DivergenceError


def healthy(count, first, verbose=False):
    """Return (runs that were healthy, false alarms as (seed, description, names), seconds each)."""
    judged, alarms, seconds, unclear = 0, [], [], 0
    seed = first
    while judged < count:
        try:
            what, run, is_healthy = doctor_healthy.run(seed)
        except DivergenceError:
            is_healthy = False
        seed += 1
        if not is_healthy:
            unclear += 1
            continue
        judged += 1
        began = time.process_time()
        found = run.doctor()
        seconds.append(time.process_time() - began)
        if judged % 25 == 0:
            _tell(verbose, f"{judged} healthy runs, {len(alarms)} alarms")
        if not found.healthy:
            names = [(one.name, dict(one.numbers)) for one in found.findings if one.is_alarm]
            alarms.append((seed - 1, what, names))
            if verbose:
                print("FALSE ALARM", seed - 1, what, names, flush=True)
    return judged, alarms, seconds, unclear


def sick(count, first, verbose=False, only=None):
    """Return (runs by kind, missed as (kind, seed, names found))."""
    kinds = [only] if only else sorted(doctor_sick.KINDS)
    made, missed, unclear, places = Counter(), [], Counter(), Counter()
    seed = first
    while sum(made.values()) < count:
        kind = kinds[sum(made.values()) % len(kinds)]
        what, run, is_sick = doctor_sick.run(kind, seed)
        seed += 1
        if not is_sick:
            unclear[kind] += 1
            continue
        made[kind] += 1
        if sum(made.values()) % 16 == 0:
            _tell(verbose, f"{sum(made.values())} sick runs, {len(missed)} missed")
        names = [one.name for one in run.doctor().findings if one.is_alarm]
        places[names.index(kind) + 1 if kind in names else 0] += 1
        if kind not in names[:2]:
            missed.append((kind, seed - 1, what, names))
            if verbose:
                print("MISSED", *missed[-1], flush=True)
    return made, missed, unclear, places


def _tell(verbose, words):
    if verbose:
        print(words, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--healthy", type=int, default=300)
    parser.add_argument("--sick", type=int, default=60)
    parser.add_argument("--from", type=int, default=1000, dest="first")
    parser.add_argument("--only", help="one kind of sickness")
    given = parser.parse_args()
    if given.sick:
        made, missed, unclear, places = sick(given.sick, given.first, True, given.only)
        total = sum(made.values())
        named = total - len(missed)
        print(f"sick: {total} runs of {len(made)} kinds, {named} named among the first two "
              f"({100 * named / total:.1f} %); place of the name: {dict(places)}; made sick but "
              f"did no harm, left out: {dict(unclear)}")  # fmt: skip
    if given.healthy:
        judged, alarms, seconds, unclear = healthy(given.healthy, given.first, verbose=True)
        share = 100 * len(alarms) / judged
        print(f"healthy: {judged} runs, {len(alarms)} false alarms ({share:.1f} %); not clearly "
              f"healthy, left out: {unclear}; the doctor took {np.median(seconds):.2f} s of "
              f"processor time (median), {max(seconds):.2f} s at most")  # fmt: skip


if __name__ == "__main__":
    main()
