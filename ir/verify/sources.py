"""What a user may get wrong about sources, and who takes neither them nor noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..diagnostics import CompileError, Diagnostic
from ..graph import Graph, Population
from ..noise import noisy
from ..sources import MOST_COUNT, MOST_MEAN, drawn_of, events_of, sources_of
from .durations import steps_of


def verify_sources(graph: Graph) -> None:
    """E045 for times that are no steps, E022 for more spikes a step than are counted, E040 for
    spikes of neurons that there are not."""
    problems = [replace(d, span=p.span) for p in sources_of(graph) for d in _problems(p, graph)]
    if problems:
        raise CompileError(problems)


def _problems(population: Population, graph: Graph) -> Iterator[Diagnostic]:
    assert population.source is not None
    name, said = population.name, dict(population.source.arguments)
    for argument, value in said.items():
        times = value if isinstance(value, tuple) else (value,)
        if argument not in ("rate", "tensor") and not all(_is_step(t, graph.dt) for t in times):
            message = f"`{argument}` of `{name}` is no whole number of steps of {graph.dt:g} ms"
            yield Diagnostic("E045", message, help="choose multiples of dt")
        elif argument == "period" and round(float(str(value)) / graph.dt) < 1:
            message = f"`period` of `{name}` is below a step of {graph.dt:g} ms"
            yield Diagnostic("E045", message, help="choose a step at least")
        if isinstance(value, tuple) and max(map(value.count, value)) > MOST_COUNT:
            yield _too_many(name)
    mean = float(str(said.get("rate", 0.0))) * graph.dt / 1000.0
    if mean > MOST_MEAN:
        message = f"`{name}` fires {mean:g} times a step on average, and at most {MOST_MEAN:g} are"
        way_out = "write several sources, or fewer spikes with a greater weight"
        yield Diagnostic("E022", f"{message} possible", help=way_out)
    tensor = graph.tensors.get(str(said.get("tensor", "")))
    if tensor is None or not len(tensor):
        return
    if population.shape and tensor[:, 1].max() >= population.neurons:
        message = f"a spike of `{name}` is of neuron {tensor[:, 1].max():g}"
        way_out = f"it has the neurons 0 to {population.neurons - 1}"
        yield Diagnostic("E040", message, help=way_out)
    if np.unique(tensor, axis=0, return_counts=True)[1].max() > MOST_COUNT:
        yield _too_many(name)


def idle_sources(graph: Graph) -> Iterator[Diagnostic]:
    """W047 for each source of which no spike falls into a run, where it is known how long that
    lasts."""
    if not graph.duration and not any(p.encoding is not None for p in graph.populations):
        return
    steps = steps_of(graph)
    for population in sources_of(graph):
        drawn = drawn_of(population, graph.dt, 0)
        if drawn is None:
            fires = len(events_of(population, graph.dt, steps, graph.tensors)[0]) > 0
        else:
            fires = drawn.mean > 0.0 and drawn.first < min(drawn.last, steps)
        if not fires:
            yield Diagnostic(
                "W047",
                f"no spike of the source `{population.name}` falls into the "
                f"{steps * graph.dt:g} ms of a run",
                population.span,
                help="let it begin earlier, or let the run last longer",
            )


def _too_many(name: str) -> Diagnostic:
    message = f"a neuron of `{name}` fires more than {MOST_COUNT} times in a step"
    way_out = "write several sources, or fewer spikes with a greater weight"
    return Diagnostic("E022", message, help=way_out)


def _is_step(time: object, dt: float) -> bool:
    steps = float(str(time)) / dt
    return abs(steps - round(steps)) <= 1e-6 * max(1.0, steps)


def not_fed(graph: Graph, code: str, who: str, way_out: str) -> tuple[Diagnostic, ...]:
    """A diagnostic for each source of a network, and each population with noise in its equations,
    which `who` does not take."""
    sources = ((p, f"{who} no sources, and `{p.name}` is one") for p in sources_of(graph))
    noise = ((p, f"{who} no noise, and the equations of `{p.name}` have it") for p in noisy(graph))
    return tuple(Diagnostic(code, m, p.span, help=way_out) for p, m in (*sources, *noise))


def not_learnt(graph: Graph) -> tuple[Diagnostic, ...]:
    """E050 for each projection that learns and begins at a source, of whose spikes no list is
    kept."""
    sources = {p.name for p in sources_of(graph)}
    return tuple(
        Diagnostic(
            "E050",
            f"the weights of `{p.name}` are to learn, and the spikes of its source are not kept",
            p.span,
            help="write `fixed` behind the projection, or take an `input` in place of the source",
        )
        for p in graph.projections
        if p.trainable and p.pre in sources
    )


def require_no_sources(graph: Graph, code: str, who: str) -> None:
    """CompileError where a network has sources or noise."""
    way_out = "run it by the target cpu, gpu or reference, or take an `input` in place of it"
    found = not_fed(graph, code, who, way_out)
    if found:
        raise CompileError(found)
