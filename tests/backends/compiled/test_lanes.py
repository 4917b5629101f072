"""A lane for each delay: what becomes of a projection whose synapses differ."""

from __future__ import annotations

import numpy as np
from compiled_texts import compiled_text

from snncc.backends.compiled.lanes import brings_late, in_lanes
from snncc.ir.model import draw_model, verify_model
from snncc.ir.verify import verify
from snncc.ir.wiring import delays_of

NET = """
network n {
  dt = 1 ms
  input x[9] encode poisson(duration = 20 ms)
  output y[8] : lif
  x -> y : dense  delay uniform(1 ms, 4 ms)
  x -> y : dense  delay 2 ms
  y -> y : fixed_fan_in(k = 9, multapses = true)  delay normal(2 ms, 1 ms)
}
"""


def test_lanes_have_all_synapses_each_with_its_weight_and_delay() -> None:
    model = draw_model(compiled_text(NET).graph, 5)
    made = in_lanes(model)
    verify(made.graph)
    verify_model(made)
    assert [p.delays for p in made.graph.projections] == [None] * len(made.graph.projections)
    for projection in model.graph.projections:
        own = [p for p in made.graph.projections if p.name.partition("@")[0] == projection.name]
        delays = [p.delay for p in own]
        assert delays == sorted(set(delays))
        wiring = model.wirings[projection.name]
        wanted = (*wiring.pairs(), delays_of(projection, wiring), model.weights(projection.name))
        found = [
            (*made.wirings[p.name].pairs(), np.full(made.wirings[p.name].synapses, p.delay))
            for p in own
        ]
        weights = np.concatenate([made.weights(p.name).ravel() for p in own])
        columns = [np.concatenate(column) for column in zip(*found, strict=True)]
        rows = zip(*columns, weights, strict=True)
        assert sorted(rows) == sorted(zip(*(w.ravel() for w in wanted), strict=True))


def test_where_no_delays_differ_nothing_is_made() -> None:
    text = NET.replace("uniform(1 ms, 4 ms)", "1 ms").replace("normal(2 ms, 1 ms)", "2 ms")
    model = draw_model(compiled_text(text).graph, 5)
    assert in_lanes(model) is model


def test_what_is_kept_has_the_least_of_its_delays() -> None:
    """The draw itself only promises one step at least: what comes later than its delay is held."""
    text = NET.replace("normal(2 ms, 1 ms)", "normal(70 s, 2 ms)")
    model = draw_model(compiled_text(text).graph, 5)
    kept = in_lanes(model, brings_late).graph.projections
    assert [p.name for p in kept] == ["x->y", "x->y#2", "y->y"]
    delays = [delays_of(p, model.wirings[p.name]) for p in model.graph.projections]
    assert [p.delay for p in kept] == [int(found.min()) for found in delays]
    assert kept[-1].delay > 1 << 16


NUMBERS = """
neuron g { state v: mV = 0 mV  on input { v = v + i }  dv/dt = -v / 10 ms  emit v / 1 mV }
network n {
  dt = 1 ms
  delay = uniform(1 ms, 4 ms)
  input x[9] encode current(duration = 20 ms)
  source s[9] : poisson(rate = 90 Hz)
  population a[9] : g
  output y[8] : lif
  x -> a : dense
  s -> a : dense
  a -> y : dense
  y -> y : dense
}
"""


def test_only_what_sends_spikes_is_kept() -> None:
    """A number is sent in every step: each delay has a lane of its own."""
    model = in_lanes(draw_model(compiled_text(NUMBERS).graph, 5), brings_late)
    kept = [p.name for p in model.graph.projections if "@" not in p.name]
    assert kept == ["y->y"]
