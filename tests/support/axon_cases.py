"""Small hypergraphs of axons, and what a mapping of them takes and sends, counted by sets."""

from __future__ import annotations

from collections import Counter

import numpy as np

from snncc.backends.mapping.axons import Axons, axons_of
from snncc.backends.mapping.limits import CoreLimits, Mesh


def drawn_axons(
    seed: int, neurons: int = 12, inputs: int = 3, synapses: int = 50, kinds: int = 2
) -> Axons:
    """Random ones, with synapses that are listed twice, silent senders and loops."""
    draw = np.random.default_rng(seed)
    pre = draw.integers(0, neurons + inputs, synapses)
    post = draw.integers(0, neurons, synapses)
    rate = draw.integers(0, 9, neurons + inputs) / 8
    classes = tuple(draw.integers(0, 3, neurons).astype(np.int32) for _ in range(kinds))
    return axons_of(pre, post, neurons, rate, classes).checked()


def reached(axons: Axons, sender: int) -> list[int]:
    """The neurons that a sender reaches."""
    return [int(n) for n in axons.reach[axons.start[sender] : axons.start[sender + 1]]]


def counted_uses(
    axons: Axons, part: list[int], limits: CoreLimits, cores: int
) -> dict[str, list[int]]:
    """Of every limit, what each core takes, by its definition."""
    into: list[set[int]] = [set() for _ in range(cores)]
    out: list[set[tuple[int, int]]] = [set() for _ in range(cores)]
    synapses = [0] * cores
    for sender in range(axons.senders):
        first = int(axons.start[sender])
        for at, neuron in enumerate(reached(axons, sender), first):
            core = part[neuron]
            into[core].add(sender)
            synapses[core] += 1 if axons.synapses is None else int(axons.synapses[at])
            if sender < axons.neurons and part[sender] != core:
                out[part[sender]].add((sender, core))
    size = [
        -(-count * limits.synapse_bits // 8) + len(senders) * limits.axon_bytes
        for count, senders in zip(synapses, into, strict=True)
    ]
    classes = {
        f"kinds[{i}]": [len({int(k) for k, p in zip(kind, part, strict=True) if p == core})
                        for core in range(cores)]
        for i, kind in enumerate(axons.kinds)
    }  # fmt: skip
    return {
        "neurons": [part.count(core) for core in range(cores)],
        "axons_in": [len(senders) for senders in into],
        "axons_out": [len(pairs) for pairs in out],
        "synapse_bytes": size,
        **classes,
    }


def remote(axons: Axons, part: list[int], sender: int) -> set[int]:
    """The cores but its own that a sender reaches."""
    own = {part[sender]} if sender < axons.neurons else set()
    return {part[n] for n in reached(axons, sender)} - own


def packets_of(axons: Axons, part: list[int]) -> float:
    """Spikes a step for other cores."""
    found = (axons.rate[s] * len(remote(axons, part, s)) for s in range(axons.senders))
    return float(sum(found))


def path(source: int, target: int, width: int) -> list[tuple[int, int]]:
    """The links (router, next router) of the XY path."""
    links, here = [], source
    while here != target:
        apart = target % width - here % width
        if apart:
            there = here + (1 if apart > 0 else -1)
        else:
            there = here + (width if target > here else -width)
        links.append((here, there))
        here = there
    return links


def counted_links(
    axons: Axons, part: list[int], place: list[int], mesh: Mesh
) -> tuple[Counter[tuple[int, int]], int, float, float]:
    """(spikes by link, links of all trees, spikes over links alone, these along rows)."""
    loads: Counter[tuple[int, int]] = Counter()
    hops, alone, along = 0, 0.0, 0.0
    trees: set[tuple[int, frozenset[int]]] = set()
    for sender in range(axons.senders):
        is_inside = sender < axons.neurons
        router = place[part[sender]] // mesh.cores_a_router if is_inside else mesh.entry
        cores = remote(axons, part, sender)
        ways = [path(router, place[c] // mesh.cores_a_router, mesh.width) for c in cores]
        tree = {link for way in ways for link in way}
        rate = float(axons.rate[sender])
        same = part[sender] if is_inside else -1, frozenset(cores)
        hops += len(tree) if same not in trees else 0
        trees.add(same)
        loads.update(dict.fromkeys(tree, rate))
        alone += rate * sum(map(len, ways))
        along += rate * sum(abs(a - b) == 1 and a // mesh.width == b // mesh.width
                            for way in ways for a, b in way)  # fmt: skip
    return loads, hops, alone, along
