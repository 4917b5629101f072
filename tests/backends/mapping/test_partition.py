import numpy as np
import pytest
from axon_cases import counted_uses, drawn_axons, packets_of

from snncc.backends.mapping.axons import axons_of
from snncc.backends.mapping.feasible import DoesNotFit
from snncc.backends.mapping.limits import CoreLimits
from snncc.backends.mapping.load import Kernels
from snncc.backends.mapping.partition import Step, partition

LIMITS = CoreLimits(12, 60, 60, 300, synapse_bits=5, axon_bytes=2, kinds=(2,))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_limits_are_kept_and_packets_told(seed: int, compiled: Kernels) -> None:
    axons = drawn_axons(seed, neurons=60, inputs=5, synapses=240, kinds=1)
    told = list[Step]()
    part = partition(axons, LIMITS, 10, kernels=compiled, seed=seed, progress=told.append)
    used = counted_uses(axons, part.tolist(), LIMITS, 10)
    assert all(max(used[name]) <= most for name, most in LIMITS.most().items())
    assert told[-1].packets == pytest.approx(packets_of(axons, part.tolist()), rel=1e-6)
    again = partition(axons, LIMITS, 10, kernels=compiled, seed=seed)
    assert (part == again).all()


@pytest.mark.slow
def test_from_every_state_it_ends_alike(compiled: Kernels) -> None:
    axons = drawn_axons(4, neurons=200, inputs=5, synapses=900, kinds=1)
    told = list[Step]()
    wide, asked = CoreLimits(60), {"kernels": compiled, "seed": 3, "effort": 2}
    part = partition(axons, wide, 4, progress=told.append, **asked)
    assert len({step.state.round for step in told}) == 4
    assert sum(step.state.inner is not None for step in told) >= 3
    assert [step.share for step in told] == sorted(step.share for step in told)
    assert told[-1].share == 1
    for step in told:
        again = partition(axons, wide, 4, state=step.state, **asked)
        assert (part == again).all()


@pytest.mark.slow
def test_clusters_are_found(compiled: Kernels) -> None:
    """Eight clusters of 16, listed in disorder, whose neurons reach only their own."""
    draw = np.random.default_rng(0)
    name = draw.permutation(128)
    pre = np.repeat(np.arange(128), 6)
    post = pre // 16 * 16 + draw.integers(0, 16, len(pre))
    axons = axons_of(name[pre], name[post], 128, np.ones(128))
    part = partition(axons, CoreLimits(16), 8, kernels=compiled)
    assert packets_of(axons, part.tolist()) == 0


@pytest.mark.slow
def test_clusters_that_reach_each_other_are_found(compiled: Kernels) -> None:
    """Sixteen of 64, as many as a core holds, whose neurons reach four others each."""
    draw = np.random.default_rng(0)
    name = draw.permutation(1024)
    pre = np.repeat(np.arange(1024), 20)
    near = pre // 64 * 64 + draw.integers(0, 64, len(pre))
    post = np.where(np.arange(len(pre)) % 20 < 16, near, draw.integers(0, 1024, len(pre)))
    axons = axons_of(name[pre], name[post], 1024, np.ones(1024))
    planted = np.argsort(name) // 64
    for seed in range(2):
        part = partition(axons, CoreLimits(64), 16, kernels=compiled, seed=seed)
        assert packets_of(axons, part.tolist()) <= 1.03 * packets_of(axons, planted.tolist())


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (CoreLimits(5), "neurons"),
        (CoreLimits(12, axons_in=1), "axons_in"),
        (CoreLimits(12, synapse_bytes=2), "synapse_bytes"),
        (CoreLimits(12, kinds=(1, None)), "kinds[0]"),
    ],
)
def test_what_no_partition_mends_is_told(limits: CoreLimits, named: str, loops: Kernels) -> None:
    with pytest.raises(DoesNotFit) as told:
        partition(drawn_axons(0), limits, 2, kernels=loops)
    assert named in {misfit.limit for misfit in told.value.proved}


def test_what_was_not_found_is_told(loops: Kernels) -> None:
    """Each of two cores holds two neurons and three senders, of which four reach each neuron."""
    pre, post = np.array([0, 1, 2, 0, 1, 3, 2, 3, 0, 1, 2, 3]), np.repeat(np.arange(4), 3)
    axons = axons_of(pre, post, 4, np.ones(4))
    with pytest.raises(DoesNotFit) as told:
        partition(axons, CoreLimits(2, axons_in=3), 2, kernels=loops, effort=0)
    assert not told.value.proved
    assert {excess.limit for excess in told.value.over} == {"axons_in"}
