"""Values of neurons of their own: their distributions, their keys, and what follows them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.ir.drawn import drawn_values
from snncc.ir.graph import Call, Graph
from snncc.ir.model import draw_model
from snncc.ir.text import parse_graph, print_graph

NET = """
neuron cell {{
  param r: 1 = uniform(0, 1)
  param c: mV = -65 mV + 15 mV * r ^ 2
  param d: mV = 8 mV - 6 mV * r ^ 2
  param tau: ms = 10 ms
  state v: mV = normal(-60 mV, 2 mV)
  state u: mV = c / 5
  on input {{ v = v + i }}
  dv/dt = -v / tau
  spike when v > 0 mV
  on spike {{ v = c  u = u + d }}
}}
network n {{
  input x[2] encode spikes(duration = 5 ms)
  population h[{h}] : cell{h_with}
  output y[2000] : cell{y_with}
  x -> h : dense
  x -> y : dense
}}
"""


def graph(h: int = 5, h_with: str = "", y_with: str = "") -> Graph:
    return compiled_text(NET.format(h=h, h_with=h_with, y_with=y_with)).graph


def values(made: Graph, name: str = "y", seed: int = 3) -> dict[str, np.ndarray]:
    return drawn_values(made.population(name), made, seed)


def test_parameters_follow_the_one_that_is_drawn() -> None:
    found = values(graph())
    assert found.keys() == {"r", "c", "d", "v"}
    assert all(v.shape == (2000,) and v.dtype == np.float32 for v in found.values())
    r = found["r"].astype(np.float64)
    assert 0.0 <= r.min() < 0.01 < 0.99 < r.max() < 1.0
    np.testing.assert_array_equal(found["c"], (-65 + 15 * r**2).astype(np.float32))
    np.testing.assert_array_equal(found["d"], (8 - 6 * r**2).astype(np.float32))
    assert abs(found["v"].mean() + 60) < 0.2
    assert abs(found["v"].std() - 2) < 0.1


def test_they_are_keyed_by_seed_population_and_name() -> None:
    first = values(graph())
    again = values(graph(h=7, h_with="(tau = 20 ms)"))
    for name, each in first.items():
        np.testing.assert_array_equal(each, again[name])
    assert not np.array_equal(first["r"], values(graph(), seed=4)["r"])
    assert not np.array_equal(first["r"][:5], values(graph(), "h")["r"])
    longer = values(graph(h=9), "h")["r"][:5]
    np.testing.assert_array_equal(values(graph(), "h")["r"], longer)


def test_a_uniform_and_a_cut_normal_have_their_distributions() -> None:
    made = graph(y_with="(tau = normal(10 ms, 4 ms, low = 8 ms, high = 16 ms))")
    tau = values(made)["tau"].astype(np.float64)
    assert 8.0 <= tau.min() < 8.05 < 15.5 < tau.max() <= 16.0
    grid = np.linspace(8, 16, 100_001)
    density = np.exp(-((grid - 10) ** 2) / 32)
    assert abs(tau.mean() - (grid * density).sum() / density.sum()) < 0.15
    assert abs(values(graph())["r"].var() - 1 / 12) < 0.005


def test_a_function_of_the_index_and_one_of_constants() -> None:
    found = values(graph(y_with="(tau = 10 ms + 0.5 ms * (i % 4), r = 0.5)"))
    assert found.keys() == {"tau", "v"}  # what follows r is one value for all
    assert found["tau"][:5].tolist() == [10.0, 10.5, 11.0, 11.5, 10.0]
    population = graph(y_with="(r = 0.5)").population("y")
    assert dict(population.parameters) == {"r": 0.5, "c": -61.25, "d": 6.5, "tau": 10.0}


def test_a_first_value_that_is_given() -> None:
    found = values(graph(y_with="(v = -3 mV, u = uniform(1 mV, 2 mV))"))
    assert found["v"].tolist() == -3.0
    assert 1.0 <= found["u"].min() <= found["u"].max() <= 2.0
    model = draw_model(graph(y_with="(v = -3 mV)"), 3)
    assert model.values["y/v"].array.shape == ()


def test_the_text_says_it() -> None:
    made = graph(y_with="(tau = normal(10 ms, 4 ms, low = 8 ms), v = -3 mV)")
    text = print_graph(made)
    assert "draws (r=uniform(low=0.0, high=1.0), c=expression(value={" in text
    assert "tau=normal(mean=10.0, sd=4.0, low=8.0), v=constant(value=-3.0)" in text
    assert parse_graph(text) == made


def test_values_that_learn_have_their_start_and_range() -> None:
    asked = "(tau = uniform(5 ms, 20 ms) trainable(low = {} ms))"
    model = draw_model(graph(y_with=asked.format(4)), 3)
    np.testing.assert_array_equal(
        model.values["y/tau"].array, values(graph(y_with=asked.format(4)))["tau"]
    )
    problem = refused("E051", draw_model, graph(y_with=asked.format(12)), 3)
    assert "`tau` of `y` cannot have such values: it learns and is to stay" in problem.message


@pytest.mark.parametrize(
    ("call", "code", "reason"),
    [
        (Call("normal", (("mean", 0.0), ("sd", 1.0), ("low", 50.0))), "E022", "hardly any"),
        (Call("uniform", (("low", 2.0), ("high", 1.0))), "E022", "is empty"),
        (Call("constant", (("value", 1e39),)), "E022", "that of neuron 0 is no finite number"),
        (Call("given", (("tensor", "t"),)), "E040", "there are 3 values for 2000 neurons"),
    ],
)
def test_values_that_cannot_be(call, code, reason) -> None:
    made = graph()
    populations = tuple(
        replace(p, drawn=(("tau", call),)) if p.name == "y" else p for p in made.populations
    )
    made = replace(made, populations=populations, tensors={"t": np.ones(3, np.float32)})
    assert reason in refused(code, draw_model, made, 3).message
