import numpy as np
import pytest
from axon_cases import counted_links, drawn_axons, packets_of, remote

from snncc.backends.mapping.limits import Mesh
from snncc.backends.mapping.load import Kernels
from snncc.backends.mapping.route import DIRECTIONS, core_nets, traffic

STEPS = {"east": (1, 0), "west": (-1, 0), "south": (0, 1), "north": (0, -1)}
MESHES = [Mesh(4, 3, 1, 0), Mesh(3, 2, 2, 4), Mesh(1, 5, 3, 2), Mesh(6, 1, 2, 5)]


@pytest.mark.parametrize("mesh", MESHES)
@pytest.mark.parametrize("seed", range(3))
def test_traffic_is_that_of_the_paths(seed: int, mesh: Mesh, loops: Kernels) -> None:
    axons = drawn_axons(seed, neurons=20, inputs=4, synapses=90)
    draw, cores = np.random.default_rng(seed), min(9, mesh.cores)
    part, place = draw.integers(0, cores, axons.neurons), draw.permutation(mesh.cores)[:cores]
    found = traffic(axons, part, place, mesh, loops)
    loads, hops, alone, along = counted_links(axons, list(part), list(place), mesh)
    assert found.packets == packets_of(axons, list(part))
    assert found.hops == hops
    assert found.weighted_hops == sum(loads.values())
    assert (found.unicast_hops, found.unicast_row_hops) == (alone, along)
    for router in range(mesh.routers):
        for way, name in enumerate(DIRECTIONS):
            across, down = STEPS[name]
            is_inside = not across or 0 <= router % mesh.width + across < mesh.width
            there = router + across + down * mesh.width
            assert found.links[router, way] == (loads[(router, there)] if is_inside else 0)
    assert found.links.sum() == sum(loads.values())
    assert found.row_hops == found.links[:, :2].sum()
    assert found.max_link == max(loads.values())
    assert found.links[found.busiest[0], DIRECTIONS.index(found.busiest[1])] == found.max_link


def test_axons_of_one_way_are_joined(loops: Kernels) -> None:
    axons = drawn_axons(1, neurons=30, inputs=4, synapses=40)
    part = np.random.default_rng(1).integers(0, 3, 30)
    nets = core_nets(axons, part, 3, loops)
    want: dict[tuple[int, frozenset[int]], float] = {}
    for sender in range(axons.senders):
        cores = frozenset(remote(axons, list(part), sender))
        if cores:
            key = int(part[sender]) if sender < 30 else -1, cores
            want[key] = want.get(key, 0) + axons.rate[sender]
    ends = [nets.to[a:b] for a, b in zip(nets.first[:-1], nets.first[1:], strict=True)]
    assert all((np.diff(e) > 0).all() for e in ends)
    pairs = [(int(h), frozenset(e.tolist())) for h, e in zip(nets.home, ends, strict=True)]
    assert dict(zip(pairs, nets.rate, strict=True)) == want
    assert len(pairs) == len(want)


def test_who_sends_and_receives(loops: Kernels) -> None:
    axons = drawn_axons(2)
    part = np.arange(axons.neurons) % 4
    found = traffic(axons, part, np.arange(4), Mesh(2, 2), loops)
    from_outside = [
        axons.rate[s] * len(remote(axons, list(part), s)) for s in range(12, axons.senders)
    ]
    assert found.sent.sum() + sum(from_outside) == found.packets == found.received.sum()
    assert found.critical_core == int((found.sent + found.received).argmax())
