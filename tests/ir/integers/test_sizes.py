"""How large expressions can be."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.ir.integers.sizes import size_of, wants_ranges
from snncc.ir.integers.terms import known_of
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.text import parse_expr

NET = """
network n {
  input x[1] encode spikes(duration = 5 ms)
  output y[1] : CELL
  x -> y : dense
}
"""


def of(cell: str):
    model = run_model_passes(draw_model(compiled_text(NET.replace("CELL", cell)).graph, 0))
    population = model.graph.population("y")
    return population.step, known_of(model, population, population.step)


@pytest.mark.parametrize(
    ("cell", "has"), [("lif", False), ("li_mean", False), ("izhikevich", True)]
)
def test_which_neurons_multiply(cell, has) -> None:
    assert wants_ranges(*of(cell)) is has


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("v - 2.0 * u", 3.0 + 8.0),
        ("v * u", 12.0),
        ("max(neg(v), abs(u))", 4.0),
        ("select(v > u, v, 7.0)", 7.0),
        ("tanh(v) * u", 4.0),
        ("log(v)", None),
        ("v * i", None),
    ],
)
def test_the_largest_size_of_an_expression(text, size) -> None:
    _, known = of("izhikevich")
    sizes = {"v": np.asarray(3.0), "u": np.asarray(4.0)}
    assert size_of(parse_expr(text), known, sizes) == size
