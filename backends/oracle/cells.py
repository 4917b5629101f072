"""The neurons' constants, from the parameters of a population."""

from __future__ import annotations

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Call, Graph, Population
from .spsp import Cell

PARAMETERS = ("tau_mem", "tau_syn", "v_th", "refractory")


def cells_of(graph: Graph, rule: Call) -> dict[str, Cell]:
    """The constants of every population that is no input. Refuses (E050) other neurons than lif."""
    populations = [p for p in graph.populations if p.model is not None]
    reasons = {p.name: _reason(p) for p in populations}
    if any(reasons.values()):
        raise CompileError(
            Diagnostic(
                "E050",
                f"`{rule.kind}` cannot train `{p.name}`, which has {reasons[p.name]}",
                span=p.span,
                help="use the neuron `lif` with the method euler",
            )
            for p in populations
            if reasons[p.name]
        )
    return {p.name: _cell(p, graph.dt) for p in populations}


def _reason(population: Population) -> str:
    given = dict(population.parameters)
    missing = [name for name in PARAMETERS if name not in given]
    if missing:
        return f"no `{missing[0]}`"
    return "" if population.method == "euler" else f"the method `{population.method}`"


def _cell(population: Population, dt: float) -> Cell:
    return Cell(
        tau_mem=population.parameter("tau_mem") / dt,
        tau_syn=population.parameter("tau_syn") / dt,
        refractory=round(population.parameter("refractory") / dt),
        v_th=population.parameter("v_th"),
    )
