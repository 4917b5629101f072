"""Models of synapses: what they hold, and their text."""

from __future__ import annotations

import pytest
from synapse_cases import network

from snncc.ir.text import parse_graph, print_graph


def test_what_synapses_hold() -> None:
    found = [p.synapse.model for p in network().graph.projections if p.synapse is not None]
    models = {model.name: model for model in found}
    assert {name: model.held for name, model in models.items()} == {
        "stp": ("u", "x"),
        "stdp": ("a", "b", "weight"),
        "turning": ("p", "q", "weight"),
        "counting": ("n",),
        "scaled": (),
    }
    assert not models["stp"].on_post
    assert models["counting"].unit == "mV"


def test_the_text_is_read_back() -> None:
    graph = network().graph
    text = print_graph(graph)
    again = parse_graph(text, graph.tensors)
    assert again == graph
    assert print_graph(again) == text
    assert text.count("synapse ") == 5
    assert "via stp (U=0.7, tau=30.0)" in text


@pytest.mark.parametrize("name", ["stp", "turning"])
def test_models_that_differ_are_not_equal(name: str) -> None:
    graph = network().graph
    text = print_graph(graph)
    at = text.index(f"synapse {name} {{")
    other = text[:at] + text[at:].replace('"1"', '"2"', 1)
    assert parse_graph(other, graph.tensors) != graph
