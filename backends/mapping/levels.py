"""Hypergraphs of fewer and fewer vertices: neurons that share axons go together."""

from __future__ import annotations

import numpy as np

from .axons import Axons, Ints
from .limits import CoreLimits
from .load import Kernels
from .records import Bounds, Cut, Level

NO_LIMIT = 1 << 60
WHOLE = 1 << 44  # the weight of all packets, were every pin in a core of its own
PLACES = 1 << 25  # cuts of so many axons x cores have a place for each, in 128 MiB at most
PRESS, SOFT = 0.3, 0.04  # see pressure
COORDINATES, MEANS = 8, 10  # of a place, and how often it is moved to the mean of those around it
SPARE = 8  # places in an axon's list of cores beyond those that it has
SHORT = 32767  # cores, and pins of an axon, that such a list holds in 16 bits


def finest(axons: Axons, limits: CoreLimits, kernels: Kernels) -> Level:
    """The level whose vertices are the neurons; it shares the arrays of the axons."""
    neurons, senders = axons.neurons, axons.senders
    loops = np.zeros(senders, np.uint8)
    kernels.find_loops(axons.start, axons.reach, loops[:neurons])
    source = np.full(senders, -1, np.int32)
    source[:neurons] = np.arange(neurons)
    held, fan_in = np.zeros(neurons, np.int64), np.zeros(neurons, np.int64)
    kernels.count_synapses(axons.start, axons.reach, axons.listed, held, fan_in)
    into, arriving = transposed(axons.start, axons.reach, neurons, kernels)
    return Level(
        start=axons.start,
        reach=axons.reach,
        source=source,
        loops=loops,
        weight=_weights(axons),
        times=np.ones(senders, np.int32),
        own=np.arange(neurons + 1, dtype=np.int64),
        into=into,
        senders=arriving,
        size=np.ones(neurons, np.int32),
        bits=held * limits.synapse_bits,
        inside=np.zeros(neurons, np.int32),
        kind=_numbered(axons.kinds, limits.kinds, neurons),
    )


def _weights(axons: Axons) -> Ints:
    """Rates as integers, so that what is saved adds up exactly."""
    most = float((axons.rate * np.diff(axons.start)).sum())
    return np.rint(axons.rate * (WHOLE / most if most else 0.0)).astype(np.int64)


def _numbered(kinds: tuple[Ints, ...], limits: tuple[int | None, ...], neurons: int) -> Ints:
    """Classes of all kinds by one number each; a kind without a limit has one class."""
    numbers, total = np.zeros((neurons, len(kinds)), np.int32), 0
    for i, kind in enumerate(kinds):
        is_limited = i < len(limits) and limits[i] is not None
        classes, number = np.unique(kind if is_limited else np.zeros(neurons), return_inverse=True)
        numbers[:, i] = number + total
        total += len(classes)
    return numbers


def transposed(start: Ints, reach: Ints, vertices: int, kernels: Kernels) -> tuple[Ints, Ints]:
    """(into, senders) of a level."""
    into, senders = np.zeros(vertices + 1, np.int64), np.empty(len(reach), np.int32)
    kernels.turn_round(start, reach, into, senders)
    return into, senders


def bare(level: Level) -> Level:
    """A level that waits, without `into` and `senders`: on a large one they are as many bytes as
    all else."""
    return level._replace(into=np.zeros(0, np.int64), senders=np.zeros(0, np.int32))


def whole(level: Level, kernels: Kernels) -> Level:
    """The level with them again, if it was bare."""
    if len(level.into):
        return level
    into, senders = transposed(level.start, level.reach, len(level.size), kernels)
    return level._replace(into=into, senders=senders)


def thinned(level: Level, most: int, random: Ints, kernels: Kernels) -> Level:
    """The level with so many pins of each axon at most, drawn at random."""
    pins = np.minimum(np.diff(level.start), most)
    start = np.concatenate(([0], np.cumsum(pins, dtype=np.int64)))
    reach, loops = np.empty(start[-1], np.int32), np.zeros(len(pins), np.uint8)
    kernels.thin_out(level, most, random, start, reach, loops)
    into, senders = transposed(start, reach, len(level.size), kernels)
    return level._replace(start=start, reach=reach, loops=loops, into=into, senders=senders)


def places_of(level: Level, random: Ints, kernels: Kernels) -> Ints:
    """Where each vertex lies, near to those with which it shares axons. float32 [vertices,
    coordinates]"""
    at = np.empty((len(level.size), COORDINATES), np.float32)
    middle = np.empty((len(level.source), COORDINATES), np.float32)
    kernels.scatter(random, at)
    for _ in range(MEANS):
        kernels.average(level, at, middle)
        at -= at.mean(axis=0)
        at /= np.maximum(at.std(axis=0), np.float32(1e-9))
    return at


