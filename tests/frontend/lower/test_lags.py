from __future__ import annotations

import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.frontend.lower.lags import steps
from snncc.ir.graph import Projection
from snncc.ir.model import draw_model
from snncc.ir.wiring import Listed


@pytest.mark.parametrize(
    ("delay", "dt", "count"), [(0.3, 0.1, 3), (0.7, 0.1, 7), (1e4, 0.1, 100_000), (0.0, 1.0, 0)]
)
def test_delays_are_counted_without_rounding_down(delay: float, dt: float, count: int) -> None:
    assert steps(delay, dt, None) == count


def test_a_delay_is_no_longer_than_engines_can_count() -> None:
    assert steps(1e6, 0.1, None) == 10_000_000
    refused("E005", steps, 1e20, 1.0, None)
    refused("E005", steps, 3e38, 1e-300, None)


NET = """
network n {{
  dt = 0.5 ms
  delay = 1 ms
  input x[4] encode bernoulli(duration = 4 ms)
  output y[3] : lif
  x -> y : {}
}}
"""


def projection(written: str) -> Projection:
    (made,) = compiled_text(NET.format(written)).graph.projections
    return made


@pytest.mark.parametrize(
    ("said", "least"),
    [
        ("uniform(2 ms, 3 ms)", 4),
        ("uniform(0 ms, 3 ms)", 1),
        ("uniform(1 ms, 3 ms, min = 2 ms)", 4),
        ("normal(5 ms, 1 ms)", 1),
        ("normal(5 ms, 0 ms)", 10),
        ("normal(5 ms, 1 ms, 1.5 ms)", 3),
    ],
)
def test_the_least_delay_is_told(said: str, least: int) -> None:
    made = projection(f"dense delay {said}")
    assert made.delay == least
    assert made.delays is not None


def test_a_list_may_have_delays() -> None:
    """They belong to their synapses, in whatever order these stand."""
    text = "list(synapses = [[3, 1, 0.5, 2 ms], [0, 2, -1, 0.001 s], [0, 0, 1, 1.5 ms]])"
    graph = compiled_text(NET.format(text)).graph
    assert graph.tensors["x->y@delays"].tolist() == [4, 2, 3]
    assert graph.projections[0].delay == 2
    wiring = draw_model(graph, 0).wirings["x->y"]
    assert isinstance(wiring, Listed)
    assert wiring.delay is not None
    ends = (wiring.pre.tolist(), wiring.post.tolist(), wiring.delay.tolist())
    assert ends == ([0, 0, 3], [0, 2, 1], [3, 2, 4])


@pytest.mark.parametrize(
    ("written", "code", "message"),
    [
        ("list(synapses = [[0, 1, 1, 1 ms], [0, 2, 1]])", "E042", "some synapses"),
        ("list(synapses = [[0, 1, 1, 1]])", "E021", "plain number"),
        ("list(synapses = [[0, 1, 1, 0 ms]])", "E042", "synapse 0 of the list has a delay of 0 ms"),
        ("list(synapses = [[0, 1, 1, 1 ms], [1, 1, 1, 0.7 ms]])", "E043", "synapse 1 of the list"),
        ("list(synapses = [[0, 1, 1, 1 ms]]) delay 2 ms", "E014", "both say the delays"),
        ("list(synapses = [[0, 1, 1, 1 ms, 2]])", "E042", "or `[pre, post, weight, delay]`"),
        ("dense delay gaussian(2 ms)", "E010", "gaussian"),
    ],
)
def test_delays_that_cannot_be(written: str, code: str, message: str) -> None:
    assert message in refused(code, projection, written).message


def test_a_distribution_may_be_what_a_network_says_of_its_delays() -> None:
    """What a projection or a module says itself, counts there alone."""
    text = """
    module held() {
      population e[3] : lif
      delay = 2 ms
      e -> e : dense
    }
    module handed() {
      population e[3] : lif
      e -> e : dense
    }
    network n() {
      delay = normal(3 ms, 0.5 ms, min = 1 ms)
      dt = 0.5 ms
      population p[3] : lif
      instance a : held()
      instance b : handed()
      p -> p : dense
      p -> p : dense delay 1 ms
    }
    """
    made = {p.name: p for p in compiled_text(text).graph.projections}
    assert made["p->p"].delays is not None
    assert made["p->p"].delay == 2
    assert made["b.e->b.e"].delays == made["p->p"].delays
    assert (made["a.e->a.e"].delays, made["a.e->a.e"].delay) == (None, 4)
    assert (made["p->p#2"].delays, made["p->p#2"].delay) == (None, 2)
