"""The neurons' constants, read off each population's step."""

from __future__ import annotations

from .....ir.graph import Graph
from ..response import SpikeResponse, spike_response
from .spsp import Cell


def cells_of(graph: Graph) -> dict[str, Cell]:
    """The constants of every population that is no input; else E050, as `spike_response`."""
    populations = [p for p in graph.populations if p.model is not None]
    return {p.name: _cell(spike_response(p)) for p in populations}


def _cell(response: SpikeResponse) -> Cell:
    return Cell(
        tau_mem=response.tau_mem,
        tau_syn=response.tau_syn,
        refractory=response.refractory,
        v_th=response.threshold,
    )
