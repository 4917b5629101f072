"""How long packets wait for full routes, counted link by link."""

from collections import Counter

import numpy as np
import pytest
from axon_cases import drawn_axons, path

from snncc.backends.mapping.axons import Axons
from snncc.backends.mapping.costs import COSTS, estimate, spent
from snncc.backends.mapping.limits import Mesh, work
from snncc.backends.mapping.load import Kernels
from snncc.backends.mapping.place import plan_of, put
from snncc.backends.mapping.records import CoreNets
from snncc.backends.mapping.route import apart, core_nets, traffic

MESHES = [Mesh(4, 3, 1, 5), Mesh(3, 2, 2, 4), Mesh(1, 5, 2, 2)]
CORES = 8


def drawn(mesh: Mesh, loops: Kernels) -> tuple[Axons, np.ndarray, np.ndarray, CoreNets]:
    """A network, the core of each neuron, the slot of each core, and a packet for each core."""
    axons, draw = drawn_axons(2, neurons=20, inputs=4, synapses=70), np.random.default_rng(2)
    part = np.arange(20, dtype=np.int32) % CORES
    slots = draw.permutation(mesh.cores)[:CORES].astype(np.int32)
    return axons, part, slots, apart(core_nets(axons, part, CORES, loops))


def counted(nets: CoreNets, slots: np.ndarray, local: np.ndarray, mesh: Mesh) -> float:
    """The mean over the links of the fullest route, by lists of links."""
    flows = [(int(h), int(t), float(r)) for h, t, r in zip(nets.home, nets.to, nets.rate)]  # noqa: B905
    flows += [(core, core, float(rate)) for core, rate in enumerate(local) if rate]
    at = [int(slot) // mesh.cores_a_router for slot in slots]
    routes = []
    for home, to, rate in flows:
        here = at[home] if home >= 0 else mesh.entry
        routes.append(([("out", home), *path(here, at[to], mesh.width)], rate))
    lies = Counter[object]()
    for links, rate in routes:
        for link in links:
            lies[link] += rate / (len(links) + 1)
    return max(sum(lies[link] for link in links) / len(links) for links, _ in routes)


@pytest.mark.parametrize("mesh", MESHES)
def test_the_fullest_route_is_that_of_all_links(mesh: Mesh, loops: Kernels) -> None:
    axons, part, slots, nets = drawn(mesh, loops)
    local = work(axons, part, CORES, loops).local
    router = np.append(slots // mesh.cores_a_router, mesh.entry).astype(np.int32)
    out, links = np.full(CORES + 1, 7.0), np.full((mesh.routers, 4), 7.0)
    found = loops.fullest(nets, router, mesh.width, local, out, links)
    assert found == pytest.approx(counted(nets, slots, local, mesh))


@pytest.mark.parametrize("mesh", MESHES)
def test_the_product_is_that_of_the_estimate(mesh: Mesh, loops: Kernels) -> None:
    """Whether the wait or the slowest core decides how long a step takes."""
    axons, part, slots, nets = drawn(mesh, loops)
    cost, done = COSTS["loihi"], work(axons, part, CORES, loops)
    sent = traffic(axons, part, slots, mesh, loops)
    given = spent(axons, part, mesh, sent, done, cost)
    plan = plan_of(nets, slots, mesh, cost)
    found = estimate(axons, part, slots, mesh, sent, done, cost, loops)
    assert loops.product(plan, nets, given) == pytest.approx(found.energy**2 * found.latency)
    waits = given._replace(receive=1000 * given.receive, busy=0.0)
    still = found.latency - max(given.busy, found.waiting)
    then = found.energy**2 * (1000 * found.waiting + still)
    assert loops.product(plan, nets, waits) == pytest.approx(then)


def test_annealing_keeps_the_slots_of_the_least_that_it_met(loops: Kernels) -> None:
    mesh = MESHES[0]
    axons, part, slots, nets = drawn(mesh, loops)
    cost, done = COSTS["loihi"], work(axons, part, CORES, loops)
    sent = traffic(axons, part, slots, mesh, loops)
    given = spent(axons, part, mesh, sent, done, cost)._replace(busy=0.0, receive=1000.0)
    plan = plan_of(nets, slots, mesh, cost)
    first = loops.product(plan, nets, given)
    least = loops.calm(plan, nets, given, np.array([5, 77]), 0.5, 0.01, 3, 150)
    assert least < first
    assert least <= loops.product(plan, nets, given)
    put(plan, plan.best.copy())
    assert loops.product(plan, nets, given) == pytest.approx(least)
