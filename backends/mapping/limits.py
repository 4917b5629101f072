"""What a core has, and what a partition takes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .axons import Axons, Floats, Ints
from .load import Kernels


@dataclass(frozen=True, slots=True)
class CoreLimits:
    """The most of everything that a core has; None where it has no such limit.

    `synapse_bytes` hold `synapse_bits` a synapse and `axon_bytes` a sender that reaches the core.
    """

    neurons: int
    axons_in: int | None = None  # distinct senders that reach a core, its own among them
    axons_out: int | None = None  # pairs of a neuron of the core and another core
    synapse_bytes: int | None = None
    synapse_bits: int = 8
    axon_bytes: int = 0
    kinds: tuple[int | None, ...] = ()  # distinct classes, of each of `Axons.kinds`

    def most(self) -> dict[str, int]:
        """The limits that there are, by name; `kinds[0]` is the first of the kinds."""
        named = {
            "neurons": self.neurons,
            "axons_in": self.axons_in,
            "axons_out": self.axons_out,
            "synapse_bytes": self.synapse_bytes,
            **{f"kinds[{i}]": most for i, most in enumerate(self.kinds)},
        }
        return {name: most for name, most in named.items() if most is not None}


@dataclass(frozen=True, slots=True)
class Mesh:
    """A mesh of routers, `cores_a_router` cores at each. Slot s lies at router s //
    cores_a_router, router r in column r % width and row r // width. Inputs come in at the router
    `entry`."""

    width: int
    height: int
    cores_a_router: int = 1
    entry: int = 0

    @property
    def routers(self) -> int:
        """All of them."""
        return self.width * self.height

    @property
    def cores(self) -> int:
        """Slots for cores."""
        return self.routers * self.cores_a_router


LOIHI_MESH = Mesh(8, 4, 4)


@dataclass(frozen=True, slots=True, eq=False)
class Uses:
    """What each core takes. int64 [cores] each."""

    neurons: Ints
    axons_in: Ints
    axons_out: Ints
    synapses: Ints
    synapse_bytes: Ints
    kinds: tuple[Ints, ...]

    def named(self) -> dict[str, Ints]:
        """By the names of `CoreLimits.most`."""
        return {
            "neurons": self.neurons,
            "axons_in": self.axons_in,
            "axons_out": self.axons_out,
            "synapse_bytes": self.synapse_bytes,
            **{f"kinds[{i}]": used for i, used in enumerate(self.kinds)},
        }


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What each core does a step. [cores] each."""

    synapses: Ints  # int64, that it holds
    events: Floats  # spikes that pass them
    local: Floats  # spikes of its neurons that reach itself


@dataclass(frozen=True, slots=True)
class Excess:
    """A limit that is not kept, by which core, and by how much."""

    limit: str
    core: int
    used: int
    most: int


def uses(axons: Axons, part: Ints, limits: CoreLimits, cores: int, kernels: Kernels) -> Uses:
    """What the cores take when neuron n is in core `part[n]`."""
    neurons = np.bincount(part, minlength=cores)
    axons_in, axons_out = np.zeros(cores, np.int64), np.zeros(cores, np.int64)
    part = np.ascontiguousarray(part, np.int32)
    kernels.count_axons(axons.start, axons.reach, part, axons_in, axons_out)
    synapses = work(axons, part, cores, kernels).synapses
    size = -(-synapses * limits.synapse_bits // 8) + axons_in * limits.axon_bytes
    kinds = tuple(_classes(kind, part, cores) for kind in axons.kinds)
    return Uses(neurons, axons_in, axons_out, synapses, size, kinds)


def work(axons: Axons, part: Ints, cores: int, kernels: Kernels) -> Work:
    """What the cores hold and do when neuron n is in core `part[n]`."""
    found = Work(np.zeros(cores, np.int64), np.zeros(cores), np.zeros(cores))
    part = np.ascontiguousarray(part, np.int32)
    sums = found.synapses, found.events, found.local
    kernels.count_work(axons.start, axons.reach, axons.listed, part, axons.rate, *sums)
    return found


def _classes(kind: Ints, part: Ints, cores: int) -> Ints:
    pairs = np.unique(np.stack((part, kind)), axis=1)
    return np.bincount(pairs[0], minlength=cores)


def excesses(used: Uses, limits: CoreLimits) -> Iterator[Excess]:
    """Every limit that a core does not keep."""
    named = used.named()
    for name, most in limits.most().items():
        for core in np.flatnonzero(named[name] > most):
            yield Excess(name, int(core), int(named[name][core]), most)


def slack(used: Uses, limits: CoreLimits) -> dict[str, Ints]:
    """What is left of each limit, by core."""
    named = used.named()
    return {name: most - named[name] for name, most in limits.most().items()}


def binding(used: Uses, limits: CoreLimits) -> str:
    """The limit of which a core leaves the least, as a part of what it has."""
    most = limits.most()
    named = used.named()
    return max(most, key=lambda name: float(named[name].max(initial=0)) / max(most[name], 1))
