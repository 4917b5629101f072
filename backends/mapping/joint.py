"""Neurons and cores at once: each neuron is placed by itself, on cores that hold so many.

Packets that a partition saves may be hops that a placement loses. Where a router has one core, a
network is settled by the machinery of `place.py` with neurons for cores: those of a core lie at one
router, and the cost is that of the routed trees of every axon. For networks of some hundred
neurons; the limits of cores but for neurons are counted afterwards.
"""

from __future__ import annotations

import numpy as np

from .axons import Axons, Floats, Ints
from .costs import COSTS, Cost
from .limits import CoreLimits, Mesh, excesses, uses
from .load import Kernels
from .place import EFFORTS, anneal, apart, plan_of, settle
from .records import CoreNets

NEURONS = 1000  # beyond that a neuron's moves are too few to be worth their time


def jointly(
    axons: Axons,
    part: Ints,
    place: Ints,
    limits: CoreLimits,
    mesh: Mesh,
    kernels: Kernels,
    *,
    seed: int = 0,
    effort: int = 1,
    cost: Cost = COSTS["hops"],
    fewest: int = 0,
) -> tuple[Ints, Ints]:
    """The core of each neuron and the slot of each core, from those given on: what costs less and
    keeps the limits, with no more cores; otherwise those. No core is left with fewer neurons than
    `fewest`."""
    if mesh.cores_a_router != 1 or axons.neurons > NEURONS or not axons.neurons:
        return part, place
    rooms = Mesh(mesh.width, mesh.height, limits.neurons, mesh.entry)
    nets = _nets(axons)
    nets = nets if cost.is_multicast else apart(nets)
    plan = plan_of(nets, _rooms(np.asarray(place)[part], limits.neurons), rooms, cost)
    plan = plan._replace(fewest=fewest)
    random = np.array([seed * 4001 + 23, seed + 6101]) % 2147483398 + 1
    first = kernels.price_all(plan, nets)
    best, least = plan.slot.copy(), first
    for _ in range(EFFORTS[effort].rounds):
        for _ in anneal(plan, nets, EFFORTS[effort], kernels, random):
            pass
        settle(plan, nets, np.arange(axons.neurons), EFFORTS[effort], kernels)
        found = kernels.price_all(plan, nets)
        if found < least:
            best, least = plan.slot.copy(), found
    taken, made = np.unique(best // limits.neurons, return_inverse=True)
    made = made.astype(np.int32)
    is_more = len(taken) > len(place)
    if is_more or any(excesses(uses(axons, made, limits, len(taken), kernels), limits)):
        return part, place
    return made, taken.astype(np.int32)


def _nets(axons: Axons) -> CoreNets:
    """The axons as those between cores of a neuron each."""
    home = np.full(axons.senders, -1, np.int32)
    home[: axons.neurons] = np.arange(axons.neurons)
    rate: Floats = axons.rate
    return CoreNets(axons.start, axons.reach, home, rate)


def _rooms(router: Ints, room: int) -> Ints:
    """A slot at its router for each neuron."""
    order = np.argsort(router, kind="stable")
    starts = np.searchsorted(router[order], router[order])
    slots = np.empty(len(router), np.int32)
    slots[order] = router[order] * room + np.arange(len(router)) - starts
    return slots
