"""One ordered plan for forward, backward and update, with lifetimes, buffers and a listing.

Knows nodes and roles; touches no array values.
"""

from chainrule.plan.buffers import Buffers, assign_buffers
from chainrule.plan.listing import plan_listing
from chainrule.plan.plan import Instruction, Plan, make_plan

__all__ = ["Buffers", "Instruction", "Plan", "assign_buffers", "make_plan", "plan_listing"]
