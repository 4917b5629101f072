"""Networks that run, but hardly as their author means: warnings."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import networkx as nx
import numpy as np

from ..analysis.leak import Leak, Rates, leaks
from ..analysis.loops import Loop, loops
from ..calls import expression
from ..diagnostics import Diagnostic
from ..expr import evaluate
from ..graph import Graph, Population, Projection
from ..schemes import SCHEMES
from ..types import size
from ..wiring import CONNECTIVITIES, foretold_size
from ..wiring.slices import cut, shared
from .durations import duration_of
from .sources import idle_sources


def graph_warnings(graph: Graph) -> tuple[Diagnostic, ...]:
    """W040 for every input whose probability of a spike, value x rate x dt, goes beyond 1, W046
    where it comes near it; W042 for every projection through which nothing of the input arrives in
    time; W043 for every state that grows of itself, and for states that grow together in steps,
    though not by their equations; W044 for weights that float32 has no room for; W045 for neurons
    that chance joins to themselves, of which the program says nothing; W047 for every source of
    which no spike falls into a run."""
    return tuple(warning for find in _FINDERS for warning in find(graph))


def _cut(graph: Graph) -> Iterable[Diagnostic]:
    dt = graph.dt
    for population in graph.populations:
        most = _most(population, dt)
        if most > 1.0 + 1e-9:
            yield Diagnostic(
                "W040",
                f"a value of 1 asks `{population.name}` for {most:.3g} spikes a step, and at most "
                f"one is possible: all values above {1 / most:.3g} fire in every step",
                population.span,
                help=f"a rate of at most {1000 / dt:.10g} Hz is possible with steps of {dt:g} ms",
            )


def _uneven(graph: Graph) -> Iterable[Diagnostic]:
    for population in graph.populations:
        is_poisson = population.encoding is not None and population.encoding.kind == "poisson"
        most = _most(population, graph.dt) if is_poisson else 0.0
        if REGULAR < most <= 1.0 + 1e-9:
            yield Diagnostic(
                "W046",
                f"a value of 1 makes `{population.name}` fire in {most:.0%} of all steps, once in "
                f"each: the number of its spikes varies {1 - most:.0%} as much as a Poisson "
                "process's",
                population.span,
                help="`source` fires as a Poisson process does; or take a shorter dt",
            )


REGULAR = 0.5  # spikes a step


def _most(population: Population, dt: float) -> float:
    """The spikes a step that a value of 1 asks for; 1 of an encoding without a rate."""
    arguments = dict(population.encoding.arguments) if population.encoding else {}
    rate = arguments.get("rate", 1000.0 / dt)
    assert isinstance(rate, (int, float)), rate
    return rate * dt / 1000.0


def _dead(graph: Graph) -> Iterable[Diagnostic]:
    inputs = [p for p in graph.populations if p.encoding is not None]
    if not inputs:
        return
    lasts = duration_of(inputs[0])
    steps = round(lasts / graph.dt)
    reached = _reached(graph, [p.name for p in inputs], steps)
    for projection in graph.projections:
        before = reached.get(projection.pre, 0)
        if not before < steps <= before + projection.delay:
            continue
        way = f"its delay is {projection.delay * graph.dt:g} ms"
        nothing = "nothing"
        if projection.delay < steps:
            way = f"the shortest way takes {(before + projection.delay) * graph.dt:g} ms"
            nothing = "nothing of the input"
        yield Diagnostic(
            "W042",
            f"`{projection.name}` delivers {nothing}: {way}, and the input lasts {lasts:g} ms",
            projection.span,
            help="choose a shorter delay, or a longer input",
        )


def _reached(graph: Graph, inputs: list[str], steps: int) -> dict[str, float]:
    """The step in which what an input sends in step 0 can first arrive, by population; of those
    that no input reaches, and where delays are too short to matter, nothing."""
    longest = max((p.delay for p in graph.projections), default=0)
    if longest * len(graph.populations) < steps:
        return {}
    ways, sources = graph.digraph(), set(inputs)
    return dict(nx.multi_source_dijkstra_path_length(ways, sources, weight="delay"))


def _growing(graph: Graph) -> Iterable[Diagnostic]:
    known: dict[int, Rates] = {}
    for population in graph.populations:
        for leak in leaks(population, known):
            if leak.rate > 0.0:
                yield Diagnostic(
                    "W043",
                    f"`{leak.state}` of `{population.name}` grows of itself, by a factor of "
                    f"{_factor(leak, population.method, graph.dt):.4g} in a step",
                    population.span,
                    help=f"is that meant? See {', '.join(leak.reads)}" if leak.reads else "",
                )


def _growing_together(graph: Graph) -> Iterable[Diagnostic]:
    known: dict[tuple[int, str, tuple[tuple[str, float], ...]], list[Loop]] = {}
    for population in graph.populations:
        key = id(population.model), population.method, population.parameters
        if key not in known:
            known[key] = list(loops(population))
        for loop in known[key]:
            if loop.factor > 1.0 + 1e-6 and loop.rate <= 1e-9:
                yield Diagnostic(
                    "W043",
                    f"{' and '.join(f'`{s}`' for s in loop.states)} of `{population.name}` drive "
                    f"each other and grow by a factor of {loop.factor:.4g} in a step of "
                    f"{graph.dt:g} ms, though their equations do not",
                    population.span,
                    help=f"{_other_method(population)}a shorter dt grows less",
                )


def _other_method(population: Population) -> str:
    return "" if population.method == "exact" else "write `method exact`, where it is possible; "


def _factor(leak: Leak, method: str, dt: float) -> float:
    return SCHEMES[method].factor(leak.rate * dt)


def _huge(graph: Graph) -> Iterable[Diagnostic]:
    for projection in graph.projections:
        most = _largest_weight(projection, graph)
        if most >= LOST:
            yield Diagnostic(
                "W044",
                f"weights of `{projection.name}` go to {most:.3g}, and float32 ends at 3.4e+38: a "
                "few spikes more, and a state is infinite",
                projection.span,
                help="scale the weights down, and the threshold with them",
            )


def _joined_to_themselves(graph: Graph) -> Iterable[Diagnostic]:
    for projection in graph.projections:
        call = projection.connectivity
        says = any(argument.name == "self" for argument in CONNECTIVITIES[call.kind].arguments)
        if projection.pre != projection.post or not says or "self" in dict(call.arguments):
            continue
        shape = graph.population(projection.pre).shape
        _, *ends = cut(projection, shape, shape)
        share = shared(projection, shape) / max(1, size(ends[0]) * size(ends[1]))
        own = foretold_size(projection, shape, shape).synapses * share
        if own >= 1.0:
            yield Diagnostic(
                "W045",
                f"of the synapses of `{projection.name}` about {own:.3g} join a neuron to itself",
                projection.span,
                help="write `self = false` to leave them out, or `self = true` if they are meant",
            )


LOST = 1e30


def _largest_weight(projection: Projection, graph: Graph) -> float:
    """The magnitude of what the program says of the initial weights: numbers, or an array."""
    said = [v for _, v in projection.init.arguments if isinstance(v, (int, float))]
    tensor = dict(projection.init.arguments).get("tensor")
    if isinstance(tensor, str) and tensor in graph.tensors and graph.tensors[tensor].size:
        said += [float(end) for end in (graph.tensors[tensor].min(), graph.tensors[tensor].max())]
    if projection.init.kind == "expression":
        said.append(_largest_of_pairs(projection, graph))
    return max(map(abs, said), default=0.0)


def _largest_of_pairs(projection: Projection, graph: Graph) -> float:
    """The largest finite magnitude of weights that are a function of i and j, over all pairs that
    may be joined or, where they are many, over rows and columns that lie evenly among them."""
    shapes = [graph.population(name).shape for name in (projection.pre, projection.post)]
    pre, post = map(size, cut(projection, shapes[0], shapes[1])[1:])
    rows, columns = (
        np.arange(float(n)) if n <= LOOKED else np.linspace(0, n - 1, LOOKED).round()
        for n in (pre, post)
    )
    where = {"i": rows[:, None], "j": columns[None, :]}
    with np.errstate(all="ignore"):
        values = abs(np.asarray(evaluate(expression(projection.init, "value"), where, np.float64)))
        if projection.connectivity.kind == "expression":
            joined = evaluate(expression(projection.connectivity, "where"), where, np.float64)
            values = np.where(joined, values, 0.0)
    return float(np.max(values, initial=0.0, where=np.isfinite(values)))


LOOKED = 400  # rows, and columns


_FINDERS: tuple[Callable[[Graph], Iterable[Diagnostic]], ...] = (
    *(_cut, _uneven, _dead, _growing, _growing_together, _huge, _joined_to_themselves),
    idle_sources,
)
