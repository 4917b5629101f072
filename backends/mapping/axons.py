"""A network as its axons: a directed hypergraph, weighted by how often each of them fires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Axons:
    """Who reaches whom. Senders below `neurons` are the neurons, the others inputs from outside.

    What sender s reaches is `reach[start[s]:start[s + 1]]`, distinct neurons, ascending.
    """

    neurons: int
    start: Ints  # int64 [senders + 1]
    reach: Ints  # int32 [pins]
    rate: Floats  # [senders], spikes a step
    synapses: Ints | None = None  # int32 [pins], how many each pin stands for; None: one
    kinds: tuple[Ints, ...] = ()  # int32 [neurons] each: classes of settings that a core shares
    moments: Ints | None = None  # float32 [senders, moments], spikes in some steps, if known

    @property
    def senders(self) -> int:
        """Neurons and inputs."""
        return len(self.start) - 1

    @property
    def inputs(self) -> int:
        """Senders from outside."""
        return self.senders - self.neurons

    @property
    def pins(self) -> int:
        """Pairs of a sender and a neuron that it reaches."""
        return len(self.reach)

    @property
    def listed(self) -> Ints:
        """`synapses` as kernels take them: empty where each pin is one."""
        return np.empty(0, np.int32) if self.synapses is None else self.synapses

    def checked(self) -> Axons:
        """Itself, if its arrays fit each other."""
        start, reach = self.start, self.reach
        assert start[0] == 0
        assert start[-1] == len(reach)
        assert (np.diff(start) >= 0).all()
        assert self.inputs >= 0
        assert len(self.rate) == self.senders
        assert (self.rate >= 0).all()
        assert not len(reach) or (reach.min() >= 0 and reach.max() < self.neurons)
        rises = np.diff(reach.astype(np.int64)) > 0
        first = start[1:-1][(start[1:-1] > 0) & (start[1:-1] < len(reach))]
        rises[first - 1] = True
        assert rises.all()
        assert self.synapses is None or len(self.synapses) == len(reach)
        assert all(len(kind) == self.neurons for kind in self.kinds)
        return self


def axons_of(
    pre: Ints, post: Ints, neurons: int, rate: Floats, kinds: tuple[Ints, ...] = ()
) -> Axons:
    """The axons of a list of synapses; one that is listed twice is two synapses of one pin."""
    order = np.lexsort((post, pre))
    pre, post = pre[order], post[order]
    is_new = np.ones(len(pre), bool)
    is_new[1:] = (np.diff(pre) != 0) | (np.diff(post) != 0)
    at = np.flatnonzero(is_new)
    counts = np.diff(np.append(at, len(pre))).astype(np.int32)
    start = np.searchsorted(pre[at], np.arange(len(rate) + 1)).astype(np.int64)
    synapses = None if (counts == 1).all() else counts
    rate = np.asarray(rate, np.float64)
    return Axons(neurons, start, post[at].astype(np.int32), rate, synapses, kinds)
