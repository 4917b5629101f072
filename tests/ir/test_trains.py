"""How many spikes of a neuron an input may have in a step, and who says it."""

from __future__ import annotations

from compiled_texts import compiled_text

from snncc.ir.graph import Semantics
from snncc.ir.text import parse_graph, print_graph
from snncc.ir.trains import counted, has_counts, most_fired, most_given, takes_trains

TEXT = """
network n {
  dt = 1 ms
  input a[2] encode spikes(duration = 9 ms, most = 15)
  input b[2] encode spikes(duration = 9 ms, most = 1)
  input c[2] encode bernoulli(duration = 9 ms)
  output y[2] : lif
  a -> y : dense
  b -> y : dense
  c -> y : dense
}
"""


def test_how_many_spikes_a_step_may_have() -> None:
    graph = compiled_text(TEXT).graph
    assert {p.name: most_given(p) for p in graph.populations} == {"a": 15, "b": 1, "c": 1, "y": 1}
    assert [takes_trains(p) for p in graph.populations] == [True, True, False, False]
    assert [p.name for p in counted(graph)] == ["a"]
    often = [most_fired(p, Semantics("step", 31)) for p in graph.populations]
    assert often == [15, 1, 1, 31]
    assert has_counts(graph)
    assert not has_counts(compiled_text(TEXT.replace("most = 15", "most = 1")).graph)


def test_one_is_what_nothing_says() -> None:
    text = print_graph(compiled_text(TEXT).graph)
    assert "spikes(duration=9.0, most=15)" in text
    assert "spikes(duration=9.0)" in text
    assert print_graph(parse_graph(text)) == text
    plain = TEXT.replace(", most = 1)", ")")
    assert print_graph(compiled_text(plain).graph) == text


def test_a_source_may_fire_as_often_as_is_counted() -> None:
    text = TEXT.replace("most = 15", "most = 1").replace("  a -> y", "  s -> y : dense\n  a -> y")
    text = text.replace("  output", "  source s[2] : poisson(rate = 9 Hz)\n  output")
    graph = compiled_text(text).graph
    assert most_fired(graph.population("s"), graph.semantics) == 255
    assert has_counts(graph)
    assert counted(graph) == ()
