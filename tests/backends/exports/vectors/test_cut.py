"""Parts cut out of a network do what they did in it."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text
from integer_cases import drawn_integers, drawn_samples
from refusal import refused

from snncc.backends.exports.vectors.cut import (
    Place,
    arriving,
    chosen,
    layer_part,
    neuron_part,
    require_reached,
    synapse_part,
    synapses_into,
)
from snncc.backends.reference.network import simulate
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.backends.trace import Trace
from snncc.ir.graph import SUMS
from snncc.ir.integers.precision import Precision
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize


def case(seed, sums="exact"):
    model = drawn_integers(seed, sums)
    trace = ReferenceSimulator(model, np.float64).trace(drawn_samples(seed), True)
    return model, trace


def places(model):
    """Neurons to which synapses lead."""
    for population in model.graph.populations:
        for neuron in range(population.neurons):
            into = arriving(model.graph, population.name)
            if any(len(synapses_into(model, p, neuron)[0]) for p in into):
                yield Place(population.name, neuron)


@pytest.mark.parametrize("sums", SUMS)
@pytest.mark.parametrize("seed", range(40, 43))
def test_a_neuron_and_a_layer_do_what_they_did(seed, sums):
    model, trace = case(seed, sums)
    for place in list(places(model))[::3]:
        name, neuron = place
        made = neuron_part(model, trace, place)
        assert (made.trace.spikes[name][..., 0] == trace.spikes[name][..., neuron]).all()
        for state, codes in made.trace.states[name].items():
            assert (codes[..., 0] == trace.states[name][state][..., neuron]).all(), (place, state)
    for name in trace.states:
        layer = layer_part(model, trace, name).trace
        assert (layer.spikes[name] == trace.spikes[name]).all(), (seed, name)
        for state, codes in layer.states[name].items():
            assert (codes == trace.states[name][state]).all(), (seed, name, state)


NET = """
network n {
  dt = 1 ms
  input x[3] encode spikes(duration = 9 ms)
  output y[2] : lif(v_th = 90 mV)
  x -> y : dense(init = expression(1 + 2 * i + j)) delay 3 ms
}
"""


def test_a_synapse_has_its_weight_and_its_delay():
    """Worked out by hand: the neuron's current starts 3 steps after the spike with 127 / 6 of
    weight 5, from pre neuron 2, which fires in step 2 alone; neuron 1 fires more and weighs 3."""
    precision = Precision(guard=4)
    model = draw_model(compiled_text(NET).graph, 0)
    model = run_model_passes(run_model_passes(model), (Quantize(precision),))
    spikes = np.zeros((9, 1, 3), bool)
    spikes[[2, 3], 0, 1], spikes[2, 0, 2] = True, True
    trace = simulate(model, {"x": spikes}, record=True)
    made = synapse_part(model, Trace(trace.spikes, trace.history), Place("y", 0))
    assert made.origins["x->y"] == ("x", (1,), 0)  # 2 x 3 is more than 1 x 5
    spikes[3] = False
    trace = simulate(model, {"x": spikes}, record=True)
    made = synapse_part(model, Trace(trace.spikes, trace.history), Place("y", 0))
    assert made.origins["x->y"] == ("x", (2,), 0)
    assert made.model.weights("x->y").tolist() == [[127]]
    keep = round(4096 * (1 - 1 / 8))
    first = 127 << 4
    wanted = [0] * 5 + [first, first * keep >> 12, (first * keep >> 12) * keep >> 12]
    assert made.trace.states["y"]["c"][:8, 0, 0].tolist() == wanted


LOOP = """
network n {
  dt = 1 ms
  input x[6] encode spikes(duration = 40 ms)
  output y[4] : lif(v_th = 3 mV)
  y -> y : dense(init = uniform(-4, 1)) delay 1 ms
  x -> y : dense(init = uniform(-1, 4))
}
"""


def test_events_arrive_in_the_order_of_the_network():
    """What other populations send comes first, though the loop stands before it, and states
    saturate in between."""
    precision = Precision(guard=20, overflow="saturate", sums="each")
    model = run_model_passes(draw_model(compiled_text(LOOP).graph, 0))
    model = run_model_passes(model, (Quantize(precision),))
    trace = ReferenceSimulator(model, np.float64).trace(drawn_samples(1), True)
    assert max(int(c.max()) for c in trace.states["y"].values()) == (1 << 31) - 1
    assert trace.spikes["y"].any()
    for neuron in range(4):
        made = neuron_part(model, trace, Place("y", neuron))
        for state, codes in made.trace.states["y"].items():
            assert (codes[..., 0] == trace.states["y"][state][..., neuron]).all(), state


def test_the_neuron_that_fires_most_is_chosen():
    model, trace = case(41)
    place = chosen(model, trace)
    counts = trace.spikes[place.population].sum(axis=(0, 1))
    first = next(n for b in model.graph.schedule for n in b.populations if n != "x")
    assert place.population == first
    assert counts[place.neuron] == counts.max()


def test_a_neuron_without_a_synapse():
    model, _ = case(41)
    refused("E071", require_reached, model, Place("x", 0))
