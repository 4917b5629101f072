"""Damaged texts of synapses are refused, and say where."""

from __future__ import annotations

import pytest
from synapse_cases import network

from snncc.ir.diagnostics import CompileError
from snncc.ir.text import parse_graph, print_graph


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pre emit = gain * weight", "pre emit = gain * other"),
        ("pre emit = gain * weight", "pre weight = gain"),
        ("pre emit = gain * weight", "pre emit = gain * weight\n  pre emit = gain"),
        ("pre emit = gain * weight", "pre gain = weight"),
        ("post n = ", "post emit = "),
        ("post n = ", "derivative n = true"),
        ("state n ", "state n:i32 "),
        ("derivative u = neg(u) / 9.0", "derivative u = u * u"),
        ("via scaled (gain=1.5)", "via scaled ()"),
        ("via scaled (gain=1.5)", "via nothing (gain=1.5)"),
        ("via scaled (gain=1.5)", "via stp (U=0.7, tau=0.0)"),
        ("synapse scaled {", "synapse stp {"),
    ],
)
def test_damaged_texts(old: str, new: str) -> None:
    graph = network().graph
    text = print_graph(graph)
    assert old in text
    with pytest.raises(CompileError) as caught:
        parse_graph(text.replace(old, new, 1), graph.tensors)
    assert caught.value.diagnostics[0].code == "E060"
