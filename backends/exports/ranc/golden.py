"""What the cores of an image do with samples: packets in their order, outputs, potentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...layout.numbering import Numbering
from ...reference.network import simulate
from .image import Image
from .texts import Packet, packet_of

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """Of one sample `ticks` ticks: `given` what comes in before each, by its index; `sent` [ticks]
    lists of a core's number, a neuron of it and its packet; `lines` [ticks, outputs] what the
    output bus shows at the beginning of each; `potentials` [ticks, neurons] after each."""

    ticks: int
    given: list[list[Packet]]
    sent: list[list[tuple[int, int, Packet]]]
    lines: Array
    potentials: Array


def golden(image: Image, inputs: Mapping[str, Array]) -> list[Golden]:
    """What is to come of each sample; `inputs` are bool [T, B, N] by population."""
    late = 1 + int(image.late.max(initial=0))
    longer = {
        n: np.concatenate([a, np.zeros((late, *a.shape[1:]), a.dtype)]) for n, a in inputs.items()
    }
    done = simulate(image.model, longer, record=True)
    numbering = Numbering.of(image.model.graph)
    own = [p for p in numbering.populations if p.step is not None]
    spikes = np.concatenate([done.spikes[p.name] for p in own], axis=2).astype(bool)
    states = [done.history[p.name][_moving(image, p.name)] for p in own]
    potentials = np.concatenate(states, axis=2).astype(np.int64)
    found = []
    for k in range(spikes.shape[1]):
        trains = {name: array[:, k] for name, array in longer.items()}
        given = _given(image, numbering, trains, len(spikes))
        lines = np.zeros((len(spikes), len(image.outputs)), bool)
        lines[1:] = spikes[:-1, k, image.outputs]
        sent = _sent(image, spikes[:, k])
        found.append(Golden(len(spikes), given, sent, lines, potentials[:, k]))
    return found


def _moving(image: Image, name: str) -> str:
    step = image.model.graph.population(name).step
    assert step is not None
    (state,) = [s.name for s in step.states if s.name not in step.still]
    return state


def _given(
    image: Image, numbering: Numbering, trains: Mapping[str, Array], ticks: int
) -> list[list[Packet]]:
    """The packets from outside: each is sent for the next tick, when that is the one to arrive."""
    found: list[list[tuple[int, Packet]]] = [[] for _ in range(ticks)]
    axons: dict[int, list[tuple[int, int, int]]] = {}
    for sender, *rest in image.packets.tolist():
        axons.setdefault(sender, []).append(tuple(rest))
    for name, spikes in trains.items():
        first = numbering.first[name]
        for step, neuron in np.argwhere(spikes).tolist():
            for core, axon, delay in axons.get(first + neuron, []):
                if step + delay < ticks:
                    packet = Packet(*image.cores[core].place, axon, 0)
                    found[step + delay].append((core, packet))
    return [[packet for _, packet in sorted(tick)] for tick in found]


def _sent(image: Image, spikes: Array) -> list[list[tuple[int, int, Packet]]]:
    """The packets of neurons, by the numbers of routers and then by neurons."""
    order = sorted(
        range(len(image.cores)), key=lambda c: (image.cores[c].place.y, image.cores[c].place.x)
    )
    found: list[list[tuple[int, int, Packet]]] = [[] for _ in range(len(spikes))]
    for c in order:
        core = image.cores[c]
        packets = [packet_of(image, core, k) for k in range(len(core.neuron))]
        for tick, neuron in np.argwhere(spikes[:, core.neuron]).tolist():
            found[tick].append((c, neuron, packets[neuron]))
    return found


def output_text(golden: Golden) -> str:
    """What the simulator writes: a line a tick."""
    rows = golden.lines if golden.lines.shape[1] else np.zeros((golden.ticks, 1), bool)
    return "".join("".join(f"{int(bit)} " for bit in row) + "\n" for row in rows)


def golden_text(image: Image, golden: Golden) -> str:
    """All packets, then the potentials that are left."""
    lines = []
    for tick in range(golden.ticks):
        lines += [f"in {tick} {p.x} {p.y} {p.axon} {p.tick}" for p in golden.given[tick]]
        for c, neuron, packet in golden.sent[tick]:
            place = image.cores[c].place
            said = " ".join(map(str, packet))
            lines.append(f"spike {tick + 1} {place.x} {place.y} {neuron} {said}")
    for core in image.cores:
        left = golden.potentials[-1, core.neuron]
        where = f"{core.place.x} {core.place.y}"
        lines += [f"potential {where} {k} {value}" for k, value in enumerate(left.tolist())]
    return "\n".join(lines) + "\n"
