import numpy as np
import pytest
from axon_cases import counted_links, drawn_axons, packets_of, reached

from snncc.backends.mapping.costs import COSTS, estimate
from snncc.backends.mapping.limits import Mesh, work
from snncc.backends.mapping.load import Kernels
from snncc.backends.mapping.route import traffic

MESH = Mesh(3, 2, 2, 1)


@pytest.mark.parametrize("name", sorted(COSTS))
def test_estimates_follow_from_events(name: str, loops: Kernels) -> None:
    axons = drawn_axons(3, neurons=16, synapses=80)
    part, place = np.arange(16) % 5, np.array([7, 0, 11, 2, 3])
    cost, sent = COSTS[name], traffic(axons, part, place, MESH, loops)
    found = estimate(axons, part, place, MESH, sent, work(axons, part, 5, loops), cost, loops)
    loads, _, alone, along = counted_links(axons, list(part), list(place), MESH)
    if cost.is_multicast:
        alone = sum(loads.values())
        along = sum(r for (a, b), r in loads.items() if a // 3 == b // 3)
    inside = [s for s in range(16) if any(part[n] == part[s] for n in reached(axons, s))]
    packets = packets_of(axons, list(part))
    messages = packets + sum(axons.rate[s] for s in inside)
    network = cost.row_hop[0] * along + cost.column_hop[0] * (alone - along)
    network += cost.router[0] * (alone + packets)
    network += (cost.message_out[0] + cost.message_in[0]) * messages
    counts = np.ones(axons.pins) if axons.synapses is None else axons.synapses
    events = (np.repeat(axons.rate, np.diff(axons.start)) * counts).sum()
    own = cost.synapse[0] * events + 16 * cost.neuron[0] + cost.spike_out[0] * axons.rate[:16].sum()
    assert found.network_energy == pytest.approx(network)
    assert found.energy == pytest.approx(network + own)


def test_time_is_that_of_the_slowest_core_the_way_and_the_barrier(loops: Kernels) -> None:
    """One neuron that fires once a step and reaches another core, three routers away."""
    from snncc.backends.mapping.axons import axons_of

    axons = axons_of(np.array([0]), np.array([1]), 2, np.array([1.0, 0.0]))
    part, place = np.array([0, 1]), np.array([0, 11])
    sent = traffic(axons, part, place, MESH, loops)
    cost = COSTS["loihi"]
    found = estimate(axons, part, place, MESH, sent, work(axons, part, 2, loops), cost, loops)
    sender, receiver = 9.7 + 30.0 + 5.1, 9.7 + 16.0 + 3.8
    assert found.latency == pytest.approx(max(sender, receiver) + 2 * 4.1 + 6.5 + 1000)
    assert found.critical_core == 0
    assert found.energy == pytest.approx(2 * 72.8 + 69.3 + 111.0 + 35.5 + 2 * 3.0 + 4.2)


def test_a_core_receives_while_it_sends(loops: Kernels) -> None:
    """Three neurons, each on a core of its own, fire for a fourth."""
    from snncc.backends.mapping.axons import axons_of

    axons = axons_of(np.array([0, 1, 2]), np.array([3, 3, 3]), 4, np.array([1.0, 1.0, 1.0, 0.0]))
    part, place = np.arange(4), np.arange(4)  # at routers 0, 0, 1, 1
    sent = traffic(axons, part, place, MESH, loops)
    done = work(axons, part, 4, loops)
    found = estimate(axons, part, place, MESH, sent, done, COSTS["loihi"], loops)
    assert found.latency == pytest.approx(3 * (16.0 + 3.8) + 4.1 + 1000)
    assert found.critical_core == 3


def test_a_step_waits_for_the_fullest_route(loops: Kernels) -> None:
    """Thirty inputs fire for a neuron on each of two cores beside the router where they come in:
    what lies on the link out of their core, a third of each packet, and on the link to one of the
    cores, must be received."""
    from snncc.backends.mapping.axons import axons_of

    pre, post = np.repeat(np.arange(2, 32), 2), np.tile([0, 1], 30)
    axons = axons_of(pre, post, 2, np.append(np.zeros(2), np.ones(30)))
    part, place = np.array([0, 1]), np.array([0, 4])  # at routers 0 and 2; inputs come in at 1
    sent = traffic(axons, part, place, MESH, loops)
    done = work(axons, part, 2, loops)
    found = estimate(axons, part, place, MESH, sent, done, COSTS["loihi"], loops)
    receive = 16.0 + 3.8
    assert found.waiting == pytest.approx(receive * (60 / 3 + 30 / 3) / 2)
    assert found.latency == pytest.approx(30 * receive + 2 * 4.1 + 1000)  # both cores are slower
    apart = axons_of(np.arange(1, 31), np.zeros(30, int), 1, np.append(0.0, np.ones(30)))
    done = work(apart, np.array([0]), 1, loops)
    sent = traffic(apart, np.array([0]), np.array([2]), MESH, loops)
    alone = estimate(apart, np.array([0]), np.array([2]), MESH, sent, done, COSTS["loihi"], loops)
    assert alone.waiting == pytest.approx(receive * 30 / 2)  # at the router itself: half of each


def test_several_cores_beside_the_door_make_each_other_wait(loops: Kernels) -> None:
    """Eight cores at one router receive at once, and no link out of the inputs' core holds that."""
    from snncc.backends.mapping.axons import axons_of

    pre, post = np.repeat(np.arange(8, 38), 8), np.tile(np.arange(8), 30)
    axons = axons_of(pre, post, 8, np.append(np.zeros(8), np.ones(30)))
    mesh, part = Mesh(3, 2, 8, 1), np.arange(8)
    done = work(axons, part, 8, loops)
    found = {}
    for name, place in (
        ("near", np.arange(8, 16)),
        ("far", np.array([0, 1, 8, 16, 24, 32, 40, 41])),
    ):
        sent = traffic(axons, part, place, mesh, loops)
        found[name] = estimate(axons, part, place, mesh, sent, done, COSTS["loihi"], loops)
    assert found["near"].waiting == pytest.approx((16.0 + 3.8) * 240 / 2)
    assert found["near"].latency == pytest.approx(found["near"].waiting + 600)
    assert found["far"].waiting < 0.7 * found["near"].waiting
