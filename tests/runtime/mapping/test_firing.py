"""How often senders fire: the spikes of a network that passes its input on."""

from pathlib import Path

import numpy as np
from compiled_texts import compiled_text

from snncc.backends.layout.senders import MOMENTS, moments_among, moments_of
from snncc.backends.reference.simulator import double
from snncc.ir.model import draw_model
from snncc.runtime.mapping.firing import firing_of
from snncc.runtime.samples import Presentation

PASSES = """
network n {
  dt = 1 ms
  input x[3] encode spikes(duration = 40 ms)
  output y[3] : lif(v_th = 1 mV, refractory = 0 ms)
  x -> y : one_to_one(init = constant(50))
}
"""


def test_moments_are_steps_of_the_samples() -> None:
    """Senders are the neurons, then the inputs; the input fires as it is presented."""
    draw = np.random.default_rng(0)
    values = draw.integers(0, 2, (5, 40, 3)).astype(np.uint8)
    shown = Presentation(values, np.zeros(5, np.int32), np.arange(5, dtype=np.uint64))
    model = draw_model(compiled_text(PASSES).graph, 0)
    found = firing_of(model, double(model, None, Path()), shown)
    trains = values.reshape(200, 3)
    assert found.rates[3:].tolist() == trains.mean(axis=0).tolist()
    assert found.moments is not None
    assert found.moments.shape == (6, MOMENTS)
    assert np.array_equal(found.moments[3:], moments_of(trains))
    spikes = np.concatenate(
        [double(model, None, Path()).raster(shown.pick(np.array([k])), 0) for k in range(5)]
    )
    assert np.array_equal(found.moments[:3], moments_of(spikes[:, 3:]))


def test_few_steps_are_all_moments() -> None:
    assert moments_among(3).tolist() == [0, 1, 2]
    assert moments_among(1000)[[0, -1]].tolist() == [0, 999]
    assert moments_of(np.eye(3)).tolist() == np.eye(3).tolist()
