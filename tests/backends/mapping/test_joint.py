import numpy as np
import pytest
from axon_cases import drawn_axons

from snncc.backends.mapping.axons import axons_of
from snncc.backends.mapping.costs import COSTS
from snncc.backends.mapping.joint import applies, jointly
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


def test_it_tells_how_far_it_is_and_what_is_no_better_stays(loops: Kernels) -> None:
    pairs = axons_of(np.array([0, 2]), np.array([1, 3]), 4, np.ones(4))
    part, place, told = np.array([1, 1, 0, 0]), np.array([3, 1]), list[float]()
    given = pairs, part, place, CoreLimits(2), MESH, loops
    assert jointly(*given, progress=told.append) == (part, place)
    assert told == sorted(told)
    assert told[-1] == 1.0
    made, slots = jointly(pairs, np.array([0, 1, 0, 1]), place, CoreLimits(2), MESH, loops)
    assert traffic(pairs, made, slots, MESH, loops).weighted_hops == 0.0
    assert len(slots) == 2


def test_where_neurons_are_not_placed_at_all() -> None:
    axons, place = drawn_axons(4, neurons=8), np.arange(2)
    assert applies(axons, place, MESH, 1)
    assert not applies(axons, place, MESH, 0)
    assert not applies(axons, place[:1], MESH, 1)
    assert not applies(axons, place, Mesh(3, 3, 2), 1)
    assert not applies(drawn_axons(4, neurons=1001), place, MESH, 1)


@pytest.mark.slow
def test_no_more_cores_are_taken_than_before(compiled: Kernels) -> None:
    """Those of nine that are opened in between are closed again."""
    axons = drawn_axons(4, neurons=40, inputs=3, synapses=160)
    part, place = np.arange(40) % 7, np.arange(7)
    before = traffic(axons, part, place, MESH, compiled).weighted_hops
    made, slots = jointly(axons, part, place, CoreLimits(6), MESH, compiled)
    assert len(slots) == 7
    assert np.bincount(made).max() <= 6
    assert traffic(axons, made, slots, MESH, compiled).weighted_hops < 0.9 * before
