"""Cores to slots of the mesh: few spikes over links; where packets wait, also routes not full.

The cost is that of the routed trees themselves (M-HySMap, Khorasanian 2026): a spike passes a link
once. The best of some starts is settled (each core to the slot that is best for it, who was there
to the other), annealed, and settled again. How long is counted in ends of axons looked at, so that
the same seed gives the same slots on any machine.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .axons import Axons, Ints
from .costs import COSTS, Cost, spent
from .effort import EFFORTS, SEEN, Effort
from .limits import Mesh, work
from .load import Kernels
from .records import CoreNets, Plan
from .route import apart, core_nets, routed, routers_of
from .spread import spread
from .starts import starts


def place(
    axons: Axons,
    part: Ints,
    mesh: Mesh,
    kernels: Kernels,
    *,
    seed: int = 0,
    effort: int = 1,
    cost: Cost = COSTS["hops"],
    progress: SEEN | None = None,
) -> Ints:
    """The slot of each core, int32 [max(part) + 1]; by `cost` links are weighed, and whether a
    spike passes each of them once."""
    cores = int(part.max(initial=-1)) + 1
    assert cores <= mesh.cores
    nets = trees = core_nets(axons, part, cores, kernels)
    if not cost.is_multicast:
        nets = apart(nets)
    random = np.array([seed * 6007 + 17, seed + 7919]) % 2147483398 + 1
    found = placed(nets, cores, mesh, kernels, random, EFFORTS[effort], cost, progress)
    if not cost.waits or cores < 2:
        return found
    sent, done = routed(trees, found, mesh, kernels), work(axons, part, cores, kernels)
    plan, given = plan_of(nets, found, mesh, cost), spent(axons, part, mesh, sent, done, cost)
    return spread(plan, nets, given, EFFORTS[effort], kernels, random)


def placed(
    nets: CoreNets,
    cores: int,
    mesh: Mesh,
    kernels: Kernels,
    random: Ints,
    effort: Effort,
    cost: Cost,
    progress: SEEN | None,
) -> Ints:
    """The same of axons between cores."""
    found = list(starts(nets, cores, mesh))
    plan = plan_of(nets, found[0], mesh, cost)

    def price(slots: Ints) -> float:
        put(plan, slots)
        return float(kernels.price_all(plan, nets))

    price(min(found, key=price))
    order = np.arange(cores)
    kernels.shuffle(random, order)
    settle(plan, nets, order, effort, kernels)
    best, least = plan.slot.copy(), kernels.price_all(plan, nets)
    for number in range(effort.rounds):
        for part in anneal(plan, nets, effort, kernels, random):
            if progress is not None:
                progress((number + part) / effort.rounds)
        settle(plan, nets, order, effort, kernels)
        now = kernels.price_all(plan, nets)
        if now < least:
            best, least = plan.slot.copy(), now
    return best


def settle(plan: Plan, nets: CoreNets, order: Ints, effort: Effort, kernels: Kernels) -> None:
    """Swaps that save, farther and farther off."""
    left, reach = effort.settle, 1
    while reach < 2 * max(plan.width, plan.height):
        _, left = kernels.settle(plan, nets, order, reach, left)
        reach *= 2


def anneal(
    plan: Plan, nets: CoreNets, effort: Effort, kernels: Kernels, random: Ints
) -> Iterator[float]:
    """Anneals, and tells how much of it is done."""
    cores, reach = len(plan.slot), max(plan.width, plan.height) - 1
    if cores < 2 or not len(nets.home) or reach < 1:
        return
    hot = effort.hot * kernels.warmth(plan, nets, random, 200, reach)
    if hot == 0.0:
        return
    a_swap = 1 + 2 * plan.ends.sum() / cores
    work = int(min(effort.work, effort.swaps * cores * a_swap) / effort.parts)
    fall = (effort.cold / effort.hot) ** (1 / effort.parts)
    for part in range(effort.parts):
        near = max(1, round(reach * (1 - part / effort.parts)))
        heat = hot * fall**part
        now, least = kernels.cool(plan, nets, random, heat, heat * fall, near, work)
        yield (part + 1) / effort.parts
    if least < now:
        put(plan, plan.best)
        kernels.price_all(plan, nets)


def plan_of(nets: CoreNets, slots: Ints, mesh: Mesh, cost: Cost) -> Plan:
    """Cores in these slots, prices not yet known."""
    cores, axons = len(slots), len(nets.home)
    ends, own = np.diff(nets.first), np.arange(len(nets.home), dtype=np.int32)
    core = np.concatenate((nets.home, nets.to))
    net = np.concatenate((own, np.repeat(own, ends)))
    net, core = net[core >= 0], core[core >= 0]
    order = np.argsort(core, kind="stable")
    plan = Plan(
        width=mesh.width,
        height=mesh.height,
        cores_a_router=mesh.cores_a_router,
        row=cost.row_hop[0],
        column=cost.column_hop[0],
        slot=np.zeros(cores, np.int32),
        holder=np.full(mesh.cores, -1, np.int32),
        router=routers_of(slots, mesh),
        first=np.searchsorted(core[order], np.arange(cores + 1)).astype(np.int64),
        nets=net[order],
        ends=np.bincount(core, 1 + ends[net], cores).astype(np.int64),
        price=np.zeros(axons),
        seen=np.zeros(axons, np.int64),
        clock=np.zeros(1, np.int64),
        best=np.zeros(cores, np.int32),
        high=np.full(mesh.width, -1, np.int64),
        low=np.full(mesh.width, -1, np.int64),
    )
    put(plan, slots)
    return plan


def put(plan: Plan, slots: Ints) -> None:
    """The cores lie in these slots."""
    plan.slot[:] = slots
    plan.holder[:] = -1
    plan.holder[plan.slot] = np.arange(len(slots))
    plan.router[:-1] = plan.slot // plan.cores_a_router
