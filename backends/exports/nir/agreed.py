"""What holds of a whole graph: the discretization, the reset, the comparison, the gain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ....ir.graph import Graph, Population
from ....ir.nir.said import MARKS, Gain, Method, Said, Signals
from .cells import SECOND, Cell
from .trouble import Trouble

Cells = Mapping[str, Cell]


def agreed(graph: Graph, cells: Cells, late: int) -> tuple[Said, list[Trouble]]:
    """What the metadata say of all neurons, and what some do otherwise."""
    found: list[Trouble] = []
    method = _method(graph, cells, found)
    reset, compared = (_most(cells, mark) for mark in MARKS)
    numbers = {p.encoding.kind in ("current", "codes") for p in inputs_of(graph) if p.encoding}
    if len(numbers) > 1:
        message = f"some inputs of `{graph.name}` send spikes and others numbers"
        found.append(Trouble(message, None, "let all send spikes, or all numbers"))
    signals = Signals.NUMBERS if numbers == {True} else Signals.SPIKES
    said = Said(
        graph.name, graph.dt / SECOND, reset, method, compared, gain_of(cells), late, signals
    )
    return said, found


def inputs_of(graph: Graph) -> tuple[Population, ...]:
    """The populations whose spikes come from outside."""
    return tuple(p for p in graph.populations if p.role == "input")


def _method(graph: Graph, cells: Cells, found: list[Trouble]) -> Method:
    counts = Counter(method for cell in cells.values() for method in cell.methods)
    method = max(Method, key=lambda m: counts[m])  # the first of those that most have
    for population in graph.populations:
        if population.name in cells and method not in cells[population.name].methods:
            message = f"a step of `{population.name}` is no step by `{method}`, as others are"
            way_out = "a file has one discretization: let all neurons have one `method`"
            found.append(Trouble(message, population.span, way_out))
    return method


def _most(cells: Cells, mark: str) -> str | None:
    """What most neurons do; the first of those that as many do."""
    counts = Counter(own[mark] for cell in cells.values() if mark in (own := marks_of(cell)))
    return counts.most_common(1)[0][0] if counts else None


def marks_of(cell: Cell) -> dict[str, str]:
    """How a neuron is reset, and how its threshold is compared."""
    firing = cell.firing
    own = {} if firing is None else {"reset": firing.reset, "comparison": firing.comparison}
    return {mark: str(value) for mark, value in own.items() if value is not None}


def gain_of(cells: Cells) -> Gain | None:
    """What the r of nodes without a leak is per; None where there is no such node."""
    own = [cell for cell in cells.values() if cell.per_step is not None]
    if not own:
        return None
    return Gain.TIME if any(cell.is_rate for cell in own) else Gain.STEP
