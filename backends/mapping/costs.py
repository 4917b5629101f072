"""What traffic costs in energy and in time, by constants whose source is named.

They compare mappings; they are no measurement of a chip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .axons import Axons, Floats, Ints
from .limits import Mesh, Work
from .load import Kernels
from .records import Spent
from .route import Traffic, apart, routers_of


@dataclass(frozen=True, slots=True)
class Cost:
    """Of each event, its energy [pJ] and its time [ns]; in units of its source where that has
    others. `is_multicast`: a spike passes a link once; otherwise each packet goes alone."""

    source: str
    is_multicast: bool
    waits: bool = False  # whether packets wait for full routes
    unit: tuple[str, str] = ("pJ", "ns")
    row_hop: tuple[float, float] = (0.0, 0.0)  # over a link along a row
    column_hop: tuple[float, float] = (0.0, 0.0)
    router: tuple[float, float] = (0.0, 0.0)  # through one: a packet passes hops + 1
    message_out: tuple[float, float] = (0.0, 0.0)
    message_in: tuple[float, float] = (0.0, 0.0)
    spike_out: tuple[float, float] = (0.0, 0.0)
    synapse: tuple[float, float] = (0.0, 0.0)
    neuron: tuple[float, float] = (0.0, 0.0)  # every step, fired or not
    barrier: Mapping[int, float] = field(default_factory=dict)  # tiles that wait -> time

    @property
    def message_energy(self) -> float:
        """Of a packet, out of a core and into another or the same."""
        return self.message_out[0] + self.message_in[0]


COSTS: dict[str, Cost] = {
    "loihi": Cost(
        "SANA-FE 2.2.9, loihi.yaml: SPICE figures of Davies et al. 2018",
        is_multicast=False,
        waits=True,
        row_hop=(3.0, 4.1),
        column_hop=(4.2, 6.5),
        message_out=(111.0, 5.1),
        message_in=(0.0, 16.0),
        spike_out=(69.3, 30.0),
        synapse=(35.5, 3.8),
        neuron=(51.2 + 21.6, 6.0 + 3.7),
        barrier={1: 600.0, 2: 1000.0, 4: 1400.0, 29: 1800.0},
    ),
    "router": Cost(
        "Ronzani & Silvano 2026 after Jin et al. 2023: Loihi, a router 1.7 and a wire 3.5 "
        "(energy), 2.1 and 5.3 (latency), without units",
        is_multicast=False,
        unit=("units", "units"),
        row_hop=(3.5, 5.3),
        column_hop=(3.5, 5.3),
        router=(1.7, 2.1),
    ),
    "hops": Cost(
        "Khorasanian 2026 (M-HySMap): spikes over links, each once",
        is_multicast=True,
        unit=("hops", "hops"),
        row_hop=(1.0, 1.0),
        column_hop=(1.0, 1.0),
    ),
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A step's energy, the part of it that mapping decides, and its time; by `cost.unit`."""

    energy: float
    network_energy: float
    latency: float
    critical_core: int  # the one whose work takes longest
    waiting: float  # for the fullest route; 0 where nothing waits


def estimate(
    axons: Axons,
    part: Ints,
    place: Ints,
    mesh: Mesh,
    sent: Traffic,
    done: Work,
    cost: Cost,
    kernels: Kernels,
) -> Estimate:
    """What a step costs on average: the slowest core's own work, or the wait for the fullest route
    if that is longer, the longest way between two routers in use, and the barrier."""
    given = spent(axons, part, mesh, sent, done, cost)
    network = _hops(sent, cost) + _messages(sent, done, cost)
    energy, waiting = given.energy + _hops(sent, cost), 0.0
    router = routers_of(place, mesh)
    if cost.waits:
        nets = apart(sent.nets)
        full = kernels.fullest(nets, router, mesh.width, done.local, given.out, given.links)
        waiting = given.receive * float(full)
    busy = np.maximum(*rhythm(axons, part, sent, done, cost))
    used = np.unique(router[np.unique(part)])
    way = np.ptp(used % mesh.width) * given.row + np.ptp(used // mesh.width) * given.column
    latency = max(given.busy, waiting) + float(way + given.barrier[len(used)])
    return Estimate(float(energy), float(network), latency, int(busy.argmax()), waiting)


def spent(axons: Axons, part: Ints, mesh: Mesh, sent: Traffic, done: Work, cost: Cost) -> Spent:
    """What a step costs wherever the cores lie."""
    own = cost.synapse[0] * done.events.sum() + cost.neuron[0] * axons.neurons
    own += cost.spike_out[0] * axons.rate[: axons.neurons].sum()
    messages = sent.packets + float(done.local.sum())
    received = cost.message_in[1] * messages + cost.synapse[1] * float(done.events.sum())
    return Spent(
        energy=float(own + _messages(sent, done, cost)),
        busy=float(np.maximum(*rhythm(axons, part, sent, done, cost)).max(initial=0.0)),
        receive=received / max(messages, 1e-300),
        row=cost.row_hop[1],
        column=cost.column_hop[1],
        barrier=barriers(mesh, cost),
        local=done.local,
        out=np.zeros(len(done.local) + 1),
        links=np.zeros((mesh.routers, 4)),
        taken=np.zeros(mesh.routers, bool),
    )


def barriers(mesh: Mesh, cost: Cost) -> Floats:
    """How long the barrier of so many routers takes. [routers + 1]"""
    found = np.zeros(mesh.routers + 1)
    for fewest, duration in sorted(cost.barrier.items()):
        found[fewest:] = duration
    return found


def _messages(sent: Traffic, done: Work, cost: Cost) -> float:
    return cost.message_energy * float(sent.packets + done.local.sum())


def _hops(sent: Traffic, cost: Cost) -> float:
    if cost.is_multicast:
        along, hops = sent.row_hops, sent.weighted_hops
    else:
        along, hops = sent.unicast_row_hops, sent.unicast_hops
    passed = cost.router[0] * (hops + sent.packets)
    return passed + cost.row_hop[0] * along + cost.column_hop[0] * (hops - along)


def has_rhythm(cost: Cost) -> bool:
    """Whether cores take time to compute, to send or to receive."""
    own = cost.neuron, cost.spike_out, cost.message_out, cost.message_in, cost.synapse
    return any(time > 0.0 for _, time in own)


def rhythm(
    axons: Axons, part: Ints, sent: Traffic, done: Work, cost: Cost
) -> tuple[Floats, Floats]:
    """How long each core computes its neurons, one after the other, and sends; and how long,
    meanwhile, it receives. [cores] each"""
    cores = len(sent.sent)
    fired = np.bincount(part, axons.rate[: axons.neurons], cores)
    sends = (
        cost.neuron[1] * np.bincount(part, minlength=cores)
        + cost.spike_out[1] * fired
        + cost.message_out[1] * (sent.sent + done.local)
    )
    receives = cost.synapse[1] * done.events + cost.message_in[1] * (sent.received + done.local)
    return sends, receives
