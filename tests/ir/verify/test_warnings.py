"""Networks that run, but hardly as they were meant."""

from __future__ import annotations

import pytest
from compiled_texts import compiled_text

from snncc.ir.graph import Call, Graph, Population
from snncc.ir.verify.warnings import graph_warnings


def graph(kind: str, dt: float, **arguments: float) -> Graph:
    encoding = Call(kind, (("duration", 10.0), *arguments.items()))
    inputs = Population("x", (4,), "input", encoding=encoding)
    return Graph("n", dt, (inputs, Population("y", (3,), "output")), ())


def test_a_rate_beyond_one_spike_a_step() -> None:
    (warning,) = graph_warnings(graph("poisson", 0.5, rate=5000.0))
    assert warning.code == "W040"
    assert "for 2.5 spikes a step" in warning.message
    assert "all values above 0.4 fire" in warning.message
    assert "at most 2000 Hz" in warning.help
    (warning,) = graph_warnings(graph("poisson", 0.15, rate=9000.0))
    rate = float(warning.help.split()[5])
    assert [w.code for w in graph_warnings(graph("poisson", 0.15, rate=rate))] == ["W046"]


def test_a_rate_at_which_spikes_are_more_regular_than_those_of_poisson() -> None:
    (warning,) = graph_warnings(graph("poisson", 0.1, rate=8000.0))
    assert warning.code == "W046"
    assert "in 80% of all steps" in warning.message
    assert "varies 20% as much" in warning.message
    assert "`source`" in warning.help
    assert graph_warnings(graph("poisson", 0.1, rate=5000.0)) == ()
    assert graph_warnings(graph("bernoulli", 0.1)) == ()


NETWORK = """
network n(tau: ms = 20 ms, lag: ms = 1 ms) {
  input x[2] encode bernoulli(duration = 10 ms)
  output y[2] : lif(tau_mem = tau) method exact
  x -> y : dense  delay lag
}
"""


def test_a_delay_as_long_as_the_input() -> None:
    assert graph_warnings(compiled_text(NETWORK, lag="9 ms").graph) == ()
    (warning,) = graph_warnings(compiled_text(NETWORK, lag="10 ms").graph)
    assert warning.code == "W042"
    assert warning.message == (
        "`x->y` delivers nothing: its delay is 10 ms, and the input lasts 10 ms"
    )


CHAIN = """
network n(lag: ms = 5 ms) {
  input x[2] encode bernoulli(duration = 10 ms)
  population h[2] : lif
  population g[2] : lif
  output y[2] : lif
  x -> h : dense  delay 5 ms
  h -> h : dense  delay 1 ms
  h -> g : dense  delay lag
  g -> y : dense  delay 3 ms
  MORE
}
"""


def test_delays_that_are_together_as_long_as_the_input() -> None:
    assert graph_warnings(compiled_text(CHAIN.replace("MORE", ""), lag="1 ms").graph) == ()
    (warning,) = graph_warnings(compiled_text(CHAIN.replace("MORE", "")).graph)
    assert warning.message == (
        "`h->g` delivers nothing of the input: the shortest way takes 10 ms, and the input lasts "
        "10 ms"
    )
    (warning,) = graph_warnings(compiled_text(CHAIN.replace("MORE", ""), lag="2 ms").graph)
    assert "`g->y` delivers nothing of the input: the shortest way takes 10 ms" in warning.message
    shorter = CHAIN.replace("MORE", "x -> h : one_to_one  delay 4 ms")
    assert graph_warnings(compiled_text(shorter, lag="2 ms").graph) == ()


def test_a_state_that_grows() -> None:
    (warning,) = graph_warnings(compiled_text(NETWORK, tau="-1 ms").graph)
    assert warning.code == "W043"
    assert warning.message == "`v` of `y` grows of itself, by a factor of 2.718 in a step"
    assert "`tau_mem = -1`" in warning.help


