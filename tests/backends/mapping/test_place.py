from itertools import permutations

import numpy as np
import pytest
from axon_cases import drawn_axons

from snncc.backends.mapping.costs import COSTS
from snncc.backends.mapping.limits import Mesh
from snncc.backends.mapping.load import Kernels
from snncc.backends.mapping.place import place, plan_of
from snncc.backends.mapping.route import apart, core_nets, traffic

MESHES = [Mesh(4, 3, 1, 0), Mesh(3, 2, 2, 4), Mesh(1, 5, 2, 2)]


@pytest.mark.parametrize("mesh", MESHES)
@pytest.mark.parametrize("name", ["hops", "loihi"])
def test_a_swap_changes_what_routes_cost(name: str, mesh: Mesh, loops: Kernels) -> None:
    """Each swap, told before it is done and done, against all trees routed anew."""
    axons, draw = drawn_axons(1, neurons=20, inputs=4, synapses=60), np.random.default_rng(1)
    cores, cost = 8, COSTS[name]
    part = np.arange(20) % cores
    nets = core_nets(axons, part, cores, loops)
    nets = nets if cost.is_multicast else apart(nets)
    plan = plan_of(nets, draw.permutation(mesh.cores)[:cores], mesh, cost)
    now = loops.price_all(plan, nets)
    for _ in range(60):
        core, slot = int(draw.integers(cores)), int(draw.integers(mesh.cores))
        told = loops.change(plan, nets, core, slot, False)
        assert loops.price_all(plan, nets) == pytest.approx(now)
        assert loops.change(plan, nets, core, slot, True) == pytest.approx(told)
        now += told
        sent = traffic(axons, part, plan.slot, mesh, loops)
        rows, hops = sent.row_hops, sent.weighted_hops
        if not cost.is_multicast:
            rows, hops = sent.unicast_row_hops, sent.unicast_hops
        assert now == pytest.approx(cost.row_hop[0] * rows + cost.column_hop[0] * (hops - rows))
        assert [int(plan.holder[s]) for s in plan.slot] == list(range(cores))
        assert (plan.holder >= 0).sum() == cores


@pytest.mark.parametrize("seed", range(3))
def test_few_cores_lie_where_it_costs_least(seed: int, loops: Kernels) -> None:
    axons, mesh = drawn_axons(seed, neurons=10, inputs=2, synapses=24), Mesh(3, 2, 1, 1)
    part = np.arange(10) % 5
    slots = place(axons, part, mesh, loops, seed=seed, effort=0)
    assert len(set(slots.tolist())) == 5
    assert slots.max() < mesh.cores
    found = traffic(axons, part, slots, mesh, loops).weighted_hops
    nets = core_nets(axons, part, 5, loops)
    every = (plan_of(nets, np.array(p), mesh, COSTS["hops"]) for p in permutations(range(6), 5))
    costs = sorted(float(loops.price_all(plan, nets)) for plan in every)
    assert costs[0] <= found <= 1.1 * costs[0]


@pytest.mark.slow
def test_annealing_finds_no_worse_and_the_same_for_a_seed(compiled: Kernels) -> None:
    axons, mesh = drawn_axons(5, neurons=300, inputs=5, synapses=900), Mesh(6, 5, 1, 3)
    part = np.arange(300) // 12
    hops, shares = [], list[float]()
    for effort in (0, 1):
        slots = place(axons, part, mesh, compiled, seed=3, effort=effort, progress=shares.append)
        again = place(axons, part, mesh, compiled, seed=3, effort=effort)
        assert (slots == again).all()
        assert len(set(slots.tolist())) == 25
        hops.append(traffic(axons, part, slots, mesh, compiled).weighted_hops)
    assert hops[1] <= hops[0]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_nothing_to_place(loops: Kernels) -> None:
    axons = drawn_axons(0)
    one = place(axons, np.zeros(12, np.int32), Mesh(2, 2), loops, effort=1)
    assert one.shape == (1,)
