"""`source` statements: what becomes of them, and what files say."""

from __future__ import annotations

import numpy as np
import pytest
from refusal import refused

from snncc.frontend.program import load_program
from snncc.ir.sources import SOURCE
from snncc.ir.text import parse_graph, print_graph

TEXT = """
network n(k: int = 3) {{
  dt = 0.5 ms
  source {0}
  population e[2] : lif
}}
"""


def lowered(tmp_path, statement):
    path = tmp_path / "n.snn"
    path.write_text(TEXT.format(statement))
    return load_program(path, {}, None).graph


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("s[k] : poisson(rate = 8 kHz)", {"rate": 8000.0}),
        ("s[k] : poisson(2 Hz, stop = 1 s)", {"rate": 2.0, "stop": 1000.0}),
        ("s[k] : regular(period = 2 ms)", {"period": 2.0, "offset": 0.0}),
        ("s[k] : times([5 ms, 1 s])", {"times": (5.0, 1000.0)}),
        ("s[k] : times(7 ms)", {"times": (7.0,)}),
    ],
)
def test_what_is_said_stands_in_the_graph_and_its_text(tmp_path, statement, said):
    graph = lowered(tmp_path, statement)
    (source, _) = graph.populations
    assert (source.name, source.shape, source.role) == ("s", (3,), SOURCE)
    assert source.source is not None
    assert dict(source.source.arguments) == said
    assert parse_graph(print_graph(graph)) == graph


def test_an_array_of_sources(tmp_path):
    graph = lowered(tmp_path, "s[a in 0..2][k + a] : regular(period = (a + 1) * 1 ms)")
    found = [(p.name, p.neurons, dict(p.source.arguments)) for p in graph.populations if p.source]
    assert found == [
        ("s[0]", 3, {"period": 1.0, "offset": 0.0}),
        ("s[1]", 4, {"period": 2.0, "offset": 0.0}),
    ]


@pytest.mark.parametrize("form", ["npy", "npz", "csv"])
def test_spikes_of_a_file(tmp_path, form):
    rows = np.array([[2.0, 1], [0, 2], [2, 1]])
    path = tmp_path / f"t.{form}"
    if form == "npy":
        np.save(path, rows)
    elif form == "npz":
        np.savez(path, rows=rows)
    else:
        path.write_text("step,neuron\n2,1\n0,2\n2,1\n")
    graph = lowered(tmp_path, f's[k] : times(file("t.{form}"))')
    assert graph.populations[0].source.kind == "given"
    assert graph.tensors["s"].tolist() == rows.tolist()
    graph = lowered(tmp_path, f's[k] : times(file("t.{form}", unit = 1 ms))')
    assert graph.tensors["s"].tolist() == [[4, 1], [0, 2], [4, 1]]


@pytest.mark.parametrize(
    ("code", "rows"),
    [
        ("E040", [[1, 2, 3]]),
        ("E045", [[1.5, 0]]),
        ("E045", [[1, 0.5]]),
        ("E022", [[-1, 0]]),
        ("E022", [[2**24, 0]]),
    ],
)
def test_files_that_are_none(tmp_path, code, rows):
    np.save(tmp_path / "t.npy", np.array(rows, float))
    refused(code, lowered, tmp_path, 's[k] : times(file("t.npy"))')