RESONATOR = """
neuron pair {{
  state v: mV = 0 mV
  state w: mV = 0 mV
  input i: mV
  on input {{ v = v + i }}
  dv/dt = {v}
  dw/dt = {w}
  spike when v > 5 mV
}}
network n {{
  input x[4] encode poisson(duration = 9 ms)
  output y[3] : pair {method}
  x -> y : dense
}}
"""


@pytest.mark.parametrize(
    ("v", "w", "method", "factor"),
    [
        ("-w / (0.2 ms)", "(v - w) / (5 ms)", "", "1.265"),  # by [[1, -4], [0.2, 0.8]]
        ("-w / (0.2 ms)", "(v - w) / (5 ms)", "method exact", ""),
        ("-w / (1 ms)", "v / (1 ms)", "", "1.414"),
        ("-w / (10 ms)", "(v - w) / (10 ms)", "", ""),
        ("w / (10 ms)", "v / (10 ms)", "", ""),
        ("-w * w / (0.2 mV * 1 ms)", "(v - w) / (5 ms)", "", ""),
        ("-w / (0.2 ms)", "-w / (5 ms)", "", ""),
    ],
)
def test_states_that_grow_together(v: str, w: str, method: str, factor: str) -> None:
    found = graph_warnings(compiled_text(RESONATOR.format(v=v, w=w, method=method)).graph)
    assert [d.code for d in found] == (["W043"] if factor else [])
    assert all(f"grow by a factor of {factor} in a step of 1 ms" in d.message for d in found)
    assert all("`v` and `w` of `y`" in d.message and "exact" in d.help for d in found)


@pytest.mark.parametrize(
    ("weights", "most"),
    [
        ("dense(weight = -3e38)", "3e+38"),
        ("dense(init = uniform(0, 2e38))", "2e+38"),
        ("list(synapses = [[0, 1, 1], [1, 0, -1e38]])", "1e+38"),
        ("dense(weight = 1e30)", "1e+30"),
        ("dense(weight = 1e29)", ""),
        ("dense(weight = 1 + i)", ""),
        ("dense(weight = 10 ^ (i + 31))", "1e+32"),
        ("dense(init = expression(-1e31 * (i + j)))", "2e+31"),
        ("expression(where = i < 1, weight = 10 ^ (29 + 2 * i))", ""),
        ("expression(where = i > 0, weight = 10 ^ (29 + 2 * i))", "1e+31"),
        ("dense(weight = 10 ^ (i + 31) / 0)", ""),
    ],
)
def test_weights_that_leave_no_room(weights: str, most: str) -> None:
    found = graph_warnings(compiled_text(NETWORK.replace("dense", weights)).graph)
    assert [w.code for w in found] == ["W044"] * bool(most)
    assert all(f"weights of `x->y` go to {most}, and float32 ends" in w.message for w in found)


@pytest.mark.parametrize("net", [graph("poisson", 0.1, rate=10_000.0), graph("bernoulli", 7.0)])
def test_one_spike_a_step_is_possible(net: Graph) -> None:
    assert "W040" not in {warning.code for warning in graph_warnings(net)}


RECURRENT = """
network n {{
  input x[4] encode poisson(duration = 10 ms)
  output y[50] : lif
  x -> y : sparse(p = 0.9)
  y -> y : {}  delay 1 ms
}}
"""


@pytest.mark.parametrize(
    ("wiring", "expected"),
    [
        ("sparse(p = 0.1)", "5"),
        ("sparse(p = 0.01)", ""),
        ("sparse(p = 0.1, self = true)", ""),
        ("sparse(p = 0.1, self = false)", ""),
        ("fixed_fan_in(k = 3)", "3"),
        ("fixed_fan_out(k = 3)", "3"),
        ("fixed_total(n = 200, multapses = true)", "4"),
        ("dense", ""),
        ("liquid(grid = [50])", ""),
    ],
)
def test_neurons_that_chance_joins_to_themselves(wiring: str, expected: str) -> None:
    found = graph_warnings(compiled_text(RECURRENT.format(wiring)).graph)
    assert [w.code for w in found] == ["W045"] * bool(expected)
    assert all(f"about {expected} join a neuron to itself" in w.message for w in found)
    assert all("self = false" in w.help for w in found)
