"""What sizes a circuit: worked out by hand for a small network, and one event at a time."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text
from integer_cases import drawn_integers, drawn_samples

from snncc.backends.exports.vectors.cut import arriving, synapses_into
from snncc.backends.exports.vectors.sizes import Ends, sizes_of
from snncc.backends.reference.network import simulate
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.backends.trace import Trace
from snncc.ir.integers.precision import Precision
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize

NET = """
network n {
  dt = 1 ms
  input x[3] encode spikes(duration = 6 ms)
  output y[2] : if(v_th = 50 mV)
  x -> y : dense(init = expression(1 + i - 3 * j)) delay 2 ms
  y -> y : lateral_inhibition(weight = -1) delay 1 ms
}
"""


def test_by_hand():
    """Weights into neuron 0: 1, 2, 3 and -1 of a unit of 3/127; into neuron 1: -2, -1, 0, -1 of
    2/127. Both inputs of step 0 and all of step 1 arrive in steps 2 and 3."""
    model = draw_model(compiled_text(NET).graph, 0)
    model = run_model_passes(run_model_passes(model), (Quantize(Precision(guard=2)),))
    spikes = np.zeros((6, 1, 3), bool)
    spikes[0, 0, :2], spikes[1] = True, True
    trace = simulate(model, {"x": spikes}, record=True)
    made = sizes_of(model, Trace(trace.spikes, trace.history))
    (row,) = made["populations"]
    assert (row["neurons"], row["fan_in"]) == (2, 4)
    assert row["events_a_step"] == {"at_most": 5, "measured": 3}
    assert row["weights_added_a_step"] == {"at_most": 8, "measured": 6}
    assert row["delayed_spikes"] == {"at_most": 2, "measured": 0}
    high, low = 42 + 85 + 127, -127 - 64 - 64
    sums = row["sums"]["i"]
    assert (sums["proved"], sums["bits"]) == ([low, high], 9)
    assert sums["measured"] == [-127 - 64, high]
    v = row["states"]["v"]
    assert v["measured"] == [4 * 2 * (-127 - 64), 4 * (42 + 85 + high)]
    network = made["network"]
    assert network["spikes_a_step"] == {"at_most": 5, "measured": 3}
    assert (network["synapses"], network["weight_bits"]) == (8, 8 * 8)
    assert network["state_bits"] == 2 * 32 * len(row["states"])
    assert network["delay_bits"] == 3 * 2 + 2


@pytest.mark.parametrize(
    ("low", "high", "bits"), [(0, 0, 1), (-1, 0, 1), (-2, 1, 2), (0, 1, 2), (-129, 127, 9)]
)
def test_bits_of_twos_complement(low, high, bits):
    assert Ends(low, high).bits == bits


@pytest.mark.parametrize("seed", [301, 305, 309])
def test_what_is_measured_is_within_what_is_proved(seed):
    model = drawn_integers(seed)
    trace = ReferenceSimulator(model, np.float64).trace(drawn_samples(seed), True)
    made = sizes_of(model, trace)
    for row in made["populations"]:
        for found in (*row["sums"].values(), *row["states"].values()):
            low, high = found["proved"]
            assert low <= found["measured"][0] <= found["measured"][1] <= high
        for pair in (row["events_a_step"], row["weights_added_a_step"], row["delayed_spikes"]):
            assert pair["measured"] <= pair["at_most"]
        assert row["events_a_step"]["measured"] == most_events(model, trace, row["name"])


def most_events(model, trace, name):
    """One pre neuron, projection and step after the other."""
    steps, samples = trace.spikes[name].shape[:2]
    most = 0
    for step, sample in np.ndindex(steps, samples):
        count = 0
        for projection in arriving(model.graph, name):
            neurons = range(model.graph.population(name).neurons)
            ends = [synapses_into(model, projection, n)[0].tolist() for n in neurons]
            if step >= projection.delay:
                sent = trace.spikes[projection.pre][step - projection.delay, sample]
                count += sum(sent[pre] for pre in set().union(*ends))
        most = max(most, count)
    return most
