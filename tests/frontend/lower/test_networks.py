"""Text in, text out: tests/cases/lower/*.snn, with its populations and projections below it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.frontend.program import compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Call
from snncc.ir.schemes import SCHEMES
from snncc.ir.text import print_graph
from snncc.ir.wiring import initial_weights, wire

FILES = sorted((Path(__file__).parents[2] / "cases" / "lower").glob("*.snn"))
MARK = "#> "  # refresh with --update-golden, and read the diff
NET = "network n {{ input x[4] encode bernoulli(duration = 4 ms) population h[4] : lif {body} }}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_network_means_what_stands_below_it(path: Path, request: pytest.FixtureRequest) -> None:
    program, _, below = path.read_text().partition("\n" + MARK)
    graph = compile_text(Source(path.name, program)).graph
    printed = print_graph(graph).splitlines()
    found = [MARK + line for line in printed if line.startswith(("population ", "projection "))]
    if request.config.getoption("--update-golden"):
        path.write_text("\n".join([program.rstrip(), "", *found, ""]))
        return
    assert found == (MARK + below).splitlines()
    assert all(part.span is not None for part in (*graph.populations, *graph.projections))


def test_every_method_of_the_ir_has_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCHEMES, "midpoint", SCHEMES["euler"])
    text = NET.format(body="population a[1] : lif method midpoint")
    assert compile_text(Source("t.snn", text)).graph.population("a").method == "midpoint"


def test_a_list_keeps_its_order_and_its_weights() -> None:
    body = "x -> h : list(synapses = [[3, 1, 0.5], [0, 2, -1], [0, 0, 0.5]]) as l"
    graph = compile_text(Source("t.snn", NET.format(body=body))).graph
    (listed,) = graph.projections
    assert listed.init == Call("given", (("tensor", "l"),))
    assert graph.tensors["l"].dtype == np.float32
    assert graph.tensors["l"].tolist() == [0.5, -1.0, 0.5]
    wiring = wire(listed, (4,), (4,), 0)
    assert wiring.pre is not None
    assert wiring.pre.tolist() == [0, 0, 3]
    assert initial_weights(listed, wiring, 0, graph.tensors).tolist() == [0.5, -1.0, 0.5]


def test_shapes_that_follow() -> None:
    text = NET.format(body="population k : lif x -> k : one_to_one")
    assert compiled_text(text).graph.population("k").shape == (4,)
