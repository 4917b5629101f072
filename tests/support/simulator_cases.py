"""What every compiled simulator must do as the reference does, spike for spike.

`compare(model, samples)` gives the three rasters.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from backend_cases import SEED, Comparison, grid_model, samples_with
from compiled_texts import compiled_text
from drawn_networks import DYADIC, ECHO, GRADED, METHODS, PLANES, TRANSCENDENT, Drawn

from snncc.backends.protocols import NO_CLASS, Samples, Simulator
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_pipeline

Compare = Callable[[Model, Samples], Comparison]


def check_drawn(compare: Compare, drawn: Drawn) -> None:
    graph = run_pipeline(drawn.graph)
    compare(grid_model(graph, drawn.seed), samples_with(drawn.values)).agree()


def check_exact(compare: Compare, text: str) -> None:
    """A network of which every state is exact, and every population fires."""
    graph = compiled_text(text).graph
    steps = 10 if text is DYADIC else 40
    values = np.random.default_rng(1).random((3, steps, 12)) < 0.3
    found = compare(grid_model(graph, 5), samples_with(values.astype(np.uint8)))
    found.agree()
    assert found.exact
    bounds = np.cumsum([p.neurons for p in graph.populations])[:-1]
    assert all(part.any() for part in np.split(found.compiled, bounds, axis=2))


def check_graded(compare: Compare) -> None:
    """A network whose populations send numbers, and in which every population fires that can."""
    graph = compiled_text(GRADED).graph
    values = np.random.default_rng(1).random((3, 50, 16)) < 0.2
    found = compare(grid_model(graph, 6, -0.5, 0.75), samples_with(values.astype(np.uint8)))
    found.agree()
    bounds = np.cumsum([p.neurons for p in graph.populations])[:-1]
    fired = [part.mean() for part in np.split(found.compiled, bounds, axis=2)]
    quiet = [p.name for p, rate in zip(graph.populations, fired, strict=True) if rate == 0]
    assert quiet == ["s", "m"]
    assert max(fired) < 0.7


NOISY = """
neuron ou {
  param tau: ms = 4 ms
  param sigma: mV/ms^0.5 = 2 mV / sqrt(1 ms)
  state v: mV = 0 mV
  state u: mV = 0 mV
  on input { v = v + i }
  dv/dt = (u - v) / tau + sigma * noise
  du/dt = -u / tau + sigma * noise
  spike when v > 3 mV
  on spike { v = 0 mV }
}
network n {
  input x[3] encode spikes(duration = 40 ms)
  population h[6] : ou method forward_euler
  output y[5]     : ou
  x -> h : dense
  h -> h : dense  delay 1 ms
  h -> y : dense
}
"""


def check_noise(compare: Compare) -> None:
    """Neurons with noise fire in the steps in which those of the reference do."""
    graph = compiled_text(NOISY).graph
    values = np.zeros((3, 40, 3), np.uint8)
    values[:, ::7] = 1
    found = compare(grid_model(graph, 5), samples_with(values))
    np.testing.assert_array_equal(found.compiled, found.single)
    assert found.compiled[:, :, 3:].any(axis=(0, 1)).all()
    assert (found.compiled[:, 0] != found.compiled[:, 1]).any()  # samples have noise of their own


def check_order(compare: Compare) -> None:
    """(2^24 - 2^24) + 1 is 1 in single precision, (1 + 2^24) - 2^24 is 0."""
    graph = compiled_text(ECHO).graph
    weights = {"h->h": np.ones(1, np.float32), "x->h": np.float32([1, 2**24, -(2**24)])}
    values = np.array([[[1, 0, 0], [0, 1, 1], [0, 0, 0]]], np.uint8)
    found = compare(draw_model(graph, SEED, weights), samples_with(values))
    found.agree()
    assert found.compiled[:, 0, 3].tolist() == [True, True, True]


LOSSY = """
neuron flash {  # infinite where nothing arrives; then it fires, and the reset hides it
  state v: mV = 0 mV
  on input { v = 1 mV * (1 mV / i) }
  spike when v >= 5 mV
  on spike { v = 0 mV }
}
network net {
  input x[1] encode spikes(duration = 4 ms)
  output y[3] : flash
  x -> y : dense(weight = 1)
}
"""
DOUBTFUL = """
neuron rising {  # its threshold is no number at 5 mV, where its refractory time takes it
  state v: mV = 0 mV
  on input { v = v + i }
  spike when v >= 1 mV * ((v - 5 mV) / (v - 5 mV))
  refractory 2 ms { v = 5 mV }
}
network net {
  input x[1] encode spikes(duration = 4 ms)
  output y[3] : rising
  x -> y : dense(weight = 1)
}
"""


READOUTS = """
network n {
  input x[6] encode spikes(duration = 30 ms)
  population h[5] : if(v_th = 1 mV)
  output y[4] : READOUT
  x -> h : dense
  h -> y : dense
}
"""


def check_scores(make: Callable[[Model], Simulator], readout: str) -> None:
    """What the outputs emit last is their score, and the highest is the class; the reference's."""
    graph = compiled_text(READOUTS.replace("READOUT", readout)).graph
    model = grid_model(graph, 3)
    values = (np.random.default_rng(5).random((7, 30, 6)) < 0.3).astype(np.uint8)
    values[3] = 0
    samples = samples_with(values)
    outcome, wanted = make(model).run(samples), ReferenceSimulator(model, np.float32).run(samples)
    assert outcome.scores.dtype == np.float32
    assert np.unique(outcome.scores).size > 20
    np.testing.assert_array_equal(outcome.scores, wanted.scores)
    assert outcome.predictions[3] == NO_CLASS  # nothing arrived
    answered = np.arange(7) != 3
    best = outcome.scores.argmax(axis=1)
    np.testing.assert_array_equal(outcome.predictions[answered], best[answered])
    np.testing.assert_array_equal(outcome.predictions, wanted.predictions)
    history = ReferenceSimulator(model, np.float32).trace(samples, True).states["y"]["v"]
    by_hand = {"li": history[-1], "li_max": history.max(axis=0), "li_mean": history.mean(axis=0)}
    np.testing.assert_allclose(outcome.scores, by_hand[readout], rtol=1e-5, atol=1e-6)


