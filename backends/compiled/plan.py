"""A scheduled graph as flat arrays: the one argument that every kernel reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.calls import number
from ...ir.diagnostics import CompileError
from ...ir.graph import Block, Graph, Population, Projection
from ...ir.levels import levels_of
from ...ir.model import Model, start_of
from ...ir.neuron import LAST_EMITTED, NeuronStep
from ...ir.noise import noise_scale
from ...ir.passes.schedule import is_stepwise
from ...ir.rules import ENCODINGS, emitters, sends_numbers
from ...ir.tensors import together
from ...ir.trains import most_fired
from ...ir.types import DType
from ...ir.verify.durations import steps_of
from ...ir.verify.singles import stateful
from ...ir.wiring import Listed, Windows, Wiring
from ..runnable import require_clocked
from .kinds import CODES, FIELDS, numbers_of
from .noise import noise_tables
from .sources import source_tables
from .text.step import state_places
from .windows import padded

Array = npt.NDArray[Any]


class Plan(NamedTuple):
    """P populations, J projections, N neurons, T steps; indices follow the graph's order.

    Events of population p live in its slice events[p] : events[p + 1] of a worker's list. Synapses
    of a listed projection j are csr_ptr[row[j] + pre] : csr_ptr[row[j] + pre + 1]; the weight of
    synapse s is that at weight[j] + s - csr_ptr[row[j]].
    """

    steps: int
    neurons: Array  # i64[P + 1] first neuron of each population
    model: Array  # i64[P] index of the neuron step, -1 for inputs
    constants: Array  # f32[P, C]
    order: Array  # i64[hidden and output populations] in schedule order
    block: Array  # i64[B + 1] bounds of the blocks within `order`
    recurrent: Array  # u8[B]
    incoming: Array  # i64[P + 1] bounds of the populations within `sources`
    inner: Array  # i64[P] first of a population's sources that are looked at step by step
    sources: Array  # i64[J] projections by post population, those last: see `is_stepwise`
    pre: Array  # i64[J]
    post: Array  # i64[J]
    delay: Array  # i64[J]
    port: Array  # i64[J]
    kind: Array  # u8[J] PAIRS, LIST or WINDOW of `kinds`
    windows: Array  # i64[J, 12] see `windows.py`
    weight: Array  # i64[J + 1] bounds of the projections within the weights
    laid: Array  # i64[J + 1] bounds of the convolutions within the weights that are laid anew
    row: Array  # i64[J] first entry of each projection in csr_ptr
    csr_ptr: Array  # i64
    csr_post: Array  # i32[S]
    late: Array  # i64[J] first of a projection's synapses in csr_late; -1: they have one delay
    csr_late: Array  # u16 by how many steps each comes later than the projection's delay
    waits: Array  # u8[P] whether a projection of that kind ends at a population
    events: Array  # i64[P + 1] bounds of the populations within the event list
    inputs: Array  # i64[input populations]
    encoder: Array  # i64[input populations] DRAWN, GIVEN or SENT of `ir.rules`
    first: Array  # i64[input populations] the first step in which they may fire
    rate: Array  # f64[inputs] what (x - zero) is multiplied by, see `rules.Encoding`
    zero: Array  # f64[inputs] one of each neuron
    most: Array  # f64[input populations] of the whole numbers that they send, or of their counts
    steady: Array  # i64[J + 1] bounds, within the steady currents, of what inputs bring every step
    emitted: Array  # i64[P] row of `real_init` with the numbers that it sends; -1: it sends spikes
    graded: Array  # i64[P + 1] bounds of the populations within the numbers sent in a step
    dropped: Array  # u32[P] a random word below it leaves units out; 0: none are, see `dropout`
    alike: Array  # i64[P] how many units, one after the other, are left out together
    share: Array  # f32[P] by what is multiplied what the others send
    source: Array  # i64[P, COLUMNS] what a source fires, see `counts.py`; zeros of no source
    cumulative: Array  # u32 distributions of counts, one after the other
    guide: Array  # u8[256 a distribution] where to begin in it
    told_ptr: Array  # i64[T + 1 a source] bounds of its events by step, within `told`
    told: Array  # i32 neurons
    straight: Array  # u8[J] whether neuron k is joined to neuron k alone
    noisy: Array  # i64[P + 1] bounds of the populations within `noise`
    noise: Array  # i64[noise ports, NOISE_COLUMNS] see `normals.py`
    normal: Array  # i32 the table of `ir.noise`; none where there is no noise
    noise_scale: float  # by which its numbers are multiplied
    real_init: Array  # f32[F, N]
    integer_init: Array  # i32[I, N]
    ports: int
    output: int  # index of the output population
    score: int  # row of `real_init` in which the output keeps its score; -1: it is its spike count
    keep: float  # what a step leaves of the trace of spikes that scores the output; -1: none does
    widest: int  # neurons of the largest population


def distinct_steps(graph: Graph) -> tuple[NeuronStep, ...]:
    """The different neuron steps of a graph, in order of first appearance."""
    return tuple(dict.fromkeys(p.step for p in graph.populations if p.step is not None))


def make_plan(
    model: Model,
    sums: tuple[str, ...] = ("exact",),
    fires_often: bool = False,
    has_states: bool = False,
) -> Plan:
    """The arrays of a model that is `network.ready`; CompileError(E075) for one that tests its
    thresholds otherwise than once a step, unless the engine `fires_often`, or whose ports hold none
    of these `sums`, E071 for one whose synapses have states, unless the engine `has_states`."""
    graph, wirings = model.graph, model.wirings
    _require_known(graph, sums, fires_often, has_states)
    populations, projections = graph.populations, graph.projections
    index = {p.name: k for k, p in enumerate(populations)}
    steps = steps_of(graph)
    neurons = bounds([p.neurons for p in populations])
    models = {step: k for k, step in enumerate(distinct_steps(graph))}
    assert graph.schedule is not None
    sources, incoming, inner = _sources(projections, index, graph.schedule)
    weight = bounds([int(np.prod(wirings[p.name].weight_shape)) for p in projections])
    inputs = [k for k, p in enumerate(populations) if p.role == "input"]
    return Plan(
        steps=steps,
        neurons=neurons,
        model=_ints(-1 if p.step is None else models[p.step] for p in populations),
        constants=_constants(populations),
        **_blocks(graph, index),
        incoming=incoming,
        inner=inner,
        sources=sources,
        pre=_ints(index[p.pre] for p in projections),
        post=_ints(index[p.post] for p in projections),
        delay=_ints(p.delay for p in projections),
        port=_ints(_port(populations[index[p.post]], p) for p in projections),
        kind=np.array([CODES[type(wirings[p.name])] for p in projections], np.uint8),
        windows=_ints(numbers_of(wirings[p.name]) for p in projections).reshape(-1, FIELDS),
        weight=weight,
        laid=_laid(projections, wirings),
        **_synapses(projections, wirings, index),
        events=_events(graph, steps),
        inputs=_ints(inputs),
        **_encodings(graph, inputs),
        steady=_steady(graph),
        **_graded(graph) | _complete(len(populations)),
        **source_tables(model, steps),
        **noise_tables(model),
        noise_scale=float(noise_scale(graph.dt)),
        **_initial_states(model, neurons),
        ports=max((len(p.step.ports) for p in populations if p.step), default=1),
        output=(output := output_of(graph)),
        score=_score(populations[output]),
        keep=_keep(populations[output], graph.dt),
        widest=max(p.neurons for p in populations),
    )


def _blocks(graph: Graph, index: Mapping[str, int]) -> dict[str, Array]:
    """The populations that are computed, in the order of the schedule."""
    assert graph.schedule is not None
    blocks = [b for b in graph.schedule if graph.populations[index[b.populations[0]]].step]
    return {
        "order": _ints(index[name] for b in blocks for name in b.populations),
        "block": bounds([len(b.populations) for b in blocks]),
        "recurrent": np.array([b.is_recurrent for b in blocks], np.uint8),
    }


def _require_known(
    graph: Graph, sums: tuple[str, ...], fires_often: bool, has_states: bool
) -> None:
    require_clocked(graph, sums, fires_often)
    mistakes = () if has_states else stateful(graph, "E071", "this target takes")
    if mistakes:
        raise CompileError(mistakes)


def _events(graph: Graph, steps: int) -> Array:
    """Room for all that each population may fire; of sources no list is kept."""
    listed = (0 if p.source else most_fired(p, graph.semantics) for p in graph.populations)
    sizes = (p.neurons * steps for p in graph.populations)
    return bounds([size * most for size, most in zip(sizes, listed, strict=True)])


def _sources(
    projections: Sequence[Projection], index: Mapping[str, int], schedule: Sequence[Block]
) -> tuple[Array, Array, Array]:
    block = {name: b for b, members in enumerate(schedule) for name in members.populations}
    post = _ints(index[p.post] for p in projections)
    own = np.array([is_stepwise(p, block) for p in projections], bool)
    incoming = bounds(np.bincount(post, minlength=len(index)))
    outside = np.bincount(post[~own], minlength=len(index))
    return np.lexsort((own, post)).astype(np.int64), incoming, incoming[:-1] + outside


def _encodings(graph: Graph, inputs: Sequence[int]) -> dict[str, Array]:
    """What `ENCODINGS` says of the encoding of every input population."""
    given = [graph.populations[k] for k in inputs if graph.populations[k].encoding is not None]
    rows = [(p.encoding, ENCODINGS[p.encoding.kind]) for p in given if p.encoding is not None]
    levels = [levels_of(population, graph.dt) for population in given]
    zero, rate = (np.concatenate([np.zeros(0), *(pair[k] for pair in levels)]) for k in range(2))
    return {
        "encoder": _ints(row.kernel for _, row in rows),
        "first": _ints(row.first for _, row in rows),
        "rate": rate,
        "zero": zero,
        "most": np.array([row.most(call) for call, row in rows], np.float64),
    }


def _steady(graph: Graph) -> Array:
    """Room for a current of each post neuron of the projections whose input sends a number."""
    index = graph.index()
    return bounds(
        [index[p.post].neurons if sends_numbers(index[p.pre]) else 0 for p in graph.projections]
    )


def _graded(graph: Graph) -> dict[str, Array]:
    """Where each population that sends numbers keeps them."""
    senders = {p.name for p in emitters(graph)}
    emitted = _ints(
        state_places(p.step)[LAST_EMITTED][1] if p.step and p.name in senders else -1
        for p in graph.populations
    )
    sizes = [p.neurons if p.name in senders else 0 for p in graph.populations]
    return {"emitted": emitted, "graded": bounds(sizes)}


def _complete(populations: int) -> dict[str, Array]:
    """No unit is left out."""
    ones = np.ones(populations)
    return {
        "dropped": np.zeros(populations, np.uint32),
        "alike": ones.astype(np.int64),
        "share": ones.astype(np.float32),
    }


def _port(post: Population, projection: Projection) -> int:
    assert post.step is not None
    return post.step.ports.index(projection.port)


def output_of(graph: Graph) -> int:
    """The index of the output population, of the last one where none is an output."""
    roles = [p.role for p in graph.populations]
    return roles.index("output") if "output" in roles else len(roles) - 1


def _score(output: Population) -> int:
    if output.step is None or not output.step.score:
        return -1
    return state_places(output.step)[LAST_EMITTED][1]


def _keep(output: Population, dt: float) -> float:
    readout = output.readout
    is_filtered = readout is not None and "tau" in dict(readout.arguments)
    return 1.0 - dt / number(readout, "tau") if readout and is_filtered else -1.0


def _ints(values: Any) -> Array:
    return np.array(list(values), np.int64)


def bounds(sizes: npt.ArrayLike) -> Array:
    """i64[n + 1]: 0 and the running sums; piece k lies at bounds[k] : bounds[k + 1]."""
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)


def _constants(populations: Sequence[Population]) -> Array:
    table = np.zeros((len(populations), max((len(p.constants) for p in populations), default=0)))
    for k, population in enumerate(populations):
        table[k, : len(population.constants)] = population.constants
    return table.astype(np.float32)


def _synapses(
    projections: Sequence[Projection], wirings: Mapping[str, Wiring], index: Mapping[str, int]
) -> dict[str, Array]:
    """Where the synapses of each listed projection lie, by pre neuron."""
    row = np.zeros(len(projections), np.int64)
    pointers: list[Array] = []
    posts: list[Array] = [np.zeros(0, np.int32)]
    entries = synapses = 0
    for k, projection in enumerate(projections):
        wiring = wirings[projection.name]
        if not isinstance(wiring, Listed):
            continue
        row[k] = entries
        heads = np.arange(wiring.pre_neurons, dtype=np.int32)
        starts = np.searchsorted(wiring.pre, heads)
        pointers.append(synapses + np.append(starts, wiring.synapses))
        posts.append(wiring.post)
        entries += wiring.pre_neurons + 1
        synapses += wiring.synapses
    ptr = np.concatenate(pointers) if pointers else np.zeros(1, np.int64)
    return {
        "row": row,
        "csr_ptr": ptr,
        "csr_post": together(posts),
        **_late(projections, wirings, index),
    }


def _late(
    projections: Sequence[Projection], wirings: Mapping[str, Wiring], index: Mapping[str, int]
) -> dict[str, Array]:
    """The delays of synapses that have their own, beyond the least."""
    late, waits = np.full(len(projections), -1, np.int64), np.zeros(len(index), np.uint8)
    parts, start = [np.zeros(0, np.uint16)], 0
    for k, projection in enumerate(projections):
        wiring = wirings[projection.name]
        if isinstance(wiring, Listed) and wiring.delay is not None:
            late[k], waits[index[projection.post]] = start, 1
            parts.append((wiring.delay - projection.delay).astype(np.uint16))
            start += wiring.synapses
    return {"late": late, "csr_late": np.concatenate(parts), "waits": waits}


def _laid(projections: Sequence[Projection], wirings: Mapping[str, Wiring]) -> Array:
    """Room for the kernel of each convolution, the channels of either end in whole vectors."""
    return bounds([_room(wirings[p.name]) for p in projections])


def _room(wiring: Wiring) -> int:
    if not isinstance(wiring, Windows) or wiring.is_pool:
        return 0
    up, down = (
        wiring.pre.channels * padded(wiring.reached),
        wiring.post.channels * padded(wiring.read),
    )
    return int(wiring.kernel * wiring.kernel * max(up, down))


def _initial_states(model: Model, neurons: Array) -> dict[str, Array]:
    columns = [_states_of(model, p) for p in model.graph.populations]
    reals = np.zeros((max(1, *(len(c[0]) for c in columns)), neurons[-1]), np.float32)
    integers = np.zeros((max(1, *(len(c[1]) for c in columns)), neurons[-1]), np.int32)
    for k, (floats, ints) in enumerate(columns):
        lo, hi = neurons[k], neurons[k + 1]
        for row, start in enumerate(floats):
            kept = reals.view(np.int32) if start.dtype.kind == "i" else reals
            kept[row, lo:hi] = start
        for row, start in enumerate(ints):
            integers[row, lo:hi] = start
    return {"real_init": reals, "integer_init": integers}


def _states_of(model: Model, population: Population) -> tuple[list[Array], list[Array]]:
    """Where the states of float types and those of integers start, [] or [neurons] each."""
    if population.step is None:
        return [], []
    values = dict(population.parameters) | dict(
        zip(population.step.constants, population.constants, strict=True)
    )
    starts = [
        (s.dtype, start_of(model, population, s, values, np.float64))
        for s in population.step.states
    ]
    reals = [start for dtype, start in starts if dtype is not DType.I32]
    return reals, [start for dtype, start in starts if dtype is DType.I32]
