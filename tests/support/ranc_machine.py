"""Cores of RANC, from its files alone: a reader of its JSON and of its memories, and what they do,
written from what the chip's documents say."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np

WIDTHS = [256, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1, 9, 9, 8, 4]


@dataclass
class Core:
    kinds: list[int]
    joined: np.ndarray  # [neurons, axons]
    rows: list[dict]
    due: dict[int, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.v = np.array([row["current_potential"] for row in self.rows], np.int64)


@dataclass
class Machine:
    width: int
    height: int
    bus: tuple[int, int]
    outputs: int
    cores: dict[tuple[int, int], Core]
    packets: list[list[tuple[tuple[int, int], int, int]]]
    wraps: bool  # potentials in 9 bits

    def run(self, ticks: int) -> tuple[list[list[int]], list[dict], list[list[tuple]]]:
        """What the bus shows at the beginning of each tick, the potentials after each, and the
        packets that neurons send in each: core, neuron, core, axon, when it arrives."""
        shown, potentials, sent, bus = [], [], [], [0] * self.outputs
        self._give(0)
        for tick in range(1, ticks + 1):
            shown.append(bus)
            bus = [0] * self.outputs
            if tick < ticks:
                self._give(tick)
            leaving = []
            for y in range(self.height):
                for x in range(self.width):
                    if (x, y) in self.cores:
                        leaving += self._step((x, y), tick)
            for _, _, there, axon, when in leaving:
                assert 0 <= there[0] < self.width, there
                assert 0 <= there[1] < self.height, there
                if there == self.bus:
                    assert not bus[axon], "two spikes of an output"
                    bus[axon] = 1
                else:
                    self.cores[there].due.setdefault(when, set()).add(axon)
            sent.append(leaving)
            potentials.append({at: core.v.copy() for at, core in self.cores.items()})
        return shown, potentials, sent

    def _give(self, tick: int) -> None:
        for there, axon, later in self.packets[tick] if tick < len(self.packets) else []:
            due = self.cores[there].due.setdefault(tick + 1 + later, set())
            assert axon not in due, "two packets to an axon"
            due.add(axon)

    def _step(self, at: tuple[int, int], tick: int) -> list[tuple]:
        core, leaving = self.cores[at], []
        spikes = sorted(core.due.pop(tick, set()))
        for k, row in enumerate(core.rows):
            v = int(core.v[k])
            for axon in spikes:
                if axon < core.joined.shape[1] and core.joined[k, axon]:
                    v += row["weights"][core.kinds[axon]]
            v += row["leak"]
            if self.wraps:
                v = (v + 256) % 512 - 256
            if v >= row["positive_threshold"]:
                dx, dy = row["destination_core_offset"]
                when = tick + 1 + row["destination_tick"]
                leaving.append((at, k, (at[0] + dx, at[1] + dy), row["destination_axon"], when))
                v = v - row["positive_threshold"] if row["reset_mode"] else row["reset_potential"]
            elif v < row["negative_threshold"]:
                v = v - row["negative_threshold"] if row["reset_mode"] else -row["reset_potential"]
            core.v[k] = v
        return leaving


def from_json(config: str, given: str) -> Machine:
    """What the simulator makes of its files."""
    told, document = json.loads(config), json.loads(given)
    assert told["neuron_reset_type"] == 0, "below the floor by <"
    width, height = told["num_cores_x"], told["num_cores_y"]
    bus = tuple(document["output_bus"]["coordinates"])
    cores = {}
    for each in document["cores"]:
        at = tuple(each["coordinates"])
        assert at not in cores
        assert at != bus
        assert len(each["neurons"]) <= told["num_neurons"]
        assert len(each["axons"]) <= told["num_axons"]
        joined = np.array(each["connections"], bool).reshape(len(each["neurons"]), -1)
        cores[at] = Core(each["axons"], joined, each["neurons"])
    packets = [
        [(tuple(p["destination_core"]), p["destination_axon"], p["destination_tick"]) for p in tick]
        for tick in document["packets"]
    ]
    outputs = document["output_bus"]["num_outputs"]
    return Machine(width, height, bus, outputs, cores, packets, wraps=False)


def from_memories(files: dict[str, str], width: int, height: int, bus, outputs: int, packets):
    """What the circuit makes of its memories."""
    cores = {}
    for number in range(width * height):
        at = number % width, number // width
        if at == tuple(bus):
            continue
        kinds = [int(line, 2) for line in files[f"tc_{number:03}.mem"].split()]
        lines = files[f"csram_{number:03}.mem"].split()
        assert (len(kinds), len(lines)) == (256, 256)
        joined = np.array([[c == "1" for c in reversed(line[:256])] for line in lines])
        cores[at] = Core(kinds, joined, [_row(line) for line in lines])
    return Machine(width, height, tuple(bus), outputs, cores, packets, wraps=True)


def _row(line: str) -> dict:
    assert len(line) == sum(WIDTHS) == 368
    parts, first = [], 0
    for width in WIDTHS:
        parts.append(line[first : first + width])
        first += width
    start, reset, *weights, leak, threshold, floor = (_signed(p) for p in parts[1:10])
    return {
        "current_potential": start,
        "reset_potential": reset,
        "weights": weights,
        "leak": leak,
        "positive_threshold": threshold,
        "negative_threshold": floor,
        "reset_mode": int(parts[10], 2),
        "destination_core_offset": [_signed(parts[11]), _signed(parts[12])],
        "destination_axon": int(parts[13], 2),
        "destination_tick": int(parts[14], 2),
    }


def _signed(text: str) -> int:
    value = int(text, 2)
    return value - (1 << len(text)) if text[0] == "1" else value


def packets_of(lines: list[str], counts: list[int]) -> list[list[tuple[tuple[int, int], int, int]]]:
    """Packets from outside, as the test bench of the circuit reads them."""
    found, first = [], 0
    for count in counts:
        own = lines[first : first + count]
        first += count
        found.append(
            [((_signed(p[:9]), _signed(p[9:18])), int(p[18:26], 2), int(p[26:], 2)) for p in own]
        )
    assert first == len(lines)
    return found
