import numpy as np
import pytest
from axon_cases import drawn_axons

from snncc.backends.mapping.axons import axons_of
from snncc.backends.mapping.limits import Mesh
from snncc.backends.mapping.load import Kernels
from snncc.backends.mapping.route import core_nets, traffic
from snncc.backends.mapping.starts import block_of, hilbert, spectral, spectrum, starts


@pytest.mark.parametrize("mesh", [Mesh(8, 4, 4), Mesh(5, 3, 1, 14), Mesh(1, 9, 2), Mesh(7, 1, 2)])
def test_every_core_has_a_slot_of_its_own(mesh: Mesh, loops: Kernels) -> None:
    axons = drawn_axons(0, neurons=130, inputs=3, synapses=400)
    for cores in (1, 2, 5, mesh.cores - 1, mesh.cores):
        part = np.arange(130) % cores
        found = list(starts(core_nets(axons, part, cores, loops), cores, mesh))
        assert len(found) == (10 if cores > 2 else 1)
        for slots in found:
            assert len(set(slots.tolist())) == cores
            assert slots.min() >= 0
            assert slots.max() < mesh.cores


def test_a_hilbert_curve_goes_from_neighbour_to_neighbour() -> None:
    mesh = Mesh(8, 8)
    router = hilbert(mesh, 64)
    assert sorted(router.tolist()) == list(range(64))
    assert (abs(np.diff(router % 8)) + abs(np.diff(router // 8)) == 1).all()


def test_a_block_holds_the_cores_near_the_entry() -> None:
    assert block_of(Mesh(8, 4, 4), 16) == (0, 0, 2, 2)
    assert block_of(Mesh(8, 8, 1, 63), 9) == (5, 5, 3, 3)
    assert block_of(Mesh(2, 9), 12) == (0, 0, 2, 6)


def test_a_chain_of_cores_is_drawn_out(loops: Kernels) -> None:
    """Neuron n reaches n + 1 alone: on a row, each lies beside the next."""
    chain = axons_of(np.arange(8), np.arange(1, 9), 9, np.ones(9))
    mixed = np.random.default_rng(0).permutation(9)
    nets = core_nets(chain, mixed, 9, loops)
    for slots in spectral(spectrum(nets, 9), Mesh(9, 1)):
        if len({int(s) for s in slots}) == 9:
            hops = traffic(chain, mixed, slots, Mesh(9, 1), loops).weighted_hops
            break
    assert hops >= 8
