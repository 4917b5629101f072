"""The memory that a network needs, told before anything of it is made.

An estimate from below: what a network of a reasonable size needs beside it is not counted, and what
a device holds in memory of its own is counted there (E072).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..ir.calls import integer
from ..ir.diagnostics import CompileError, Diagnostic, Span
from ..ir.graph import Graph, Population, TrainSpec
from ..ir.rules import emitters
from ..ir.running import SPIKES, Probe
from ..ir.schemes.events import synapse_step
from ..ir.sources import sources_of, told_count
from ..ir.trains import counted, most_given
from ..ir.verify.durations import steps_of
from ..ir.wiring import Size, foretold_size, told_spread
from .compiled.lanes import brings_late
from .cpu.scratch import WINDOW
from .losses.table import LOSSES, TRAINS
from .rules.table import RULES
from .trace import steps_seen
from .trainers.sharing import GROUPS

F32, I32, F64 = 4, 4, 8
PAIR = 2 * I32  # pre and post
LATE = 2  # by how many steps a synapse comes later than its projection's delay
HEAD = 8  # bytes
TOLD = I32 + 3 * 8  # a spike that is told, and beside it while it is listed
MOMENTS = 3 * F32  # a weight's two moments, and its copy by post neuron


class Need(NamedTuple):
    """Bytes, what they are for, and where it stands in the program."""

    size: int
    what: str
    span: Span | None = None


def drawing(graph: Graph) -> tuple[Need, ...]:
    """What the wiring and the first weights of a graph take: all of them, and beside them what one
    projection takes most while it is drawn."""
    sizes = _sizes(graph)
    peaks = [Need(s.scratch, what, span) for s, what, span in sizes]
    return (max(peaks, default=Need(0, "")), *_synapses(graph, sizes))


def looked_at(graph: Graph) -> tuple[Need, ...]:
    """How many pairs of neurons, in place of bytes, the wiring of a graph looks at one by one."""
    return tuple(Need(size.looked, what, span) for size, what, span in _sizes(graph))


def presenting(graph: Graph, workers: int) -> tuple[Need, ...]:
    """What a simulator of `workers` samples at a time takes, with the synapses and the weights,
    which it does not copy."""
    sizes, steps = _sizes(graph), steps_of(graph)
    window = min(steps, WINDOW)
    states = [
        Need(
            (1 + workers) * _state_bytes(p) + workers * window * _port_bytes(p),
            _neurons(p),
            p.span,
        )
        for p in graph.populations
    ]
    events = Need(workers * I32 * (steps + 1) * len(graph.populations), STEPS)
    sent = [
        Need(workers * F32 * steps * p.neurons, f"the {steps} steps of `{p.name}`", p.span)
        for p in emitters(graph)
    ]
    listed = [
        Need(workers * I32 * steps * p.neurons * most_given(p), f"the spikes of `{p.name}`", p.span)
        for p in counted(graph)
    ]
    told = [
        Need(
            TOLD * told_count(p, graph.dt, steps, graph.tensors),
            f"the spikes of `{p.name}`",
            p.span,
        )
        for p in sources_of(graph)
    ]
    held = (*_held_by_synapses(graph, sizes, steps), *_late(graph, sizes, workers))
    return (
        *_synapses(graph, sizes),
        *held,
        *_list_heads(graph, sizes),
        *states,
        events,
        *sent,
        *listed,
        *told,
    )


def recording(probes: Iterable[Probe], samples: int, steps: int) -> tuple[Need, ...]:
    """What is recorded of the states takes: where it is written down, and in double precision, as
    files have it."""
    return tuple(
        Need(
            (F32 + samples * (F32 + F64)) * probe.neurons * len(steps_seen(probe, steps)),
            f"what is recorded of `{probe.population}`, by neuron and step",
            probe.span,
        )
        for probe in probes
        if probe.what != SPIKES
    )


def learning(graph: Graph, spec: TrainSpec, workers: int) -> tuple[Need, ...]:
    """What a training takes: a simulator, the weights' moments, the gradients of a batch, and the
    weights of the epochs that are averaged over."""
    shares = any(p.trainable and p.connectivity.kind == "conv2d" for p in graph.projections)
    groups = GROUPS if (spec.count("batch") > 1 or shares) and workers else 0
    kept = groups or min(workers, 1)  # a device has a memory of its own
    average = spec.find("average")
    past = 0 if average is None else min(integer(average, "epochs"), spec.count("epochs"))
    each = MOMENTS + F32 * (groups + past)
    moments = [Need(each * s.weights, what, span) for s, what, span in _sizes(graph)]
    moments += _laid(graph, max(groups, kept))
    held = (*wanted(graph, spec), *moments, *_kept(graph, spec, kept))
    return (*presenting(graph, workers + groups), *held)


def _laid(graph: Graph, workers: int) -> list[Need]:
    """Kernels of convolutions as each worker goes by them, up and down."""
    convolutions = [p.connectivity.kind == "conv2d" for p in graph.projections]
    return [
        Need(2 * workers * F32 * s.weights, what, span)
        for is_one, (s, what, span) in zip(convolutions, _sizes(graph), strict=True)
        if is_one
    ]


def wanted(graph: Graph, spec: TrainSpec) -> tuple[Need, ...]:
    """What says, for a loss of trains, which train each output is to have, by label."""
    loss = spec.find("loss")
    if loss is None or LOSSES[loss.kind].kernel != TRAINS:
        return ()
    outputs = [p for p in graph.populations if p.role == "output"]
    return tuple(Need(I32 * p.neurons**2, f"the trains of `{p.name}`", p.span) for p in outputs)


def _kept(graph: Graph, spec: TrainSpec, samples: int) -> list[Need]:
    """What the rule remembers of every step of the samples in flight."""
    found, populations = RULES[spec.call("rule").kind].sample_bytes(graph, spec), graph.index()
    return [
        Need(samples * size, f"the {steps_of(graph)} steps of `{name}`", populations[name].span)
        for name, size in found.items()
    ]


STEPS = "the steps of the input"


def _neurons(population: Population) -> str:
    return f"the {population.neurons} neurons of `{population.name}`"


def require_memory(graph: Graph, needs: Iterable[Need], memory: int) -> None:
    """CompileError(E074) if that is more than the machine's `memory` [bytes]."""
    total: dict[tuple[str, Span | None], int] = {}
    for need in needs:
        key = (need.what, need.span)
        total[key] = total.get(key, 0) + need.size
    wanted = sum(total.values())
    if wanted <= memory:
        return
    (largest, span), size = max(total.items(), key=lambda item: item[1])
    message = (
        f"`{graph.name}` needs at least {_gigabytes(wanted)} of memory, and this machine has "
        f"{_gigabytes(memory)}"
    )
    label = f"{_gigabytes(size)} are for {largest}"
    raise CompileError(Diagnostic("E074", f"{message}; {label}", span, "", (), WAY_OUT))


