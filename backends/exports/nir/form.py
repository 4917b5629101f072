"""A network as a NIR file, with all that the format cannot say of it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ....ir.diagnostics import CompileError
from ....ir.graph import Graph
from ....ir.model import Model
from ....ir.nir.graph import NirGraph
from ....ir.nir.said import Said
from ....ir.trains import counted, most_given
from .agreed import agreed, inputs_of
from .assembled import Way, assembled, ways_of
from .cells import Cell, cell_of
from .file import file_of
from .late import backward
from .losses import losses
from .trouble import Trouble, UnsaidError


class Written(NamedTuple):
    """The graph, what the metadata say, and what neither says."""

    graph: NirGraph
    said: Said
    troubles: tuple[Trouble, ...]


def require_nir(model: Model) -> None:
    """CompileError(E071), listing all that NIR cannot say, where something cannot be left out."""
    troubles = written(model).troubles
    if any(not trouble.lost for trouble in troubles):
        raise CompileError(trouble.diagnostic for trouble in troubles)


def nir_file(model: Model, is_lossy: bool) -> tuple[bytes, Written]:
    """The file. CompileError(E071) listing all that NIR cannot say, unless it may be left out."""
    made = written(model)
    hard = any(not trouble.lost for trouble in made.troubles)
    if hard or (made.troubles and not is_lossy):
        raise CompileError(trouble.diagnostic for trouble in made.troubles)
    return file_of(made.graph, made.said), made


def written(model: Model) -> Written:
    """The graph of a network, as far as there is one."""
    nothing = NirGraph({}, ())
    if model.graph.semantics.integers:
        message = f"`{model.graph.name}` computes with integers, and NIR has floats"
        alone = Trouble(message, None, "take the model that it was made from")
        return Written(nothing, Said(), (alone,))
    troubles = _ends(model.graph)
    cells = _cells(model, troubles)
    troubles += losses(model, cells)
    if any(not trouble.lost for trouble in troubles):
        return Written(nothing, Said(), tuple(troubles))
    kept = _kept(model, cells)
    edges = [(p.pre, p.post, p.delay if p.delays is None else 0) for p in kept.graph.projections]
    inputs = [p.name for p in inputs_of(kept.graph)]
    steps, closing = backward(edges, inputs, [p.name for p in kept.graph.populations])
    said, others = agreed(kept.graph, cells, steps)
    troubles += others
    ways: list[Way] = []
    for k, projection in enumerate(kept.graph.projections):
        late = 0 if k in closing else projection.delay
        ways += ways_of(kept, projection, cells, late, troubles)
    graph, homeless = assembled(kept, cells, ways, said)
    return Written(graph, said, (*troubles, *homeless))


def _ends(graph: Graph) -> list[Trouble]:
    roles = {population.role for population in graph.populations}
    several = [
        Trouble(
            f"`{p.name}` has up to {most_given(p)} spikes of a neuron in a step, and NIR has one",
            p.span,
            "leave `most` out, or share the spikes among several steps",
        )
        for p in counted(graph)
    ]
    return several + [
        Trouble(f"`{graph.name}` has no {role}, and a graph of NIR has one", None, way_out)
        for role, way_out in (
            ("input", "spikes of sources can be given by an `input … encode spikes`"),
            ("output", "declare a population as `output`"),
        )
        if role not in roles
    ]


def _cells(model: Model, troubles: list[Trouble]) -> dict[str, Cell]:
    """The nodes of all populations but inputs and sources; what has none is told."""
    cells: dict[str, Cell] = {}
    for population in model.graph.populations:
        if population.model is None:
            continue
        try:
            cells[population.name] = cell_of(model, population)
        except UnsaidError as error:
            called = f"`{population.name}` ({population.model.name})"
            message = f"{called} is no neuron of NIR: {error}"
            troubles.append(Trouble(message, population.span, error.way_out))
    return cells


def _kept(model: Model, cells: dict[str, Cell]) -> Model:
    """The model without sources, what leads from them, and what counts for nothing."""
    known = {p.name for p in model.graph.populations if p.role == "input"} | cells.keys()
    projections = tuple(
        p
        for p in model.graph.projections
        if p.pre in known and p.post in cells and cells[p.post].ports.get(p.port)
    )
    populations = tuple(p for p in model.graph.populations if p.name in known)
    return replace(
        model, graph=replace(model.graph, populations=populations, projections=projections)
    )
