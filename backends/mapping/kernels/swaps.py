"""Cores on the mesh under change: what a swap of two slots saves, and the swap itself.

`plan` is a `records.Plan`. Only axons with an end in one of the two cores change, and each that has
one in both is counted once.
"""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
from numba import njit

from .random import below, drawn
from .routes import tree_cost


@njit
def price_all(plan: Any, nets: Any) -> float:
    """Fills what each tree costs a spike; what all cost a step."""
    total = 0.0
    for net in range(len(nets.home)):
        plan.price[net] = price_of(plan, nets, net)
        total += nets.rate[net] * plan.price[net]
    return total


@njit
def price_of(plan: Any, nets: Any, net: int) -> float:
    """What a tree costs a spike."""
    router, width, row, column = plan.router, plan.width, plan.row, plan.column
    first = nets.first[net]
    if nets.first[net + 1] - first == 1:
        here, there = router[nets.home[net]], router[nets.to[first]]
        across, down = abs(there % width - here % width), abs(there // width - here // width)
        return across * row + down * column
    return tree_cost(nets, net, router, width, plan.high, plan.low, row, column)


@njit
def moved(plan: Any, core: int, slot: int) -> None:
    """The core takes the slot, and who was there takes its own."""
    own, other = plan.slot[core], plan.holder[slot]
    plan.slot[core], plan.holder[slot] = slot, core
    plan.router[core] = slot // plan.cores_a_router
    plan.holder[own] = other
    if other >= 0:
        plan.slot[other] = own
        plan.router[other] = own // plan.cores_a_router


@njit
def change(plan: Any, nets: Any, core: int, slot: int, keeps: bool) -> float:
    """What a step costs more when the core takes the slot; it then has it if that is to be kept."""
    own, other, total = plan.slot[core], plan.holder[slot], 0.0
    moved(plan, core, slot)
    if own // plan.cores_a_router == slot // plan.cores_a_router:
        if not keeps:
            moved(plan, core, own)
        return 0.0
    plan.clock[0] += 1
    now = plan.clock[0]
    for i in range(plan.first[core], plan.first[core + 1]):
        net = plan.nets[i]
        plan.seen[net] = now
        price = price_of(plan, nets, net)
        total += nets.rate[net] * (price - plan.price[net])
        plan.price[net] = price if keeps else plan.price[net]
    for i in range(plan.first[other], plan.first[other + 1] if other >= 0 else plan.first[other]):
        net = plan.nets[i]
        if plan.seen[net] == now:
            continue
        price = price_of(plan, nets, net)
        total += nets.rate[net] * (price - plan.price[net])
        plan.price[net] = price if keeps else plan.price[net]
    if not keeps:
        moved(plan, core, own)
    return total


@njit
def may_leave(plan: Any, core: int, slot: int) -> bool:
    """Whether the core's router is left with enough if it takes the slot."""
    if plan.fewest == 0 or plan.holder[slot] >= 0:
        return True
    first, held = plan.slot[core] // plan.cores_a_router * plan.cores_a_router, 0
    for k in range(plan.cores_a_router):
        held += plan.holder[first + k] >= 0
    return held > plan.fewest


@njit
def work_of(plan: Any, core: int, slot: int) -> int:
    """How many ends are looked at to know what such a swap saves."""
    other = plan.holder[slot]
    return 1 + plan.ends[core] + (plan.ends[other] if other >= 0 else 0)


@njit
def settle(plan: Any, nets: Any, order: Any, reach: int, budget: int) -> Any:
    """(what is saved, work left) by giving each core, time after time, the best slot within `reach`
    rows and columns, until none saves or the work is done."""
    width, height = plan.width, plan.height
    saved = 0.0
    while budget > 0:
        found = 0.0
        for core in order:
            here, least, where = plan.router[core], -1e-9, -1
            x, y = here % width, here // width
            for r in range(max(0, y - reach), min(height, y + reach + 1)):
                for c in range(max(0, x - reach), min(width, x + reach + 1)):
                    router = r * width + c
                    for k in range(plan.cores_a_router if router != here else 0):
                        slot = router * plan.cores_a_router + k
                        budget -= work_of(plan, core, slot)
                        if not may_leave(plan, core, slot):
                            continue
                        cost = change(plan, nets, core, slot, False)
                        if cost < least:
                            least, where = cost, slot
            if where >= 0:
                found -= change(plan, nets, core, where, True)
            if budget <= 0:
                break
        saved += found
        if found <= 0.0:
            break
    return saved, budget


@njit
def suggested(plan: Any, nets: Any, random: Any, core: int, reach: int) -> int:
    """A slot near the core's own, or (the force that pulls it) near an end of one of its axons."""
    width, near = plan.width, plan.router[core]
    axons = plan.first[core + 1] - plan.first[core]
    if axons > 0 and below(random, 2) == 0:
        net = plan.nets[plan.first[core] + below(random, axons)]
        ends = nets.first[net + 1] - nets.first[net]
        end = below(random, ends + 1)
        near = plan.router[nets.home[net] if end == ends else nets.to[nets.first[net] + end]]
        reach = 1
    x = near % width + below(random, 2 * reach + 1) - reach
    y = near // width + below(random, 2 * reach + 1) - reach
    x, y = min(max(x, 0), width - 1), min(max(y, 0), plan.height - 1)
    return (y * width + x) * plan.cores_a_router + below(random, plan.cores_a_router)


@njit
def warmth(plan: Any, nets: Any, random: Any, tries: int, reach: int) -> float:
    """What random swaps change, on average, up or down."""
    cores, total = len(plan.slot), 0.0
    for _ in range(tries):
        core = below(random, cores)
        slot = suggested(plan, nets, random, core, reach)
        total += abs(change(plan, nets, core, slot, False))
    return total / tries


@njit
def cool(plan: Any, nets: Any, random: Any, heat: float, end: float, reach: int, work: int) -> Any:
    """(what a step costs less, the least it cost before in between) after annealing from one
    temperature to the other, for so much work; `best` has the slots of that least."""
    cores, left, now, least = len(plan.slot), work, 0.0, 0.0
    fall = log(end / heat)
    plan.best[:] = plan.slot
    while left > 0:
        done = 1.0 - left / work
        temperature = heat * np.exp(fall * done)
        core = below(random, cores)
        slot = suggested(plan, nets, random, core, max(1, int(reach * (1.0 - done))))
        left -= work_of(plan, core, slot)
        if slot == plan.slot[core] or not may_leave(plan, core, slot):
            continue
        cost = change(plan, nets, core, slot, False)
        if cost <= -temperature * log(drawn(random) / 2147483563.0):
            change(plan, nets, core, slot, True)
            now += cost
            if now < least - 1e-9:
                least = now
                plan.best[:] = plan.slot
    return now, least
