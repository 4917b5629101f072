import numpy as np
from axon_cases import drawn_axons

from snncc.backends.mapping.baselines import baselines, filled
from snncc.backends.mapping.levels import finest
from snncc.backends.mapping.limits import CoreLimits, Mesh, excesses, uses
from snncc.backends.mapping.load import Kernels

LIMITS = CoreLimits(6, 14, None, 60, synapse_bits=5, axon_bytes=2, kinds=(2,))


def test_cores_are_filled_as_far_as_limits_let(loops: Kernels) -> None:
    axons = drawn_axons(2, neurons=30, inputs=4, synapses=90, kinds=1)
    part = filled(finest(axons, LIMITS, loops), LIMITS, 30, np.arange(30), loops)
    cores = int(part.max()) + 1
    assert (np.diff(part) >= 0).all()
    assert (np.diff(part) <= 1).all()
    assert not list(excesses(uses(axons, part, LIMITS, cores, loops), LIMITS))
    for core in range(cores - 1):  # with the first of the next one, each would be too full
        fuller = part.copy()
        fuller[np.flatnonzero(part == core + 1)[0]] = core
        over = excesses(uses(axons, fuller, LIMITS, cores, loops), LIMITS)
        assert core in {excess.core for excess in over}


def test_each_has_a_name_and_says_what_it_exceeds(loops: Kernels) -> None:
    axons = drawn_axons(2, neurons=30, inputs=4, synapses=90, kinds=1)
    small, mesh = CoreLimits(6, 8), Mesh(2, 2)
    found = list(baselines(axons, small, mesh, loops))
    names = [name for name, _, _ in found]
    assert names[0] == "index order (exceeds axons_in, neurons)"
    assert len([name for name in names if name.startswith("random")]) == 10
    assert any(name.startswith("Hilbert") for name in names)
    for name, part, slots in found:
        assert len(set(slots.tolist())) == len(slots) == part.max() + 1 <= mesh.cores
        over = list(excesses(uses(axons, part, small, len(slots), loops), small))
        assert bool(over) == ("exceeds" in name)
    again = list(baselines(axons, small, mesh, loops))
    assert all(
        (a[1] == b[1]).all() and (a[2] == b[2]).all() for a, b in zip(found, again, strict=True)
    )
