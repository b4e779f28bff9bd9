"""A failing plan made small: fewer results, inner values given instead of computed, shorter axes.

Knows graphs and a judge; knows no executor.
"""

import numpy as np
import plans_judge

from chainrule.errors import ChainruleError
from chainrule.graph import LEAVES, substitute, variable
from chainrule.plan import make_plan


def failure(plan, feed):
    """Return what the judge says of a plan, or None if it is fine."""
    try:
        plans_judge.judge(plan, feed)
    except plans_judge.Wrong as wrong:
        return wrong
    except ChainruleError:
        return None
    except Exception as error:
        return plans_judge.Wrong(f"{type(error).__name__}: {error}")
    return None


def shrunk(plan, feed):
    """Return the smallest failing (plan, feed, failure) that is found by leaving things out."""
    found = failure(plan, feed)
    if found is None:
        return None
    best = (plan, dict(feed), found)
    best = _fewer_results(*best)
    while True:
        smaller = _cut(*best)
        if smaller is None:
            return best
        best = smaller


def _fewer_results(plan, feed, found):
    """Keep one result if that alone fails; else leave out what can be left out."""
    nodes = [found.node] if found.node is not None else []
    for node in [*nodes, *plan.results]:
        tried = _attempt({"r0": node}, feed)
        if tried is not None:
            return tried
    kept = list(plan.results)
    best = (plan, feed, found)
    for node in list(kept):
        fewer = [n for n in kept if n is not node]
        tried = _attempt({f"r{k}": n for k, n in enumerate(fewer)}, feed) if fewer else None
        if tried is not None:
            kept, best = fewer, tried
    return best


def _attempt(results, feed):
    """Return (plan, feed, failure) of these results, or None if they are fine."""
    try:
        plan = make_plan(results)
    except ChainruleError:
        return None
    names = {i.node.name for i in plan.instructions if i.node.op in LEAVES}
    feed = {k: v for k, v in feed.items() if k in names}
    found = failure(plan, feed)
    return None if found is None else (plan, feed, found)


def _cut(plan, feed, found):
    """Give an inner value instead of computing it, the one nearest to the results that will do."""
    values, refusal = plans_judge.interpreted(plan, feed)
    if refusal is not None:
        return None
    results = list(plan.results)
    for i in reversed(plan.instructions):
        if i.node.op in LEAVES or i.node in plan.results:
            continue
        given = variable(f"v{i.number}_{i.node.op}", shape=i.node.shape, dtype=i.node.dtype)
        new = substitute(results, {i.node: given})
        value = np.asarray(values[i.number])
        tried = _attempt({f"r{k}": n for k, n in enumerate(new)}, {**feed, given.name: value})
        if tried is not None and len(tried[0].instructions) < len(plan.instructions):
            return tried
    return None


def told(plan, feed, found):
    """Return a failing plan in lines for people."""
    lines = [str(found)]
    for i in plan.instructions:
        attrs = {k: v for k, v in i.node.attrs.items() if k != "message"}
        data = feed.get(i.node.name, i.node.data) if i.node.op in LEAVES else None
        shown = "" if data is None else np.array2string(np.asarray(data).ravel()[:6], threshold=6)
        role = " <- result" if i.node in plan.results else ""
        lines.append(
            f"  {i.number:3} {i.node.op} {i.node.name or ''} {i.node.shape} {i.node.dtype} of "
            f"{list(i.inputs)} {attrs or ''} {shown}{role}"
        )
    return "\n".join(lines)
