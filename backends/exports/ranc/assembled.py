"""A model of integers, its neurons assigned to cores, as an image: axons, relays, targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.model import Model
from ...layout.build import listed, synapses_of
from ...layout.numbering import Numbering
from ...layout.relays import Relayed, Targets, with_relays
from .axons import TYPES, Synapses, most_values, typed
from .filled import AXONS, NEURONS, filled
from .image import OUTSIDE, Core, Image, Place, mesh
from .neurons import HIGH, LOW, Cells, cells_of

Array = npt.NDArray[Any]
LINES = 256  # of the output bus
LONGEST = 15  # steps that a packet of a neuron may take
ROUTERS = 1000  # whose memories have files of their own, 000 to 999


class _Wired(NamedTuple):
    """All axons: `core`, `sender`, `delay`, `kind`; the `axon` of each synapse, and the weights of
    each neuron, `table` [neurons, TYPES]."""

    core: Array
    sender: Array
    delay: Array
    kind: Array
    axon: Array
    table: Array


def image_of(model: Model, core_of: Array | None = None, places: Array | None = None) -> Image:
    """The image of a model of integers after the passes. Neuron n of its numbering lies on core
    `core_of[n]` (None: they are filled in order), core c at router `places[c]` of a mesh that is as
    large as need be. CompileError(E071, E085) with what RANC does not have."""
    model = listed(model)
    numbering = Numbering.of(model.graph)
    all_of, via = _synapses(model, numbering)
    _require_weights(model, numbering, all_of)
    starts = [numbering.first[p.name] for p in numbering.populations if p.step is not None]
    home = filled(all_of, numbering.neurons, starts) if core_of is None else np.asarray(core_of)
    wired = _wired(all_of, home)
    outputs = _outputs(model, numbering)
    targets = Targets(
        np.concatenate([wired.sender, outputs]),
        np.concatenate([wired.delay, np.zeros(len(outputs), np.int64)]),
        {p.name: wired.axon[via == k] for k, p in enumerate(model.graph.projections)},
    )
    relayed = with_relays(model, home, targets, NEURONS, AXONS)
    _require_soon(model, relayed.delay, targets.of)
    axons = _with_relay_axons(wired, all_of.post, relayed, numbering.neurons)
    return _laid(relayed, axons, len(outputs), places)


def _synapses(model: Model, numbering: Numbering) -> tuple[Synapses, Array]:
    """All of them, projection by projection, and of which each is."""
    projections, parts, via = model.graph.projections, [], []
    for number, some in synapses_of(model, numbering):
        delay = np.full(len(some.pre), projections[number].delay)
        parts.append(Synapses(some.pre, delay, some.post, some.code.astype(np.int64)))
        via.append(np.full(len(some.pre), number))
    none = [np.zeros(0, np.int64)]
    arrays = (np.concatenate([*none, *part]) for part in zip(*parts, strict=True))
    return (Synapses(*arrays) if parts else Synapses(*none * 4)), np.concatenate([*none, *via])


def _require_weights(model: Model, numbering: Numbering, synapses: Synapses) -> None:
    """CompileError(E085) for neurons with weights of more values than there are types, or wider."""
    counts = most_values(synapses, numbering.neurons)
    found = []
    if counts.max(initial=0) > TYPES:
        worst = int(counts.argmax())
        message = (
            f"`{numbering.said(worst)}` has weights of {counts[worst]} values, and a neuron of "
            f"RANC has {TYPES}"
        )
        found.append(Diagnostic("E085", message, help="quantize with `--target ranc`"))
    wide = np.flatnonzero((synapses.code < LOW) | (synapses.code > HIGH))
    if len(wide):
        said = numbering.said(int(synapses.post[wide[0]]))
        message = f"`{said}` has a weight of {synapses.code[wide[0]]}, and RANC {LOW} to {HIGH}"
        found.append(Diagnostic("E085", message, help="take 9 bits a weight at most"))
    if found:
        raise CompileError(found)


def _wired(synapses: Synapses, home: Array) -> _Wired:
    """The axons of all cores, core by core."""
    here, neurons = home[synapses.post], len(home)
    place = np.zeros(neurons, np.int64)
    table = np.zeros((neurons, TYPES), np.int64)
    axon, parts, count = np.zeros(len(here), np.int64), [], 0
    cores = int(home.max(initial=-1)) + 1
    groups = zip(_by_core(home, cores), _by_core(here, cores), strict=True)
    for core, (own, which) in enumerate(groups):
        place[own] = np.arange(len(own))
        some = synapses.of(which)
        made = typed(some._replace(post=place[some.post]), len(own))
        axon[which], table[own] = made.axon + count, made.table
        count += len(made.kind)
        parts.append((np.full(len(made.kind), core), made.sender, made.delay, made.kind))
        _require_room(core, len(own), len(made.kind))
    ends = (np.concatenate([np.zeros(0, np.int64), *part]) for part in zip(*parts, strict=True))
    core_of, sender, delay, kind = ends
    return _Wired(core_of, sender, delay, kind, axon, table)


def _by_core(core: Array, cores: int) -> list[Array]:
    """Of each core which of these are on it, ascending."""
    order = np.argsort(core, kind="stable")
    return np.split(order, np.cumsum(np.bincount(core, minlength=cores)))[:cores]


def _require_room(core: int, neurons: int, axons: int) -> None:
    for what, count, most in (("neurons", neurons, NEURONS), ("axons", axons, AXONS)):
        if count > most:
            message = f"core {core} needs {count} {what}, and one of RANC has {most}"
            way_out = "join fewer: `fixed_fan_in(k = 256)`, or a layer between them"
            raise CompileError(Diagnostic("E085", message, help=way_out))


def _outputs(model: Model, numbering: Numbering) -> Array:
    """The numbers of the neurons that are read; CompileError(E085) if they are too many."""
    found = [p for p in model.graph.populations if p.role == "output"]
    ranges = [np.arange(p.neurons) + numbering.first[p.name] for p in found]
    outputs = np.concatenate([np.zeros(0, np.int64), *ranges])
    if len(outputs) > LINES:
        message = f"{len(outputs)} outputs, and the output bus of RANC has {LINES} lines"
        raise CompileError(Diagnostic("E085", message, found[0].span, help="read out fewer"))
    return outputs


def _require_soon(model: Model, delay: Array, of: Mapping[str, Array]) -> None:
    """CompileError(E085) for projections of neurons that take no step, or more than a packet knows
    of, those of relays taken off: `delay` of each axon, and `of` a projection its axons."""
    found = []
    for projection in model.graph.projections:
        steps = delay[of[projection.name]]
        if not len(steps) or model.graph.population(projection.pre).step is None:
            continue
        most = int(steps.max())
        if 1 <= most <= LONGEST:
            continue
        message = (
            f"a spike of `{projection.name}` takes {most} steps to its axon, and a packet of RANC "
            f"1 to {LONGEST}"
        )
        longest = projection.delay - most + (LONGEST if most > 1 else 1)
        between = ", or pass it on by a population between them" if most > 1 else ""
        way_out = f"write `delay {longest * model.graph.dt:g} ms`{between}"
        found.append(Diagnostic("E085", message, projection.span, help=way_out))
    if found:
        raise CompileError(found)


def _with_relay_axons(wired: _Wired, post: Array, relayed: Relayed, neurons: int) -> _Joined:
    """The axons that are driven by relays, and after them those that drive relays; `post` is where
    each synapse of the model ends, which has so many neurons."""
    count = len(wired.core)
    relays, _ = _synapses(relayed.model, Numbering.of(relayed.model.graph))
    into = np.flatnonzero(relays.post >= neurons)
    keys = np.stack((relayed.core_of[relays.post[into]], relays.sender[into]))
    (core, sender), axon = np.unique(keys, axis=1, return_inverse=True)
    table = np.zeros((len(relayed.core_of), TYPES), np.int64)
    table[:neurons], table[neurons:, 0] = wired.table, 1
    ones = np.ones(len(core), np.int64)
    return _Joined(
        np.concatenate([wired.core, core]),
        np.concatenate([relayed.driver[:count], sender]),
        np.concatenate([relayed.delay[:count], ones]),
        np.concatenate([wired.kind, 0 * ones]),
        table,
        np.concatenate([post, relays.post[into]]),
        np.concatenate([wired.axon, count + np.ravel(axon)]),
    )


class _Joined(NamedTuple):
    """As `_Wired`, and pairs of a neuron and an axon that reaches it: `post`, `by`."""

    core: Array
    sender: Array
    delay: Array
    kind: Array
    table: Array
    post: Array
    by: Array


def _laid(relayed: Relayed, axons: _Joined, outputs: int, places: Array | None) -> Image:
    """The image: cores with their places, and the target of every neuron."""
    model, home = relayed.model, relayed.core_of
    numbering = Numbering.of(model.graph)
    local, counts = _local(axons.core, int(home.max(initial=-1)) + 1)
    inner = axons.sender < numbering.neurons
    to = np.full((numbering.neurons, 3), -2, np.int64)
    ends = np.stack((axons.core, local, axons.delay), axis=1)
    to[axons.sender[inner]] = ends[inner]
    lines = relayed.driver[len(relayed.driver) - outputs :]
    to[lines] = np.stack((np.full(outputs, OUTSIDE), np.arange(outputs), np.ones(outputs)), axis=1)
    cores = _sunk(to, home, counts)
    width, height, found, bus = _places(cores, places)
    cells = _cells(model, numbering)
    held, own, here = (_by_core(a, cores) for a in (home, axons.core, home[axons.post]))
    groups = zip(found, held, own, here, strict=False)
    return Image(
        model,
        width,
        height,
        tuple(_core(*group, axons, local, cells, to) for group in groups),
        bus,
        lines,
        relayed.late[len(relayed.late) - outputs :],
        np.column_stack([axons.sender, axons.core, local, axons.delay])[~inner],
    )


def _local(core: Array, cores: int) -> tuple[Array, Array]:
    """The number of each axon on its core, and how many each core has."""
    counts = np.bincount(core, minlength=cores)
    order = np.argsort(core, kind="stable")
    local = np.empty(len(core), np.int64)
    local[order] = np.arange(len(core)) - np.repeat(np.cumsum(counts) - counts, counts)
    return local, counts


def _sunk(to: Array, home: Array, counts: Array) -> int:
    """How many cores there are, after each neuron without a target was sent to an axon that reaches
    nothing: of its own core, of another, or of one that is there for that."""
    free = counts.tolist()
    other = next((c for c, reached in enumerate(free) if reached < AXONS), len(free))
    for neuron in np.flatnonzero(to[:, 0] == -2).tolist():
        own = int(home[neuron])
        core = own if counts[own] < AXONS else other
        if core == len(free):
            free.append(0)
        to[neuron] = core, min(free[core], AXONS - 1), 1
        free[core] += 1
    return len(free)


def _places(cores: int, places: Array | None) -> tuple[int, int, list[Place], Place]:
    """Width and height of the mesh, the place of each core, and that of the output bus."""
    width, height = mesh(cores + 1)
    found = [] if places is None else [Place(*map(int, place)) for place in places]
    if found:
        width = max(width, 1 + max(place.x for place in found))
        height = max(-(-(cores + 1) // width), 1 + max(place.y for place in found))
    if width * height > ROUTERS:
        message = (
            f"{cores} cores and the output bus want a mesh of {width} x {height}, and the files of "
            f"RANC have room for {ROUTERS} routers"
        )
        raise CompileError(Diagnostic("E085", message, help="take fewer neurons, or fewer axons"))
    every = (Place(x, y) for y in range(height) for x in range(width))
    rest = iter([place for place in every if place not in set(found)])
    found += [next(rest) for _ in range(cores - len(found))]
    return width, height, found, next(rest)


def _cells(model: Model, numbering: Numbering) -> Cells:
    """What every neuron is."""
    synapses, _ = _synapses(model, numbering)
    least, most = (
        np.bincount(synapses.post, part, numbering.neurons).astype(np.int64)
        for part in (np.minimum(synapses.code, 0), np.maximum(synapses.code, 0))
    )
    found = []
    for population in numbering.populations:
        if population.step is not None:
            first = numbering.first[population.name]
            own = slice(first, first + population.neurons)
            found.append(cells_of(model, population, least[own], most[own]))
    return Cells(*(np.concatenate([np.zeros(0, np.int64), *p]) for p in zip(*found, strict=True)))


def _core(
    place: Place,
    neuron: Array,
    own: Array,
    here: Array,
    axons: _Joined,
    local: Array,
    cells: Cells,
    to: Array,
) -> Core:
    """The core there of these neurons and axons, and of the pairs `here` of both."""
    joined = np.zeros((len(neuron), len(own)), bool)
    joined[np.searchsorted(neuron, axons.post[here]), local[axons.by[here]]] = True
    return Core(
        place,
        neuron,
        Cells(*(part[neuron] for part in cells)),
        axons.table[neuron],
        axons.sender[own],
        axons.kind[own],
        joined,
        to[neuron],
    )