def check_sums(make: Callable[[Model], Simulator]) -> None:
    """An output that is read by PSCs is scored by the sum of its filtered spikes."""
    text = READOUTS.replace("READOUT", "if(v_th = 1 mV)").replace(
        "network n {", "network n { readout = psc(tau = 2 ms)"
    )
    model = grid_model(compiled_text(text).graph, 4, -1.0, 1.0)
    values = (np.random.default_rng(5).random((7, 30, 6)) < 0.1).astype(np.uint8)
    values[3] = 0
    samples = samples_with(values)
    reference = ReferenceSimulator(model, np.float32)
    outcome, wanted = make(model).run(samples), reference.run(samples)
    np.testing.assert_array_equal(outcome.scores, wanted.scores)
    np.testing.assert_array_equal(outcome.predictions, wanted.predictions)
    fired = reference.trace(samples, False).spikes["y"]
    left = 1 - 0.5 ** np.arange(30, 0, -1.0)
    np.testing.assert_allclose(outcome.scores, np.tensordot(left, fired, (0, 0)), rtol=1e-6)
    assert outcome.predictions[3] == NO_CLASS
    most = outcome.counts.argmax(axis=1)
    assert (outcome.predictions != most)[outcome.counts.any(axis=1)].any()


def check_first(make: Callable[[Model], Simulator]) -> None:
    """An output that is read by its first spike is scored by the steps that were left then."""
    text = READOUTS.replace("READOUT", "if(v_th = 1 mV)").replace(
        "network n {", "network n { readout = first_spike"
    )
    model = grid_model(compiled_text(text).graph, 4, -1.0, 1.0)
    values = (np.random.default_rng(5).random((7, 30, 6)) < 0.1).astype(np.uint8)
    values[3] = 0
    samples = samples_with(values)
    reference = ReferenceSimulator(model, np.float32)
    outcome, wanted = make(model).run(samples), reference.run(samples)
    fired = reference.trace(samples, False).spikes["y"]
    left = np.where(fired.any(axis=0), 30 - fired.argmax(axis=0), 0)
    assert outcome.scores.tolist() == wanted.scores.tolist() == left.tolist()
    assert outcome.predictions.tolist() == wanted.predictions.tolist()
    assert outcome.predictions[3] == NO_CLASS
    assert len(set(outcome.predictions.tolist())) > 2


