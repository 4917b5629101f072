"""An image as the files of RANC: JSON for its simulator, memories for its circuit, packets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .axons import TYPES
from .filled import AXONS, NEURONS
from .image import OUTSIDE, Core, Image, Place
from .neurons import WIDTH

Array = npt.NDArray[Any]
TICKS = 16  # of a scheduler: a packet comes 1 to 15 ticks later
OFFSET_BITS, AXON_BITS, TICK_BITS, TYPE_BITS = 9, 8, 4, 2
_UNUSED = (0, 0, *(0,) * TYPES, 0, 1, 0, 0, 0, 0, 0, 0)  # fires never: of no axon, no leak


class Packet(NamedTuple):
    """To an axon of the core at (x, y), or as far from who sends it; `tick` more than the next."""

    x: int
    y: int
    axon: int
    tick: int


class Row(NamedTuple):
    """What the memory of a core holds of a neuron."""

    potential: int
    reset: int
    weights: tuple[int, ...]
    leak: int
    threshold: int
    floor: int
    mode: int
    packet: Packet


def rows_of(image: Image, core: Core) -> list[Row]:
    """The neurons of a core."""
    found = []
    for k in range(len(core.neuron)):
        start, leak, threshold, floor, reset, mode = (int(part[k]) for part in core.cells)
        weights = tuple(int(w) for w in core.table[k])
        packet = packet_of(image, core, k)
        found.append(Row(start, reset, weights, leak, threshold, floor, mode, packet))
    return found


def packet_of(image: Image, core: Core, neuron: int) -> Packet:
    """What a neuron sends, by its place on its core."""
    there, axon, delay = (int(part) for part in core.to[neuron])
    place = image.bus if there == OUTSIDE else image.cores[there].place
    return Packet(place.x - core.place.x, place.y - core.place.y, axon, delay - 1)


def config_json(image: Image) -> str:
    """What the simulator is told of the cores; RESET 0 compares with the floor by <."""
    said = {
        "num_neurons": NEURONS,
        "num_axons": AXONS,
        "num_cores_x": image.width,
        "num_cores_y": image.height,
        "num_weights": TYPES,
        "max_tick_offset": TICKS,
        "neuron_block_trace_verbosity": 0,
        "core_controller_trace_verbosity": 0,
        "scheduler_trace_verbosity": 0,
        "neuron_reset_type": 0,
    }
    return json.dumps(said, indent=1) + "\n"


def input_json(image: Image, packets: Sequence[Sequence[Packet]]) -> str:
    """The cores, the output bus, and what comes in tick by tick."""
    sent = [[_packet_said(packet) for packet in tick] for tick in packets]
    bus = {"coordinates": list(image.bus), "num_outputs": max(1, len(image.outputs))}
    parts = {"packets": sent, "output_bus": bus}
    cores = ",\n".join(_core_said(image, core) for core in image.cores)
    head = ",\n".join(f'"{name}": {_short(value)}' for name, value in parts.items())
    return f'{{{head},\n"cores": [\n{cores}\n]}}\n'


def _short(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _packet_said(packet: Packet) -> dict[str, Any]:
    return {
        "destination_core": [packet.x, packet.y],
        "destination_axon": packet.axon,
        "destination_tick": packet.tick,
    }


def _core_said(image: Image, core: Core) -> str:
    neurons = [
        {
            "reset_potential": row.reset,
            "weights": list(row.weights),
            "leak": row.leak,
            "positive_threshold": row.threshold,
            "negative_threshold": row.floor,
            "destination_core_offset": [row.packet.x, row.packet.y],
            "destination_axon": row.packet.axon,
            "destination_tick": row.packet.tick,
            "current_potential": row.potential,
            "reset_mode": row.mode,
        }
        for row in rows_of(image, core)
    ]
    said = {
        "coordinates": list(core.place),
        "axons": core.kind.tolist(),
        "neurons": neurons,
        "connections": core.joined.astype(int).tolist(),
    }
    return _short(said)


def memories(image: Image) -> dict[str, str]:
    """The memories of all cores, of those without neurons too: csram_NNN.mem and tc_NNN.mem, N the
    number of the router."""
    at = {core.place: core for core in image.cores}
    files = {}
    for number in range(image.width * image.height):
        core = at.get(Place(number % image.width, number // image.width))
        rows = [] if core is None else rows_of(image, core)
        joined = np.zeros((NEURONS, AXONS), bool)
        kinds = np.zeros(AXONS, np.int64)
        if core is not None:
            joined[: len(rows), : core.joined.shape[1]] = core.joined
            kinds[: len(core.kind)] = core.kind
        lines = [
            "".join(map(str, joined[k, ::-1].astype(int))) + _cell_bits(rows[k : k + 1])
            for k in range(NEURONS)
        ]
        files[f"csram_{number:03}.mem"] = "\n".join(lines) + "\n"
        files[f"tc_{number:03}.mem"] = "".join(f"{kind:0{TYPE_BITS}b}\n" for kind in kinds)
    return files


def _cell_bits(row: Sequence[Row]) -> str:
    """All of a row but the synapses; none: a neuron that is not used."""
    flat: Iterable[int] = _UNUSED
    if row:
        (own,) = row
        ends = own.leak, own.threshold, own.floor, own.mode
        flat = (own.potential, own.reset, *own.weights, *ends, *own.packet)
    widths = (*(WIDTH,) * (5 + TYPES), 1, OFFSET_BITS, OFFSET_BITS, AXON_BITS, TICK_BITS)
    return "".join(bits(value, width) for value, width in zip(flat, widths, strict=True))


def bits(value: int, width: int) -> str:
    """A two's complement number, the highest bit first."""
    return f"{value & ((1 << width) - 1):0{width}b}"


def packet_bits(packet: Packet) -> str:
    """A packet as it comes in from outside."""
    widths = OFFSET_BITS, OFFSET_BITS, AXON_BITS, TICK_BITS
    return "".join(bits(value, width) for value, width in zip(packet, widths, strict=True))
