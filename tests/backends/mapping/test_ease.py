from dataclasses import replace

import numpy as np
import pytest
from axon_cases import drawn_axons

from snncc.backends.mapping import levels
from snncc.backends.mapping.axons import Axons, axons_of
from snncc.backends.mapping.costs import COSTS
from snncc.backends.mapping.ease import eased
from snncc.backends.mapping.limits import CoreLimits, Mesh, excesses, uses
from snncc.backends.mapping.load import Kernels

MESH, LOIHI = Mesh(2, 2, 2), COSTS["loihi"]


def in_turns(layers: int = 4, width: int = 8) -> Axons:
    """Layers of neurons, each of which reaches two of the next; one layer fires at a time."""
    neurons = layers * width
    pre = np.repeat(np.arange(neurons), 2)
    post = (pre // width + 1) % layers * width + (pre + np.tile([0, 1], neurons)) % width
    fired = np.repeat(np.eye(layers, dtype=np.float32), width, axis=0)
    network = axons_of(pre, post, neurons, fired.mean(axis=1, dtype=np.float64))
    return replace(network, moments=fired)


def slowest(axons: Axons, part: np.ndarray) -> float:
    """The spikes of the core that sends most, on average over the moments."""
    assert axons.moments is not None
    cores = int(part.max()) + 1
    each = [axons.moments[part == core].sum(axis=0) for core in range(cores)]
    return float(np.max(each, axis=0).mean())


def test_layers_that_fire_in_turns_share_cores(loops: Kernels) -> None:
    """By what they do on average no core is slower than another: it is the moments that say it."""
    axons, part = in_turns(), np.arange(32, dtype=np.int32) // 8
    limits = CoreLimits(8)
    how = {"seed": 0, "effort": 0, "cost": replace(LOIHI, message_out=(0.0, 500.0), barrier={})}
    found = eased(axons, part, limits, MESH, loops, **how)
    assert slowest(axons, found) < 0.7 * slowest(axons, part)
    assert np.bincount(found).max() <= 8
    blind = eased(replace(axons, moments=None), part, limits, MESH, loops, **how)
    assert slowest(axons, blind) > slowest(axons, found)
    shares = list[float]()
    assert (eased(axons, part, limits, MESH, loops, progress=shares.append, **how) == found).all()
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_packets_that_are_dear_stay_few(loops: Kernels) -> None:
    """Of a cost in which a packet takes all the energy and no time, nothing is moved but what
    saves packets."""
    axons, part = in_turns(), np.arange(32, dtype=np.int32) // 8
    dear = replace(LOIHI, message_out=(1e9, 0.0))
    found = eased(axons, part, CoreLimits(8), MESH, loops, seed=0, effort=0, cost=dear)
    before, after = (
        sum(len({int(p[n]) for n in axons.reach[2 * s : 2 * s + 2]}) for s in range(32))
        for p in (part, found)
    )
    assert after <= before


@pytest.mark.parametrize("seed", range(3))
def test_no_limit_is_exceeded_more(seed: int, loops: Kernels) -> None:
    axons = drawn_axons(seed, neurons=20, inputs=3, synapses=80)
    part = (np.arange(20) % 4).astype(np.int32)
    used = uses(axons, part, CoreLimits(6), 4, loops)
    limits = CoreLimits(
        6,
        int(used.axons_in.max()),
        int(used.axons_out.max()),
        int(used.synapse_bytes.max()),
        kinds=(3, None),
    )
    found = eased(axons, part, limits, MESH, loops, seed=seed, effort=0, cost=LOIHI)
    assert (found != part).any()
    assert not list(excesses(uses(axons, found, limits, 4, loops), limits))


def test_what_cannot_be_eased_stays(loops: Kernels, monkeypatch: pytest.MonkeyPatch) -> None:
    axons, part = in_turns(), np.arange(32, dtype=np.int32) // 8
    how = {"seed": 0, "effort": 0}
    assert eased(axons, part, CoreLimits(8), MESH, loops, cost=COSTS["hops"], **how) is part
    assert eased(axons, 0 * part, CoreLimits(32), MESH, loops, cost=LOIHI, **how).max() == 0
    monkeypatch.setattr(levels, "PLACES", 10)  # too many cores and axons to be counted
    assert eased(axons, part, CoreLimits(8), MESH, loops, cost=LOIHI, **how) is part


def test_a_core_may_come_to_be_empty(loops: Kernels) -> None:
    """One packet of an input does for four neurons that share a core, and takes no longer."""
    axons = axons_of(np.full(4, 4), np.arange(4), 4, np.array([0.0, 0.0, 0.0, 0.0, 1.0]))
    part = np.arange(4, dtype=np.int32)
    free = replace(LOIHI, neuron=(1.0, 0.0), synapse=(1.0, 0.0))
    found = eased(axons, part, CoreLimits(4), MESH, loops, seed=0, effort=0, cost=free)
    assert found.tolist() == [0, 0, 0, 0]
    assert part.tolist() == [0, 1, 2, 3]
