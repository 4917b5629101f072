"""A model as axons: those of a list of synapses, and its classes of settings."""

import numpy as np
import pytest
from compiled_texts import compiled_text
from integer_cases import drawn_integers, in_integers

from snncc.backends.layout.build import synapses_of
from snncc.backends.layout.numbering import Numbering
from snncc.backends.layout.senders import axons, core_limits, kinds, rates_of
from snncc.backends.mapping.axons import axons_of
from snncc.ir.chips.cores import CORES
from snncc.ir.integers.precision import Precision
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes

TWICE = """
network n {
  dt = 1 ms
  input x[6] encode spikes(duration = 20 ms)
  population a[5] : lif(v_th = 2 mV, refractory = 0 ms)
  population b[4] : lif(v_th = 2 mV, refractory = 0 ms)
  output c[3] : lif(v_th = uniform(1 mV, 3 mV))
  x -> a : dense(init = uniform(0.5, 3))
  a -> a : sparse(p = 0.5, init = uniform(-1, 1)) delay 2 ms
  a -> b : sparse(p = 0.7, init = uniform(-1, 1))
  a -> b : sparse(p = 0.7, init = uniform(-1, 1)) delay 3 ms
  b -> c : dense(init = uniform(0.5, 2))
}
"""


def twice() -> Model:
    drawn = run_model_passes(draw_model(compiled_text(TWICE).graph, 3))
    return run_model_passes(in_integers(drawn, Precision(), "minmax"))


@pytest.mark.parametrize("seed", range(-1, 8))
def test_axons_are_those_of_the_synapses(seed: int) -> None:
    model = twice() if seed < 0 else run_model_passes(drawn_integers(seed))
    numbering = Numbering.of(model.graph)
    rates = np.random.default_rng(seed + 1).random(numbering.senders)
    found = axons(model, rates).checked()
    every = [some for _, some in synapses_of(model, numbering)]
    pre, post = (np.concatenate([getattr(s, end) for s in every]) for end in ("pre", "post"))
    wanted = axons_of(pre, post, numbering.neurons, rates)
    for name in ("start", "reach", "rate"):
        assert np.array_equal(getattr(found, name), getattr(wanted, name)), name
    assert np.array_equal(found.listed, wanted.listed)
    if seed < 0:
        assert found.synapses is not None


def test_neurons_of_one_class_compute_by_the_same_numbers() -> None:
    settings, thresholds = kinds(twice())
    assert len(np.unique(settings[:9])) == 1  # a and b have one model
    assert len(np.unique(thresholds[9:])) == 3  # each of c has its own
    assert (
        not np.isin(settings[9:], settings[:9]).all()
        or not np.isin(thresholds[9:], thresholds[:9]).any()
    )


def test_rates_are_packets_a_step() -> None:
    model = twice()
    neurons = sum(p.neurons for p in model.graph.populations)
    rates = rates_of(model, np.arange(neurons), 10)
    assert rates.tolist() == [*(np.arange(6, 18) / 10), *(np.arange(6) / 10)]


def test_limits_are_those_of_the_chip_and_the_bits() -> None:
    limits = core_limits(twice(), CORES["loihi"])
    assert (limits.neurons, limits.axons_in, limits.synapse_bits) == (1024, 4096, 8 + 11 + 6)
    assert limits.most()["synapse_bytes"] == 131_072
