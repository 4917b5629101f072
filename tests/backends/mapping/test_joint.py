import numpy as np
import pytest
from axon_cases import drawn_axons

from snncc.backends.mapping.costs import COSTS
from snncc.backends.mapping.joint import jointly
from snncc.backends.mapping.limits import CoreLimits, Mesh, excesses, uses
from snncc.backends.mapping.load import Kernels
from snncc.backends.mapping.route import traffic

MESH = Mesh(3, 3)


@pytest.mark.slow
@pytest.mark.parametrize("fewest", [0, 3])
def test_hops_become_fewer_and_limits_are_kept(fewest: int, compiled: Kernels) -> None:
    axons = drawn_axons(4, neurons=40, inputs=3, synapses=160)
    limits = CoreLimits(6, axons_in=40)
    part, place = np.arange(40) % 9, np.arange(9)
    first = traffic(axons, part, place, MESH, compiled).weighted_hops
    given = axons, part, place, limits, MESH, compiled
    made, slots = jointly(*given, seed=1, fewest=fewest)
    assert traffic(axons, made, slots, MESH, compiled).weighted_hops < 0.95 * first
    held = np.bincount(made, minlength=len(slots))
    assert max(held) <= 6
    assert len(set(slots.tolist())) == len(slots) <= 9
    assert min(held) >= max(1, fewest)
    assert not any(excesses(uses(axons, made, limits, len(slots), compiled), limits))
    again = jointly(*given, seed=1, fewest=fewest)
    assert all(np.array_equal(a, b) for a, b in zip((made, slots), again, strict=True))


@pytest.mark.slow
def test_packets_that_go_alone_have_their_own_cost(compiled: Kernels) -> None:
    axons = drawn_axons(5, neurons=30, synapses=120)
    part, place = np.arange(30) % 9, np.arange(9)
    made, slots = jointly(axons, part, place, CoreLimits(4), MESH, compiled, cost=COSTS["router"])
    before = traffic(axons, part, place, MESH, compiled).unicast_hops
    assert traffic(axons, made, slots, MESH, compiled).unicast_hops < before


def test_what_exceeds_a_limit_or_has_several_cores_a_router_stays(loops: Kernels) -> None:
    axons = drawn_axons(4, neurons=8, inputs=1, synapses=16)
    part, place = np.arange(8) % 4, np.arange(4)
    same = jointly(axons, part, place, CoreLimits(3, axons_in=1), MESH, loops, effort=0)
    assert same == (part, place)
    several = Mesh(2, 2, 2)
    assert jointly(axons, part, place, CoreLimits(3), several, loops) == (part, place)
