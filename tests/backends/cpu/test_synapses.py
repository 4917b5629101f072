"""The steps of synapses as text."""

from __future__ import annotations

import ast

from synapse_cases import network

from snncc.backends.compiled.stateful import distinct_synapses
from snncc.backends.cpu.codegen import graph_source
from snncc.backends.cpu.synapses import synapse_bodies


def test_no_name_of_a_user_reaches_the_text() -> None:
    steps = distinct_synapses(network().graph)
    text = graph_source((), synapses=steps)
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert not names & {"u", "x", "a", "b", "tau", "U", "rate", "gain", "weight", "exact"}
    assert text.count("elif model ==") == 3 * len(steps) - 1


def test_a_model_without_an_answer_does_nothing() -> None:
    arriving, answering, looking = synapse_bodies(distinct_synapses(network().graph)[0])
    assert answering.strip() == "pass"
    assert "since[n] = first" in arriving
    assert "since[n] = first" not in looking
