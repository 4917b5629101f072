"""By how much populations run late on an emulator."""

from __future__ import annotations

import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.backends.exports.chips.lags import delay_of, lags_of
from snncc.ir.graph import Graph

NET = """
network n {{
  dt = 1 ms
  input x[2] encode spikes(duration = 5 ms)
  population a[2] : lif
  population b[2] : lif
  output y[2] : lif
  x -> a : dense delay {xa} ms
  a -> b : dense delay {ab} ms
  b -> a : dense delay {ba} ms
  b -> y : dense delay {by} ms
  a -> y : dense delay {ay} ms
}}
"""


def graph(xa: int, ab: int, ba: int, by: int, ay: int) -> Graph:
    return compiled_text(NET.format(xa=xa, ab=ab, ba=ba, by=by, ay=ay)).graph


@pytest.mark.parametrize(
    ("delays", "flavour", "lags"),
    [
        ((1, 1, 1, 1, 1), "lava", (0, 0, 0)),
        ((0, 1, 1, 0, 0), "lava", (1, 1, 2)),  # inputs take a step, too
        ((0, 1, 1, 0, 0), "brian2", (0, 0, 1)),
        ((0, 0, 2, 0, 1), "brian2", (0, 1, 2)),
        ((3, 0, 2, 0, 9), "lava", (0, 1, 2)),
        ((0, 0, 2, 1, 0), "nengo", (1, 2, 2)),
        ((1, 2, 0, 0, 1), "nengo", (1, 0, 1)),
    ],
)
def test_the_least_lags(delays, flavour, lags) -> None:
    found = lags_of(graph(*delays), flavour, frozenset())
    assert tuple(found[name] for name in "aby") == lags
    assert found["x"] == 0


def test_every_spike_takes_the_steps_of_the_network() -> None:
    net = graph(0, 0, 2, 0, 4)
    lags = lags_of(net, "lava", frozenset())
    taken = {p.name: delay_of(p, lags) for p in net.projections}
    assert taken == {"x->a": 1, "a->b": 1, "b->a": 1, "b->y": 1, "a->y": 6}


@pytest.mark.parametrize(
    ("delays", "flavour", "said", "way_out"),
    [
        ((1, 0, 1, 1, 1), "lava", "whose spikes take 1 to 63", "--extra-delay 1"),
        ((1, 1, 2, 1, 1), "nengo", "whose spikes take 1,", "--flavour lava or brian2"),
        ((1, 1, 1, 1, 2), "nengo", "whose spikes take 1,", "--flavour lava or brian2"),
    ],
)
def test_no_lags(delays, flavour, said, way_out) -> None:
    diagnostic = refused("E071", lags_of, graph(*delays), flavour, frozenset())
    assert said in diagnostic.message
    assert way_out in diagnostic.help
    assert diagnostic.span is not None


def test_what_moves_by_itself_is_never_late() -> None:
    net = graph(0, 1, 1, 1, 1)
    diagnostic = refused("E071", lags_of, net, "lava", frozenset({"a"}))
    assert "`x->a` takes 0 steps" in diagnostic.message
    assert "move by themselves" in diagnostic.message
    assert lags_of(net, "brian2", frozenset({"a"}))["a"] == 0
