from itertools import permutations

import numpy as np
import pytest
from axon_cases import drawn_axons

from snncc.backends.mapping.axons import Axons, axons_of
from snncc.backends.mapping.costs import COSTS, estimate, spent
from snncc.backends.mapping.effort import EFFORTS
from snncc.backends.mapping.limits import Mesh, work
from snncc.backends.mapping.load import Kernels
from snncc.backends.mapping.place import place, plan_of
from snncc.backends.mapping.route import apart, core_nets, traffic
from snncc.backends.mapping.spread import is_spread, spread

LOIHI = COSTS["loihi"]


def busy_input(inputs: int, neurons: int) -> Axons:
    """Inputs that fire in every step and reach every neuron."""
    pre = np.repeat(np.arange(neurons, neurons + inputs), neurons)
    post = np.tile(np.arange(neurons), inputs)
    return axons_of(pre, post, neurons, np.append(np.zeros(neurons), np.ones(inputs)))


def worth(axons: Axons, part: np.ndarray, slots: np.ndarray, mesh: Mesh, loops: Kernels) -> float:
    """The square of the energy times the time, by the estimate."""
    sent, done = traffic(axons, part, slots, mesh, loops), work(axons, part, len(slots), loops)
    found = estimate(axons, part, slots, mesh, sent, done, LOIHI, loops)
    return found.energy**2 * found.latency


def test_cores_of_a_busy_sender_lie_apart(loops: Kernels) -> None:
    """Side by side they would save hops, and their packets wait."""
    axons, mesh, part = busy_input(60, 4), Mesh(5, 3, 1, 7), np.arange(4)
    near = place(axons, part, mesh, loops, effort=0, cost=COSTS["router"])
    far = place(axons, part, mesh, loops, effort=0, cost=LOIHI)
    hops = [traffic(axons, part, slots, mesh, loops).unicast_hops for slots in (near, far)]
    assert hops[1] > hops[0]
    after, before = (worth(axons, part, slots, mesh, loops) for slots in (far, near))
    assert after < 0.9 * before


@pytest.mark.parametrize("seed", range(3))
def test_few_cores_lie_where_it_takes_least(seed: int, loops: Kernels) -> None:
    axons, mesh, part = busy_input(30, 4), Mesh(3, 2, 1, seed), np.arange(4)
    slots = place(axons, part, mesh, loops, seed=seed, effort=0, cost=LOIHI)
    every = [worth(axons, part, np.array(p), mesh, loops) for p in permutations(range(6), 4)]
    assert worth(axons, part, slots, mesh, loops) <= 1.01 * min(every)


def test_where_no_packet_waits_cores_stay(loops: Kernels) -> None:
    axons, mesh = drawn_axons(1, neurons=12, inputs=0, synapses=30), Mesh(3, 2, 2, 0)
    part = np.arange(12, dtype=np.int32) % 4
    nets, slots = apart(core_nets(axons, part, 4, loops)), np.arange(4)
    sent = traffic(axons, part, slots, mesh, loops)
    given = spent(axons, part, mesh, sent, work(axons, part, 4, loops), LOIHI)
    plan = plan_of(nets, slots, mesh, LOIHI)
    assert is_spread(plan, given, nets, loops)
    random = np.array([12, 345])
    assert spread(plan, nets, given, EFFORTS[0], loops, random).tolist() == [0, 1, 2, 3]
    assert random.tolist() == [12, 345]
    far = plan_of(nets, np.array([0, 2, 4, 6]), mesh, LOIHI)
    assert not is_spread(far, given, nets, loops)  # a barrier of four routers in place of two


@pytest.mark.slow
def test_annealing_finds_no_worse_and_the_same_for_a_seed(compiled: Kernels) -> None:
    axons, mesh = busy_input(50, 12), Mesh(6, 4, 2, 9)
    part = np.arange(12)
    found = []
    for effort in (0, 1):
        slots = place(axons, part, mesh, compiled, seed=5, effort=effort, cost=LOIHI)
        again = place(axons, part, mesh, compiled, seed=5, effort=effort, cost=LOIHI)
        assert (slots == again).all()
        assert len(set(slots.tolist())) == 12
        found.append(worth(axons, part, slots, mesh, compiled))
    assert found[1] <= 1.001 * found[0]
