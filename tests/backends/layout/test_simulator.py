"""A layout does what the integers do, whatever lies where."""

import numpy as np
import pytest
from integer_cases import (
    drawn_firing,
    drawn_integers,
    drawn_numbers,
    drawn_windows,
)
from layout_cases import STEPS, drawn_inputs, scattered

from snncc.backends.layout.simulator import play
from snncc.backends.reference.network import simulate
from snncc.ir.model import Model
from snncc.ir.passes.pipeline import run_model_passes


def agree(model: Model, seed: int) -> int:
    """The spikes, after comparing each, and each state of each step."""
    model = run_model_passes(model)
    inputs = drawn_inputs(model, seed)
    wanted = simulate(model, inputs, record=True)
    made = play(scattered(model, seed), inputs, STEPS, True)
    for name, spikes in wanted.spikes.items():
        assert np.array_equal(made.trace.spikes[name], spikes), name
    for name, states in wanted.history.items():
        for state, values in states.items():
            assert np.array_equal(made.trace.states[name][state], values), (name, state)
    return int(sum(wanted.spikes[p.name].sum() for p in model.graph.populations if p.step))


@pytest.mark.parametrize("sums", ["exact", "each"])
def test_layouts_equal_the_integers(sums: str) -> None:
    assert sum(agree(drawn_integers(seed, sums), seed) for seed in range(12)) > 500


@pytest.mark.parametrize("sums", ["exact", "each"])
def test_numbers_travel_too(sums: str) -> None:
    assert sum(agree(drawn_numbers(seed, sums), seed) for seed in range(6)) > 100


@pytest.mark.parametrize("sums", ["exact", "each"])
def test_several_spikes_travel_too(sums: str) -> None:
    assert sum(agree(drawn_firing(seed, sums), seed) for seed in range(6)) > 500


def test_windows_are_synapses_on_cores() -> None:
    assert sum(agree(drawn_windows(seed), seed) for seed in range(2)) > 50
