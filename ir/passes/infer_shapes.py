"""Pass: fill in the shapes that convolutions and pools fix, and refuse shapes that do not fit."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace

from ..diagnostics import CompileError, Diagnostic, Note
from ..graph import MOST_NEURONS, Graph, Population, Projection
from ..report import nearest
from ..types import Shape
from ..wiring import CONNECTIVITIES, check_projection


@dataclass(frozen=True, slots=True)
class InferShapes:
    """Every population has a shape afterwards, and every projection fits the shapes it joins."""

    name: str = "infer_shapes"
    requires: frozenset[str] = frozenset()
    ensures: frozenset[str] = frozenset({"shapes"})

    def run(self, graph: Graph) -> Graph:
        """The graph with all shapes known; CompileError with every projection that cannot be."""
        _raise_all(_end_errors(graph))
        shapes = _infer(graph)
        _raise_all(_unknown_shapes(graph, shapes))
        _raise_all(_too_large(graph, shapes))
        _raise_all(_misfits(graph, shapes))
        populations = tuple(
            p if p.shape == shapes[p.name] else replace(p, shape=shapes[p.name])
            for p in graph.populations
        )
        return replace(graph, populations=populations)


def _raise_all(diagnostics: list[Diagnostic]) -> None:
    if diagnostics:
        raise CompileError(diagnostics)


def _infer(graph: Graph) -> dict[str, Shape]:
    """Shapes by population, () where nothing fixes one; known shapes flow along projections."""
    shapes = {p.name: p.shape for p in graph.populations}
    outgoing: dict[str, list[Projection]] = {name: [] for name in shapes}
    for projection in graph.projections:
        outgoing[projection.pre].append(projection)
    ready = deque(name for name, shape in shapes.items() if shape)
    while ready:
        pre = ready.popleft()
        for projection in outgoing[pre]:
            shape_of = CONNECTIVITIES[projection.connectivity.kind].shape
            if shape_of is None or shapes[projection.post] or projection.is_sliced:
                continue
            shapes[projection.post] = shape_of(projection, shapes[pre])
            ready.append(projection.post)
    return shapes


def _unknown_shapes(graph: Graph, shapes: dict[str, Shape]) -> list[Diagnostic]:
    return [
        Diagnostic(
            "E040",
            f"the shape of `{p.name}` is not given and nothing fixes it",
            p.span,
            help=f"write `{p.name}[neurons]`, or let a conv2d, pool2d or one_to_one projection "
            "end at it",
        )
        for p in graph.populations
        if not shapes[p.name]
    ]


def _too_large(graph: Graph, shapes: dict[str, Shape]) -> list[Diagnostic]:
    """Populations with more neurons than synapses can count; a convolution makes them easily."""
    return [
        Diagnostic(
            "E022",
            f"`{p.name}` would be {list(shapes[p.name])}: a population has at most {MOST_NEURONS} "
            "neurons",
            p.span,
            help="choose fewer channels or less padding in the projection that fixes its shape",
        )
        for p in graph.populations
        if math.prod(shapes[p.name]) > MOST_NEURONS
    ]


def _misfits(graph: Graph, shapes: dict[str, Shape]) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for projection in graph.projections:
        try:
            check_projection(projection, shapes[projection.pre], shapes[projection.post])
        except CompileError as error:
            found += error.diagnostics
    return found


def _end_errors(graph: Graph) -> list[Diagnostic]:
    populations = graph.index()
    found = (_end_error(p, populations[p.post]) for p in graph.projections)
    return [diagnostic for diagnostic in found if diagnostic is not None]


def _end_error(projection: Projection, post: Population) -> Diagnostic | None:
    """What is wrong with where the projection ends: an input, or a port that is not there."""
    declared = () if post.span is None else (Note(post.span, "declared here"),)
    if post.model is None:
        return Diagnostic(
            "E044",
            f"`{post.name}` is an input; no projection can end at it",
            projection.span,
            related=declared,
            help="inputs get their spikes from the data; use a population",
        )
    ports = post.model.ports
    if projection.port in ports:
        return None
    known = ", ".join(f"`{port}`" for port in ports) or "none"
    return Diagnostic(
        "E010",
        f"`{post.name}` has no input port `{projection.port}`",
        projection.span,
        related=declared,
        help=nearest(projection.port, ports) or f"`{post.model.name}` has: {known}",
    )