def coarser(level: Level, coarse: Ints, vertices: int, kernels: Kernels) -> Level:
    """The level of so many vertices, in which v is part of `coarse[v]`; without those that are
    part of -1."""
    kept = coarse >= 0
    pins = np.zeros(len(level.source), np.int64)
    inside = _sum(coarse[kept], level.inside[kept], vertices).astype(np.int32)
    kernels.count_coarse(level, coarse, vertices, pins, inside)
    first = np.concatenate(([0], np.cumsum(pins)))
    to, key = np.empty(first[-1], np.int32), np.zeros(len(pins), np.int64)
    loops = np.zeros(len(pins), np.uint8)
    kernels.list_coarse(level, coarse, vertices, first, to, key, loops)
    source = np.where(level.source >= 0, coarse[level.source], -1)
    source = np.where(source >= 0, source, vertices).astype(np.int32)
    order = np.lexsort((key, source))
    order = order[pins[order] > 0]
    group = np.full(len(pins), -1, np.int64)
    groups = int(kernels.merge_equal(order, key, source, first, to, group))
    own_group = group[order]
    lead = order[np.flatnonzero(np.diff(own_group, prepend=-1))]
    start, reach = gathered(first, to, lead, kernels)
    del to
    into, senders = transposed(start, reach, vertices, kernels)
    source = source[lead]
    kind = np.zeros((vertices, level.kind.shape[1]), np.int32)
    kind[coarse[kept]] = level.kind[kept]
    return Level(
        start=start,
        reach=reach,
        source=np.where(source < vertices, source, -1).astype(np.int32),
        loops=loops[lead],
        weight=_sum(own_group, level.weight[order], groups),
        times=_sum(own_group, level.times[order], groups).astype(np.int32),
        own=np.searchsorted(source, np.arange(vertices + 1)).astype(np.int64),
        into=into,
        senders=senders,
        size=_sum(coarse[kept], level.size[kept], vertices).astype(np.int32),
        bits=_sum(coarse[kept], level.bits[kept], vertices),
        inside=inside,
        kind=kind,
    )


def _sum(place: Ints, amount: Ints, places: int) -> Ints:
    """Sums below 2^53, which float64 holds exactly."""
    return np.bincount(place, amount, places).astype(np.int64)


def gathered(first: Ints, to: Ints, chosen: Ints, kernels: Kernels) -> tuple[Ints, Ints]:
    """The lists of those chosen, one after the other: (where each starts, what is in them)."""
    sizes = np.diff(first)[chosen]
    start = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
    into = np.empty(start[-1], to.dtype)
    kernels.gather(first, to, chosen, start, into)
    return start, into


def bounds_of(limits: CoreLimits, cores: int, kinds: int) -> Bounds:
    """The limits as kernels take them. Bytes of synapses, rounded up, keep a limit if and only if
    their bits do."""
    size = NO_LIMIT if limits.synapse_bytes is None else 8 * limits.synapse_bytes
    most = limits.neurons, limits.axons_in, limits.axons_out
    load = np.array([*(NO_LIMIT if m is None else m for m in most), size], np.int64)
    told = (*limits.kinds, *[None] * kinds)[:kinds]
    used = np.array([NO_LIMIT if m is None else m for m in told], np.int64)
    counts_in = limits.axons_in is not None or limits.synapse_bytes is not None
    return Bounds(
        np.tile(load, (cores, 1)),
        used,
        8 * limits.axon_bytes,
        counts_in,
        limits.axons_out is not None,
    )


def cut_of(level: Level, part: Ints, cores: int, bounds: Bounds, kernels: Kernels) -> Cut:
    """A partition of a level, counted."""
    axons, degree = len(level.source), np.zeros(len(level.source), np.int32)
    part = np.array(part, np.int32)
    if axons * cores <= PLACES:
        room = np.full(axons, cores)
    else:
        kernels.count_degrees(level, part, cores, degree)
        pins = np.diff(level.start) + 1
        room = np.minimum(np.minimum(pins, cores), degree + np.int64(SPARE))
        degree[:] = 0
    base = np.concatenate(([0], np.cumsum(room, dtype=np.int64)))
    listed = 0 if axons * cores <= PLACES else base[-1]
    classes = int(level.kind.max(initial=-1)) + 1
    most = max(cores, int(np.diff(level.start).max(initial=0)) + 1)
    entry = np.int16 if listed and most <= SHORT else np.int32
    cut = Cut(
        part=part,
        base=base,
        core=np.zeros(listed, entry),
        pins=np.zeros(base[-1], entry),
        degree=degree,
        load=np.zeros((cores, 4), np.int64),
        classes=np.zeros((cores, classes), np.int32),
        used=np.zeros((cores, len(bounds.used)), np.int64),
        pull=np.zeros(cores, np.int64),
    )
    kernels.count_pins(level, cut, bounds)
    return cut


def packets_weight(level: Level, cut: Cut) -> int:
    """What all packets weigh."""
    inside = level.source >= 0
    reached = cut.degree - inside
    return int((reached * level.weight).sum())


def weight_a_vertex(level: Level) -> float:
    """What the axons of a vertex weigh, on average."""
    return max(float(level.weight @ (np.diff(level.start) + 1)) / len(level.size), 1.0)


def pressure(level: Level, bounds: Bounds, scale: float) -> float:
    """What the square of an excess weighs: as much as a part of a vertex's axons if a core that is
    full gets a vertex more, or 2 %."""
    size, most = float(level.size.mean()), float(bounds.load[:, 0].mean())
    return PRESS * scale * most * most / (size * (size + SOFT * most))
