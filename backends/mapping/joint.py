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
from .effort import EFFORTS, SEEN
from .limits import CoreLimits, Mesh, excesses, uses
from .load import Kernels
from .place import anneal, plan_of, settle
from .records import CoreNets, Plan
from .route import apart

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
    progress: SEEN | None = None,
) -> tuple[Ints, Ints]:
    """The core of each neuron and the slot of each core, from those given on: what costs less and
    keeps the limits, with no more cores; otherwise those. No core is left with fewer neurons than
    `fewest`."""
    if not applies(axons, place, mesh, effort):
        return part, place
    room = min(limits.neurons, axons.neurons)
    rooms = Mesh(mesh.width, mesh.height, room, mesh.entry)
    nets = _nets(axons)
    nets = nets if cost.is_multicast else apart(nets)
    plan = plan_of(nets, _rooms(np.asarray(place)[part], room), rooms, cost)
    plan = plan._replace(fewest=fewest)
    random = np.array([seed * 4001 + 23, seed + 6101]) % 2147483398 + 1
    found, least = (part, place), kernels.price_all(plan, nets)
    for number in range(EFFORTS[effort].rounds):
        for share in anneal(plan, nets, EFFORTS[effort], kernels, random):
            if progress is not None:
                progress((number + share) / EFFORTS[effort].rounds)
        settle(plan, nets, np.arange(axons.neurons), EFFORTS[effort], kernels)
        _close(plan, nets, len(place), kernels)
        price, made = kernels.price_all(plan, nets), _cores(plan.slot // room)
        if price < least and _keeps(axons, made, limits, len(place), kernels):
            found, least = made, price
    return found


def applies(axons: Axons, place: Ints, mesh: Mesh, effort: int) -> bool:
    """Whether neurons are placed one by one at all: few of them, on several cores of a router
    each, with some effort."""
    is_small = 0 < axons.neurons <= NEURONS
    return is_small and mesh.cores_a_router == 1 and len(place) > 1 and EFFORTS[effort].rounds > 0


def _close(plan: Plan, nets: CoreNets, most: int, kernels: Kernels) -> None:
    """Leaves so many routers in use, as far as they have room: of the others, the emptiest first,
    each neuron goes to where it costs least."""
    room = plan.cores_a_router
    while True:
        taken, held = np.unique(plan.slot // room, return_counts=True)
        if len(taken) <= most:
            return
        closing = taken[held.argmin()]
        for neuron in np.flatnonzero(plan.slot // room == closing).tolist():
            slots = _free(plan, taken[taken != closing])
            if not len(slots):
                return
            costs = [kernels.change(plan, nets, neuron, slot, False) for slot in slots.tolist()]
            kernels.change(plan, nets, neuron, int(slots[np.argmin(costs)]), True)


def _free(plan: Plan, routers: Ints) -> Ints:
    """An empty slot of each router that has one."""
    room = plan.cores_a_router
    empty = plan.holder.reshape(-1, room)[routers] < 0
    return (routers * room + empty.argmax(axis=1))[empty.any(axis=1)]


def _cores(router: Ints) -> tuple[Ints, Ints]:
    """The core of each neuron, and the slot of each core, by the neurons' routers."""
    taken, made = np.unique(router, return_inverse=True)
    return made.astype(np.int32), taken.astype(np.int32)


def _keeps(
    axons: Axons, made: tuple[Ints, Ints], limits: CoreLimits, most: int, kernels: Kernels
) -> bool:
    """Whether these are at most so many cores, within their limits."""
    part, slots = made
    if len(slots) > most:
        return False
    return not any(excesses(uses(axons, part, limits, len(slots), kernels), limits))


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
