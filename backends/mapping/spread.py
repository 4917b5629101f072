"""Cores to slots where packets wait for full routes: the least energy, squared, times time.

Few spikes over links bring cores together, and routes that are short hold few packets: those of a
busy sender wait, and the step with them. From the slots of fewest hops on cores are annealed and
settled by the square of a step's energy times its time, as `costs.py` estimates them.
"""

from __future__ import annotations

import numpy as np

from .axons import Ints
from .effort import Effort
from .load import Kernels
from .records import CoreNets, Plan, Spent


def is_spread(plan: Plan, spent: Spent, nets: CoreNets, kernels: Kernels) -> bool:
    """Whether no slots take less time: no route is waited for, and no more routers than needed are
    in use."""
    wait = kernels.fullest(nets, plan.router, plan.width, spent.local, spent.out, spent.links)
    used = len(np.unique(plan.router[:-1]))
    fewest = -(-len(plan.slot) // plan.cores_a_router)
    is_least = bool(spent.barrier[used] <= spent.barrier[fewest])
    return is_least and spent.receive * float(wait) <= spent.busy


def spread(
    plan: Plan, nets: CoreNets, spent: Spent, effort: Effort, kernels: Kernels, random: Ints
) -> Ints:
    """The slots of the least product met from those of the plan on. int32 [cores]"""
    if is_spread(plan, spent, nets, kernels):
        return plan.slot.copy()
    order = np.arange(len(plan.slot))
    kernels.shuffle(random, order)
    ends = max(1, 2 * len(nets.home))
    tries = max(effort.settle, min(effort.work, ends * effort.swaps * len(order))) // ends + 1
    least, _ = kernels.descend_product(plan, nets, spent, order, tries)
    found, reach = plan.slot.copy(), max(plan.width, plan.height) - 1
    fall = (effort.cold / effort.hot) ** (1 / effort.parts)
    for _ in range(effort.rounds):
        heat = effort.hot * kernels.unrest(plan, nets, spent, random, 200, reach)
        for part in range(effort.parts if heat > 0.0 else 0):
            near, warm = max(1, round(reach * (1 - part / effort.parts))), heat * fall**part
            some = tries // effort.parts
            now = kernels.calm(plan, nets, spent, random, warm, warm * fall, near, some)
            if now < least:
                least, found = now, plan.best.copy()
        now, _ = kernels.descend_product(plan, nets, spent, order, tries)
        if now < least:
            least, found = now, plan.slot.copy()
    return found