WAY_OUT = (
    "make it smaller, join fewer neurons (`sparse`, `fixed_fan_in`), use fewer `--threads`, or "
    "take a machine with more memory"
)


Sized = tuple[Size, str, Span | None]


def _sizes(graph: Graph) -> list[Sized]:
    shapes = {p.name: p.shape for p in graph.populations}
    found = []
    for projection in graph.projections:
        size = foretold_size(projection, shapes[projection.pre], shapes[projection.post])
        what = f"the {size.synapses} synapses of `{projection.name}`"
        found.append((size, what, projection.span))
    return found


def _synapses(graph: Graph, sizes: Iterable[Sized]) -> list[Need]:
    """The weights, both ends of synapses that are listed, and delays of their own."""
    found = []
    for projection, (s, what, span) in zip(graph.projections, sizes, strict=True):
        each = (PAIR if s.is_listed else 0) + (0 if projection.delays is None else I32)
        found.append(Need(F32 * s.weights + each * s.synapses, what, span))
    return found


def _late(graph: Graph, sizes: Iterable[Sized], workers: int) -> list[Need]:
    """What says how late synapses with delays of their own are, and what is still to arrive: a row
    of sums for each step that these differ by."""
    found, spread = list[Need](), 0
    populations, sums = graph.index(), graph.semantics.sums
    for projection, (size, what, span) in zip(graph.projections, sizes, strict=True):
        if brings_late(projection, populations[projection.pre], sums):
            found.append(Need(LATE * size.synapses, what, span))
            spread = max(spread, told_spread(projection, graph.dt, graph.tensors))
    rows = [
        Need(workers * spread * _port_bytes(p), f"what is still to arrive at `{p.name}`", p.span)
        for p in graph.populations
    ]
    return [*found, *rows]


def _held_by_synapses(graph: Graph, sizes: Iterable[Sized], steps: int) -> list[Need]:
    """What synapses hold in a run, with the steps of their last events, the way back to them, and
    what their equations are by steps."""
    found = []
    for projection, (size, _, span) in zip(graph.projections, sizes, strict=True):
        if projection.synapse is None:
            continue
        step = synapse_step(projection.synapse.model)
        each = len(step.held) + 1 + (1 if step.post and size.is_listed else 0)
        table = (steps + 1) * len(step.terms)
        what = f"what the synapses of `{projection.name}` hold"
        found.append(Need(F32 * (each * size.synapses + table), what, span))
    return found


def _list_heads(graph: Graph, sizes: Iterable[Sized]) -> list[Need]:
    """Every pre neuron of a listed projection has an entry that says where its synapses start."""
    populations = graph.index()
    pres = [populations[p.pre] for p in graph.projections]
    return [
        Need(HEAD * pre.neurons, _neurons(pre), pre.span)
        for pre, (size, _, _) in zip(pres, sizes, strict=True)
        if size.is_listed
    ]


def _state_bytes(population: Population) -> int:
    states = 1 if population.step is None else len(population.step.states)
    return F32 * states * population.neurons


def _port_bytes(population: Population) -> int:
    ports = 0 if population.step is None else len(population.step.ports)
    return F32 * ports * population.neurons


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3g} GB"
