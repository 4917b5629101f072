"""How long packets wait for full routes, and cores placed for little energy, squared, times time.

A packet of h hops lies on the link out of its core, on h links of the mesh, and on the link into a
core. Those of a step, all on their way at once, are spread evenly over these h + 2; a packet waits
until as many have been received as lie, on average, on each of its own h + 1 (SANA-FE's model of
the network, Boyle et al. 2025). Routes that are longer, or apart, hold more.
"""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
from numba import njit

from .random import below, drawn
from .swaps import moved, suggested


@njit
def lying(links: Any, here: int, there: int, width: int, load: float) -> float:
    """What lies on the links of an XY route together, after the load is added to each of them."""
    total, step = 0.0, 1 if there % width > here % width else -1
    way = 0 if step > 0 else 1
    for _ in range(abs(there % width - here % width)):
        links[here, way] += load
        total += links[here, way]
        here += step
    step = 1 if there > here else -1
    way = 2 if step > 0 else 3
    while here != there:
        links[here, way] += load
        total += links[here, way]
        here += step * width
    return total


@njit
def fullest(nets: Any, router: Any, width: int, local: Any, out: Any, links: Any) -> float:
    """Packets on each link of the fullest route, on average. Fills what lies on the links `out` of
    cores [cores + 1] and on `links` of the mesh [routers, 4]; axons have one end each, `local` are
    the packets of each core for itself [cores]."""
    cores, most = len(local), 0.0
    out[cores] = 0.0
    links[:] = 0.0
    for core in range(cores):
        out[core] = 0.5 * local[core]
    for net in range(len(nets.home)):
        home = nets.home[net] if nets.home[net] >= 0 else cores
        here, there = router[home], router[nets.to[net]]
        hops = abs(there % width - here % width) + abs(there // width - here // width)
        load = nets.rate[net] / (hops + 2)
        out[home] += load
        lying(links, here, there, width, load)
    for core in range(cores):
        if local[core] > 0.0:
            most = max(most, out[core])
    for net in range(len(nets.home)):
        home = nets.home[net] if nets.home[net] >= 0 else cores
        here, there = router[home], router[nets.to[net]]
        hops = abs(there % width - here % width) + abs(there // width - here // width)
        most = max(most, (out[home] + lying(links, here, there, width, 0.0)) / (hops + 1))
    return most


@njit
def product(plan: Any, nets: Any, spent: Any) -> float:
    """The square of a step's energy times its time."""
    width, router = plan.width, plan.router
    energy, cores = spent.energy, len(plan.slot)
    for net in range(len(nets.home)):
        here, there = router[nets.home[net]], router[nets.to[net]]
        across, down = abs(there % width - here % width), abs(there // width - here // width)
        energy += nets.rate[net] * (across * plan.row + down * plan.column)
    wait = spent.receive * fullest(nets, router, width, spent.local, spent.out, spent.links)
    left, right, top, bottom, used = width, 0, plan.height, 0, 0
    spent.taken[:] = False
    for core in range(cores):
        here = router[core]
        used += not spent.taken[here]
        spent.taken[here] = True
        left, right = min(left, here % width), max(right, here % width)
        top, bottom = min(top, here // width), max(bottom, here // width)
    way = (right - left) * spent.row + (bottom - top) * spent.column
    return energy * energy * (max(spent.busy, wait) + way + spent.barrier[used])


@njit
def unrest(plan: Any, nets: Any, spent: Any, random: Any, tries: int, reach: int) -> float:
    """By what part random swaps change the product, on average."""
    cores, total, now = len(plan.slot), 0.0, product(plan, nets, spent)
    for _ in range(tries):
        core = below(random, cores)
        own, slot = plan.slot[core], suggested(plan, nets, random, core, reach)
        moved(plan, core, slot)
        total += abs(log(product(plan, nets, spent) / now))
        moved(plan, core, own)
    return total / tries


@njit
def calm(
    plan: Any, nets: Any, spent: Any, random: Any, heat: float, end: float, reach: int, tries: int
) -> float:
    """The least product met while annealing from one temperature to the other in so many tries;
    `best` has its slots."""
    cores, now = len(plan.slot), product(plan, nets, spent)
    least, fall = now, log(end / heat)
    plan.best[:] = plan.slot
    for number in range(tries):
        done = number / tries
        temperature = heat * np.exp(fall * done)
        core = below(random, cores)
        own = plan.slot[core]
        slot = suggested(plan, nets, random, core, max(1, int(reach * (1.0 - done))))
        if slot == own:
            continue
        moved(plan, core, slot)
        then = product(plan, nets, spent)
        if log(then / now) > -temperature * log(drawn(random) / 2147483563.0):
            moved(plan, core, own)
            continue
        now = then
        if now < least * (1.0 - 1e-12):
            least = now
            plan.best[:] = plan.slot
    return least


@njit
def descend_product(plan: Any, nets: Any, spent: Any, order: Any, tries: int) -> Any:
    """(the product, tries left) after giving each core, time after time, the slot where the product
    is least, until none saves or nothing is left."""
    now, slots = product(plan, nets, spent), len(plan.holder)
    while tries > 0:
        before = now
        for core in order:
            own = plan.slot[core]
            least, where = now * (1.0 - 1e-9), -1
            for slot in range(slots):
                if slot // plan.cores_a_router == own // plan.cores_a_router or tries <= 0:
                    continue
                tries -= 1
                moved(plan, core, slot)
                then = product(plan, nets, spent)
                moved(plan, core, own)
                if then < least:
                    least, where = then, slot
            if where >= 0:
                moved(plan, core, where)
                now = least
        if now >= before:
            break
    return now, tries
