"""Some neurons of a population do what they do among all of them."""

import numpy as np
import pytest
from integer_cases import drawn_integers

from snncc.backends.reference.neurons import Event, Neurons
from snncc.ir.passes.pipeline import run_model_passes


@pytest.mark.parametrize("sums", ["exact", "each"])
@pytest.mark.parametrize("seed", [4, 5, 8])
def test_some_neurons_are_as_among_all(seed: int, sums: str) -> None:
    model = run_model_passes(drawn_integers(seed, sums))
    population = next(p for p in reversed(model.graph.populations) if p.step is not None)
    some = np.arange(population.neurons)[::2]
    every = Neurons(model, population, 2, np.float64)
    part = Neurons(model, population, 2, np.float64, some)
    draw = np.random.default_rng(seed)
    fires = 0
    for _ in range(30):
        if sums == "exact":
            ports = {p: draw.integers(-90, 300, (2, population.neurons)) for p in every.ports}
            sent = every.advance(ports)
            own = part.advance({p: a[:, some] for p, a in ports.items()})
        else:
            arriving = draw.integers(-90, 300, population.neurons)
            port = next(iter(every.ports))
            sent = every.advance({}, [Event(port, 1, np.arange(population.neurons), arriving, 2)])
            own = part.advance({}, [Event(port, 1, np.arange(len(some)), arriving[some], 2)])
        assert np.array_equal(own.fired, sent.fired[:, some])
        fires += int(sent.fired.sum())
        for name, values in part.states.items():
            assert np.array_equal(values, every.states[name][:, some])
    assert fires
