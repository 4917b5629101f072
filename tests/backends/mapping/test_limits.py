import numpy as np
import pytest
from axon_cases import counted_uses, drawn_axons

from snncc.backends.mapping.limits import (
    CoreLimits,
    Excess,
    binding,
    excesses,
    slack,
    uses,
)
from snncc.backends.mapping.load import Kernels

LIMITS = CoreLimits(5, 9, 7, 30, synapse_bits=5, axon_bytes=2, kinds=(2, None))


@pytest.mark.parametrize("seed", range(8))
def test_uses_are_those_of_sets(seed: int, loops: Kernels) -> None:
    axons = drawn_axons(seed, synapses=70)
    part = np.random.default_rng(seed).integers(0, 4, axons.neurons)
    used = uses(axons, part, LIMITS, 5, loops)
    want = counted_uses(axons, list(part), LIMITS, 5)
    assert {name: list(count) for name, count in used.named().items()} == want
    found = {(e.limit, e.core): (e.used, e.most) for e in excesses(used, LIMITS)}
    most = {"neurons": 5, "axons_in": 9, "axons_out": 7, "synapse_bytes": 30, "kinds[0]": 2}
    assert LIMITS.most() == most
    assert found == {
        (name, core): (count, most[name])
        for name in most
        for core, count in enumerate(want[name])
        if count > most[name]
    }
    left = slack(used, LIMITS)
    assert {name: list(most[name] - left[name]) for name in most} == {n: want[n] for n in most}
    assert max(want[binding(used, LIMITS)]) / most[binding(used, LIMITS)] == max(
        max(want[name]) / most[name] for name in most
    )


def test_an_excess_says_by_how_much(loops: Kernels) -> None:
    axons = drawn_axons(0)
    used = uses(axons, np.zeros(axons.neurons, np.int32), CoreLimits(10), 2, loops)
    assert list(excesses(used, CoreLimits(10))) == [Excess("neurons", 0, 12, 10)]