UNHEARD = """
network n {
  input x[6] encode bernoulli(duration = 12 ms)
  input z[9] encode current(duration = 12 ms)
  output y[4] : if(v_th = 1 mV)
  x -> y : dense
}
"""


def check_unheard(compare: Compare) -> None:
    """An input that sends numbers to nobody is nothing to the others."""
    graph = compiled_text(UNHEARD).graph
    values = np.random.default_rng(4).random((3, 15)).astype(np.float32)
    found = compare(grid_model(graph, 2), samples_with(values))
    found.agree()
    assert found.compiled[:, :, 15:].any()


def check_lost(simulator: Simulator) -> None:
    """Only the sample with a silent step has lost a state, and the trace says in which step."""
    values = np.array([[[1]] * 4, [[1], [1], [0], [1]]], np.uint8)
    samples = samples_with(values)
    outcome = simulator.run(samples)
    assert outcome.lost.tolist() == [False, True]
    assert outcome.activity.tolist() == [7, 1, 1, 1]
    states = simulator.trace(samples, True).states["y"]
    assert np.isfinite(states["v"]).all()
    assert np.isnan(states["v.lost"][:, :, 0]).T.tolist() == [[False] * 4, [False] * 2 + [True] * 2]


def check_doubtful(make: Callable[[Model], Simulator]) -> None:
    """A threshold that is no number counts as lost, but where the neuron could not fire anyway."""
    simulator = make(draw_model(compiled_text(DOUBTFUL).graph, SEED))
    samples = samples_with(np.array([[[1], [0], [0], [0]], [[0], [1], [0], [0]]], np.uint8))
    assert simulator.run(samples).lost.tolist() == [True, False]
    lost = simulator.trace(samples, True).states["y"]["spiked.lost"][:, :, 0]
    assert np.isnan(lost).T.tolist() == [[False] * 3 + [True], [False] * 4]


def lossy_model() -> Model:
    """The model for `check_lost`."""
    return draw_model(compiled_text(LOSSY).graph, SEED)


def check_planes(compare: Compare, count: int, **sizes: int) -> None:
    graph = compiled_text(PLANES.format(**sizes)).graph
    values = np.random.default_rng(2).integers(0, 2, (count, 72)).astype(np.float32)
    found = compare(grid_model(graph, 7, -0.5, 2.0), samples_with(values / np.float32(2)))
    found.agree()
    assert found.compiled[:, :, -3:].any()


def check_methods(compare: Compare) -> None:
    """A neuron by every method, of an equation that each of them can solve."""
    graph = compiled_text(METHODS).graph
    values = np.random.default_rng(2).random((2, 60, 8)) < 0.25
    found = compare(grid_model(graph, 4, -0.5, 1.0), samples_with(values.astype(np.uint8)))
    found.agree()
    bounds = np.cumsum([p.neurons for p in graph.populations])[:-1]
    assert all(part.any() for part in np.split(found.compiled, bounds, axis=2))


def check_functions(compare: Compare) -> None:
    """The functions' last bits may differ, so the seed is one where none decides."""
    graph = compiled_text(TRANSCENDENT).graph
    found = compare(grid_model(graph, 11, -1.0, 1.5), samples_with(np.full((1, 10), 0.2, "f4")))
    found.agree()
    assert 20 < found.compiled[:, :, 10:].sum() < 900
