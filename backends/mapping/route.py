"""What the links of the mesh carry: XY multicast, along the row first.

The tree of an axon is the union of the XY paths from its router to those of the cores that it
reaches: its row from the leftmost to the rightmost column in which there are any, and in each of
these columns up and down to the farthest. A link carries a spike once, whatever lies beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .axons import Axons, Floats, Ints
from .levels import gathered
from .limits import Mesh
from .load import Kernels
from .records import CoreNets

EAST, WEST, SOUTH, NORTH = range(4)  # the links out of a router; rows grow to the south
DIRECTIONS = ("east", "west", "south", "north")


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """What a mapping sends, a step; a packet is a spike for one core other than its own."""

    packets: float
    hops: int  # links of all trees, whatever their rates
    weighted_hops: float  # links that spikes pass, a step
    row_hops: float  # of these, those along rows
    unicast_hops: float  # if each packet went alone
    unicast_row_hops: float
    links: Floats  # [routers, 4] spikes a step by DIRECTIONS
    sent: Floats  # [cores] packets
    received: Floats  # [cores]
    nets: CoreNets  # of which these were counted

    @property
    def max_link(self) -> float:
        """What the busiest link carries."""
        return float(self.links.max(initial=0.0))

    @property
    def busiest(self) -> tuple[int, str]:
        """The router and the direction of that link."""
        router, way = np.unravel_index(int(self.links.argmax()), self.links.shape)
        return int(router), DIRECTIONS[int(way)]

    @property
    def critical_core(self) -> int:
        """The core that sends and receives most."""
        return int((self.sent + self.received).argmax())


def core_nets(axons: Axons, part: Ints, cores: int, kernels: Kernels) -> CoreNets:
    """The axons that leave their core, those joined that go the same way."""
    part = np.ascontiguousarray(part, np.int32)
    remote = np.zeros(axons.senders, np.int32)
    kernels.count_remote(axons.start, axons.reach, part, cores, remote)
    first = np.concatenate(([0], np.cumsum(remote, dtype=np.int64)))
    to, key = np.empty(first[-1], np.int32), np.empty(axons.senders, np.int64)
    kernels.list_remote(axons.start, axons.reach, part, cores, first, to, key)
    home = np.full(axons.senders, -1, np.int32)
    home[: axons.neurons] = part
    order = np.argsort(key, kind="stable")
    order = order[remote[order] > 0]
    group = np.full(axons.senders, -1, np.int64)
    groups = int(kernels.merge_equal(order, key, home, first, to, group))
    return _joined(CoreNets(first, to, home, axons.rate), order, group, groups, kernels)


def _joined(nets: CoreNets, order: Ints, group: Ints, groups: int, kernels: Kernels) -> CoreNets:
    own = group[order]
    leaders = order[np.flatnonzero(np.diff(own, prepend=-1))]
    first, to = gathered(nets.first, nets.to, leaders, kernels)
    rate = np.bincount(own, nets.rate[order], groups)
    return CoreNets(first, to, nets.home[leaders], rate)


def routers_of(place: Ints, mesh: Mesh) -> Ints:
    """The router of each core, and last that of what comes from outside. int32 [cores + 1]"""
    return np.append(np.asarray(place) // mesh.cores_a_router, mesh.entry).astype(np.int32)


def traffic(axons: Axons, part: Ints, place: Ints, mesh: Mesh, kernels: Kernels) -> Traffic:
    """What is sent when neuron n is in core `part[n]` and core c in slot `place[c]`."""
    return routed(core_nets(axons, part, len(place), kernels), place, mesh, kernels)


def routed(nets: CoreNets, place: Ints, mesh: Mesh, kernels: Kernels) -> Traffic:
    """The same of axons between cores."""
    cores, reached = len(place), np.diff(nets.first)
    router = routers_of(place, mesh)
    links = np.zeros((mesh.routers, 4))
    sums = np.zeros(5)
    kernels.route(nets, router, mesh.width, links, sums)
    packets = nets.rate * reached
    inside = nets.home >= 0
    return Traffic(
        packets=float(packets.sum()),
        hops=int(sums[0]),
        weighted_hops=float(sums[1]),
        row_hops=float(sums[2]),
        unicast_hops=float(sums[3]),
        unicast_row_hops=float(sums[4]),
        links=links,
        sent=_summed(nets.home[inside], packets[inside], cores),
        received=_summed(nets.to, np.repeat(nets.rate, reached), cores),
        nets=nets,
    )


def apart(nets: CoreNets) -> CoreNets:
    """Axons of one end each: a packet for every core, all that go the same way joined."""
    home, rate = (np.repeat(each, np.diff(nets.first)) for each in (nets.home, nets.rate))
    pairs, which = np.unique(np.stack((home, nets.to)), axis=1, return_inverse=True)
    first = np.arange(pairs.shape[1] + 1, dtype=np.int64)
    joined = np.bincount(which.ravel(), rate, pairs.shape[1])
    return CoreNets(first, pairs[1].astype(np.int32), pairs[0].astype(np.int32), joined)


def _summed(core: Ints, amount: Floats, cores: int) -> Floats:
    return np.bincount(core, amount, cores).astype(np.float64)
