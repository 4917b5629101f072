"""Other ways to map, to compare with: in index order, at random, along a Hilbert curve, by METIS.

Cores are filled as far as their limits let; METIS knows no limit but the neurons. What does not
keep a limit says so in its name, since it is no mapping that the chip could take.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .axons import Axons, Ints
from .costs import COSTS
from .fill import filled
from .levels import finest
from .limits import CoreLimits, Mesh, excesses, uses
from .load import Kernels
from .place import plan_of
from .route import core_nets
from .starts import along, hilbert, spectral, spectrum

RANDOM = 10
Mapping = tuple[str, Ints, Ints]


def baselines(
    axons: Axons, limits: CoreLimits, mesh: Mesh, kernels: Kernels, *, seed: int = 0
) -> Iterator[Mapping]:
    """(name, core of each neuron, slot of each core). The one of METIS needs pymetis, the one of
    Mt-KaHyPar mtkahypar; without them they are left out."""
    found = _baselines(axons, limits, mesh, kernels, seed)
    for name, part, slots in found:
        used = uses(axons, part, limits, len(slots), kernels)
        over = sorted({excess.limit for excess in excesses(used, limits)})
        yield f"{name} (exceeds {', '.join(over)})" if over else name, part, slots


def _baselines(
    axons: Axons, limits: CoreLimits, mesh: Mesh, kernels: Kernels, seed: int
) -> Iterator[Mapping]:
    level = finest(axons, limits, kernels)
    draw = np.random.default_rng(seed)
    part = filled(level, limits, mesh.cores, np.arange(axons.neurons), kernels)
    cores = int(part.max(initial=-1)) + 1
    yield "index order", part, np.arange(cores, dtype=np.int32)
    for number in range(RANDOM):
        order = draw.permutation(axons.neurons)
        other = filled(level, limits, mesh.cores, order, kernels)
        slots = draw.permutation(mesh.cores)[: int(other.max(initial=-1)) + 1]
        yield f"random {number}", other, slots.astype(np.int32)
    yield "Hilbert", part, along(np.arange(cores), hilbert(mesh, cores), mesh)
    for name, divide in PARTITIONERS.items():
        try:
            divided = divide(axons, limits, cores, mesh.cores, seed)
        except ImportError:
            continue
        yield f"{name} + spectral", divided, best_spectral(axons, divided, mesh, kernels)


def best_spectral(axons: Axons, part: Ints, mesh: Mesh, kernels: Kernels) -> Ints:
    """The slots by the spectrum of traffic, turned as it is best."""
    cores = int(part.max(initial=-1)) + 1
    nets, cost = core_nets(axons, part, cores, kernels), COSTS["hops"]
    if cores < 3:
        return np.arange(cores, dtype=np.int32)
    plans = [plan_of(nets, s, mesh, cost) for s in spectral(spectrum(nets, cores), mesh)]
    return np.asarray(min(plans, key=lambda p: float(kernels.price_all(p, nets))).slot)


def by_metis(axons: Axons, limits: CoreLimits, cores: int, most: int, seed: int) -> Ints:
    """Few pairs of neurons apart, weighted by spikes; on so many cores, or more if that leaves
    cores too full."""
    import pymetis  # an extra

    start, near, weight = _graph(axons)
    while True:
        options = pymetis.Options(seed=seed, ufactor=20)
        if cores == 1:
            return np.zeros(axons.neurons, np.int32)
        found = pymetis.part_graph(
            cores, xadj=start, adjncy=near, eweights=weight, recursive=False, options=options
        )[1]
        part = np.asarray(found, np.int32)
        if cores == most or np.bincount(part).max(initial=0) <= limits.neurons:
            return np.unique(part, return_inverse=True)[1].astype(np.int32)
        cores = min(most, max(cores + 1, round(1.05 * cores)))


def by_kahypar(axons: Axons, limits: CoreLimits, cores: int, most: int, seed: int) -> Ints:
    """Few packets, by a multilevel partitioner of hypergraphs."""
    import mtkahypar  # an extra

    if cores == 1:
        return np.zeros(axons.neurons, np.int32)
    kit = mtkahypar.initialize(1)
    context = kit.context_from_preset(mtkahypar.PresetType.QUALITY)
    spare = max(cores * limits.neurons / max(axons.neurons, 1) - 1, 0.001)
    context.set_partitioning_parameters(cores, min(spare, 0.02), mtkahypar.Objective.KM1)
    mtkahypar.set_seed(seed)
    nets, weight = _hyperedges(axons)
    graph = kit.create_hypergraph(
        context, axons.neurons, len(nets), nets, [1] * axons.neurons, weight
    )
    found = graph.partition(context).get_partition()
    return np.unique(np.asarray(found), return_inverse=True)[1].astype(np.int32)


PARTITIONERS = {"METIS": by_metis, "Mt-KaHyPar": by_kahypar}


def _graph(axons: Axons) -> tuple[Ints, Ints, Ints]:
    """Neurons and their neighbours, each pair once a side: (start, neighbours, weights)."""
    pre = np.repeat(np.arange(axons.senders), np.diff(axons.start))
    inside = (pre < axons.neurons) & (pre != axons.reach)
    ends = np.stack((pre[inside], axons.reach[inside].astype(np.int64)))
    rate = axons.rate[pre[inside]]
    key = np.concatenate((ends[0], ends[1])) * axons.neurons + np.concatenate((ends[1], ends[0]))
    pairs, which = np.unique(key, return_inverse=True)
    weight = np.bincount(which, np.tile(rate, 2), len(pairs))
    start = np.searchsorted(pairs // axons.neurons, np.arange(axons.neurons + 1))
    return start, pairs % axons.neurons, _whole(weight)


def _hyperedges(axons: Axons) -> tuple[list[list[int]], Ints]:
    """The pins of each axon, its source among them, and its weight."""
    nets, weight = [], _whole(axons.rate)
    for s in range(axons.senders):
        own = [s] if s < axons.neurons else []
        nets.append(sorted({*own, *axons.reach[axons.start[s] : axons.start[s + 1]].tolist()}))
    some = [s for s, net in enumerate(nets) if len(net) > 1]
    return [nets[s] for s in some], weight[some]


def _whole(weight: Ints) -> Ints:
    """Weights as integers up to 1000, none below 1."""
    return np.maximum(
        np.rint(weight * (1000 / max(float(weight.max(initial=0)), 1e-300))), 1
    ).astype(np.int64)
