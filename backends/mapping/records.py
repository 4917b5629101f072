"""What kernels are handed whole."""

from __future__ import annotations

from typing import NamedTuple

from .axons import Ints


class CoreNets(NamedTuple):
    """The axons between cores, equal ones joined: `home` the core that sends (-1: from outside),
    `to[first[i]:first[i + 1]]` the other cores that it reaches, ascending."""

    first: Ints  # int64 [nets + 1]
    to: Ints  # int32
    home: Ints  # int32 [nets]
    rate: Ints  # float64 [nets], spikes a step of all that were joined


class Level(NamedTuple):
    """A hypergraph on the way from neurons to cores: its vertices are neurons that go together.

    Axon e reaches vertices `reach[start[e]:start[e + 1]]` from vertex `source[e]` (-1: outside);
    its pins are these and the source. Axons stand in the order of their sources, those of vertex v
    from `own[v]` on, those from outside last. `senders[into[v]:into[v + 1]]` reach v.
    """

    start: Ints  # int64 [axons + 1]
    reach: Ints  # int32
    source: Ints  # int32 [axons]
    loops: Ints  # uint8 [axons], whether it reaches its source
    weight: Ints  # int64 [axons], what a packet of it costs
    times: Ints  # int32 [axons], how many equal ones were joined
    own: Ints  # int64 [vertices + 1]
    into: Ints  # int64 [vertices + 1]
    senders: Ints  # int32
    size: Ints  # int32 [vertices], neurons
    bits: Ints  # int64 [vertices], of synapses
    inside: Ints  # int32 [vertices], axons that reach this vertex alone and have no other pin
    kind: Ints  # int32 [vertices, kinds], classes numbered through all kinds


class Cut(NamedTuple):
    """A partition of a level, and all that its change needs to be known.

    Axon e has `degree[e]` cores among its pins. How many pins each has: `pins[base[e] + core]`
    where there is a place for every core, otherwise those of `core[base[e]:base[e] + degree[e]]`.
    """

    part: Ints  # int32 [vertices]
    base: Ints  # int64 [axons + 1]
    core: Ints  # int32, int16 where lists are short enough
    pins: Ints  # the same
    degree: Ints  # int32 [axons]
    load: Ints  # int64 [cores, 4]: neurons, axons in, axons out, bits
    classes: Ints  # int32 [cores, classes], vertices of each
    used: Ints  # int64 [cores, kinds], distinct classes
    pull: Ints  # int64 [cores], zeros: for what is to be tried


class Bounds(NamedTuple):
    """The most of each column of `Cut.load` and `Cut.used`, and the bits of an axon."""

    load: Ints  # int64 [cores, 4]
    used: Ints  # int64 [kinds]
    axon_bits: int
    counts_in: bool  # whether axons in, or their bits, have a limit at all
    counts_out: bool


class Plan(NamedTuple):
    """Cores on a mesh, and the axons between them that are looked at when one moves."""

    width: int
    height: int
    cores_a_router: int
    row: float  # what a spike costs over a link along a row
    column: float
    slot: Ints  # int32 [cores]
    holder: Ints  # int32 [slots], the core of each, -1: none
    router: Ints  # int32 [cores + 1], last where inputs come in
    first: Ints  # int64 [cores + 1]
    nets: Ints  # int32: those that end in core c, or begin there, from `first[c]` on
    ends: Ints  # int64 [cores], ends of all these
    price: Ints  # float64 [nets], what each tree costs a spike
    seen: Ints  # int64 [nets], when a swap looked at it last
    clock: Ints  # int64 [1]
    best: Ints  # int32 [cores], slots that are kept
    high: Ints  # int64 [width], -1: for a tree
    low: Ints
    fewest: int = 0  # cores that a router is left with at least, where one leaves it


class Spent(NamedTuple):
    """What a step costs whatever links carry, and the arrays by which it is known how full they
    are: energy, the time of the slowest core, of receiving a packet, of a link along a row and a
    column, and of the barrier of so many routers."""

    energy: float
    busy: float
    receive: float
    row: float
    column: float
    barrier: Ints  # float64 [routers + 1]
    local: Ints  # float64 [cores], packets of each for itself
    out: Ints  # float64 [cores + 1], on the link out of each, last of what comes in
    links: Ints  # float64 [routers, 4]
    taken: Ints  # bool [routers]


class Pace(NamedTuple):
    """What a step costs while neurons change cores: energy without packets, and of one of them;
    times of the barrier, a neuron, its spike, a packet out and in, and a synapse's event; and what
    changes: how long each core sends and receives at some moments, and the packets."""

    energy: float
    message: float
    barrier: float
    neuron: float
    spike: float
    leaves: float
    arrives: float
    synapse: float
    rate: Ints  # float64 [axons], spikes a step
    counts: Ints  # int32, synapses of each pin in the order of `Level.senders`; empty: one each
    fired: Ints  # float32 [axons, moments], spikes of each at that moment
    sends: Ints  # float32 [cores, moments]
    receives: Ints  # float32 [cores, moments]
    messages: Ints  # float64 [1]


class Lists(NamedTuple):
    """The neurons of each core, those of core c from `first[c]` on, `held[c]` of them; where each
    stands among them; and those that go together, group g from `begins[g]` on."""

    first: Ints  # int64 [cores + 1]
    members: Ints  # int32
    at: Ints  # int64 [neurons]
    held: Ints  # int64 [cores]
    group: Ints  # int32 [neurons]
    begins: Ints  # int64 [groups + 1]
    grouped: Ints  # int32 [neurons]
