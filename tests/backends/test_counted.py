"""Inputs of several spikes in a step: what they mean, whoever takes them, and who does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from backend_cases import grid_model, samples_with
from compiled_texts import compiled_text
from integer_cases import drawn_model, drawn_precision, in_integers
from kernel_flags import FORWARD
from refusal import refused

from snncc.backends.cpu.simulator import CpuSimulator
from snncc.backends.cuda.program import make_layout
from snncc.backends.exports.table import EXPORTS
from snncc.backends.memory import presenting
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.graph import Call
from snncc.ir.model import draw_model
from snncc.ir.running import SPIKES, Probe, all_of

pytestmark = FORWARD
STEPS = 40
TEXT = """
network n {
  dt = 1 ms
  delay = 1 ms
  neuron cell = lif(tau_mem = 6 ms, tau_syn = 2 ms, v_th = 9 mV, refractory = 1 ms)
  input x[1, 4, 5] encode spikes(duration = 40 ms, most = 15)
  input z[3] encode spikes(duration = 40 ms)
  population a[9] : cell
  population c : cell
  population d : cell
  population b[6] : cell
  output y[5] : cell
  x -> a : dense  delay 2 ms
  x -> c : conv2d(channels = 3, kernel = 2)
  x -> d : pool2d(kernel = 2, init = constant(1.1))
  x -> b : sparse(p = 0.5)  delay 4 ms
  x -> b : fixed_total(n = 40, multapses = true)  delay 0 ms
  z -> a : dense
  a -> b : dense
  b -> a : dense(init = uniform(-1, 0.5))  delay 3 ms
  c -> y : dense
  d -> y : dense
  b -> y : dense
}
"""
# Synapses with delays of their own, of which the engine adds what arrives in an order of its own.
LATE = TEXT.replace("delay 4 ms", "delay uniform(1 ms, 4 ms)")


def counts(samples: int, inputs: int, most: int = 15) -> np.ndarray:
    """From sparse to dense."""
    rng = np.random.default_rng(5)
    often = rng.integers(1, most + 1, (samples, STEPS, inputs))
    return (often * (rng.random(often.shape) < 0.3)).astype(np.uint8)


def samples():
    values = counts(3, 23)
    values[:, :, 20:] = values[:, :, 20:] > 0
    return samples_with(values)


def test_a_network_fires_like_the_reference(compare) -> None:
    model = draw_model(compiled_text(TEXT).graph, 2)
    found = compare(model, samples())
    found.agree()
    bounds = np.cumsum([p.neurons for p in model.graph.populations])
    np.testing.assert_array_equal(found.compiled[:, :, :23].transpose(1, 0, 2), samples().values)
    assert all(part.any() for part in np.split(found.compiled, bounds[:-1], axis=2))


def test_an_exact_network_fires_like_copies_of_its_input(compare) -> None:
    """A neuron of k spikes is k neurons of one spike, each with its weights."""
    text = """
    network n {
      dt = 1 ms
      input x[4] encode spikes(duration = 40 ms, most = 3)
      output y[5] : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 3 mV, refractory = 0 ms)
      x -> y : dense
    }
    """
    model = grid_model(compiled_text(text).graph, 5)
    values = counts(2, 4, 3)
    found = compare(model, samples_with(values))
    found.agree()
    plain = text.replace("x[4]", "x[12]").replace(", most = 3", "")
    copies = draw_model(compiled_text(plain).graph, 0)
    copies = copies.with_weights({"x->y": np.repeat(model.weights("x->y"), 3, axis=0)})
    trains = np.repeat(values, 3, axis=2) > np.tile(np.arange(3), 4)
    other = compare(copies, samples_with(trains.astype(np.uint8)))
    np.testing.assert_array_equal(found.compiled[:, :, 4:], other.compiled[:, :, 12:])
    assert found.compiled[:, :, 4:].mean() > 0.05


@pytest.mark.parametrize(
    ("draw", "text", "threads"),
    [(draw_model, TEXT, 1), (grid_model, LATE, 3)],
    ids=["drawn", "late"],
)
def test_what_is_recorded_is_that_of_the_reference(kernels, draw, text, threads) -> None:
    """Bit for bit: a weight is added as often as its neuron fires."""
    model, given = draw(compiled_text(text).graph, 2), samples()
    probes = (*all_of(model.graph, True), Probe(SPIKES, "x", 2, 7))
    found = CpuSimulator(model, threads, kernels).record(given, probes)
    wanted = ReferenceSimulator(model, np.float32).record(given, probes)
    for probe, one, other in zip(probes, found, wanted, strict=True):
        np.testing.assert_array_equal(one, other, probe.population)
    again = np.zeros((3, STEPS, 20), int)
    np.add.at(again, tuple(found[0].T), 1)  # a row for each spike
    np.testing.assert_array_equal(again, given.values[:, :, :20])
    trace = CpuSimulator(model, threads, kernels).trace(given, True)
    np.testing.assert_array_equal(trace.spikes["x"].transpose(1, 0, 2), again)


STP = """
synapse stp {
  state x: 1 = 1
  dx/dt = (1 - x) / 30 ms
  on pre { emit weight * x  x = x - 0.3 * x }
}
"""


def test_synapses_with_states_answer_each_spike(kernels) -> None:
    text = STP + TEXT.replace(
        "x -> a : dense  delay 2 ms", "x -> a : dense(init = uniform(0, 9))  via stp"
    )
    model = draw_model(compiled_text(text).graph, 2)
    found = CpuSimulator(model, 1, kernels).trace(samples(), True)
    wanted = ReferenceSimulator(model, np.float32).trace(samples(), True)
    for name, spikes in wanted.spikes.items():
        np.testing.assert_array_equal(found.spikes[name], spikes)
    assert wanted.spikes["a"].sum() > 10


@pytest.mark.parametrize("sums", ["exact", "each"])
@pytest.mark.parametrize("seed", [1, 4, 6])
def test_integers_are_those_of_the_reference(kernels, seed, sums) -> None:
    model = several(drawn_model(seed))
    made = in_integers(model, *drawn_precision(seed, sums))
    given = samples_with(counts(2, 6))
    found = CpuSimulator(made, 1, kernels).trace(given, True)
    wanted = ReferenceSimulator(made, np.float64).trace(given, True)
    for name, spikes in wanted.spikes.items():
        np.testing.assert_array_equal(found.spikes[name], spikes)
    for name, states in wanted.states.items():
        for state, codes in states.items():
            np.testing.assert_array_equal(found.states[name][state], codes)
    assert wanted.spikes["x"].max() == 15


def several(model, most=15):
    """The model with an input of several spikes."""
    encoding = Call("spikes", (("duration", float(STEPS)), ("most", most)))
    populations = tuple(
        replace(p, encoding=encoding) if p.role == "input" else p for p in model.graph.populations
    )
    return replace(model, graph=replace(model.graph, populations=populations))


FLOATS = ("onnx", "onnx-step", "onnx-qdq")
INTEGERS = ("c", "object", "loihi", "ranc", "vectors")
PLAIN = """
network n {
  dt = 1 ms
  input x[6] encode spikes(duration = 40 ms, most = 15)
  output y[5] : if
  x -> y : dense
}
"""


@pytest.mark.parametrize("form", sorted({*FLOATS, *INTEGERS, "nir"}))
def test_forms_of_one_spike_a_step_refuse(form: str) -> None:
    model = draw_model(compiled_text(PLAIN).graph, 2)
    if form in INTEGERS:
        model = several(in_integers(drawn_model(1), *drawn_precision(1, "exact")))
    refusal = refused("E071" if form == "nir" else "E075", EXPORTS[form].require, model)
    assert "`x` has up to 15 spikes of a neuron in a step" in refusal.message
    assert "most" in (refusal.help or "")


def test_a_gpu_refuses() -> None:
    model = draw_model(compiled_text(TEXT).graph, 2)
    assert refused("E075", make_layout, model).span is not None


def test_room_for_the_spikes_is_told() -> None:
    graph, text = compiled_text(TEXT).graph, TEXT.replace(", most = 15", "")
    needed, plain = (
        sum(need.size for need in presenting(g, 2)) for g in (graph, compiled_text(text).graph)
    )
    assert needed - plain == 2 * 4 * STEPS * 20 * 15
