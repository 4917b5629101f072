"""Scratch memory is large enough, and no larger where several share the machine."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.compiled.plan import make_plan
from snncc.backends.cpu.scratch import (
    AHEAD,
    LINE,
    WINDOW,
    make_work,
    whole_lines,
    zeros,
)
from snncc.backends.rules.spike_train.cpu.scratch import make_backward
from snncc.ir.model import draw_model

NET = """
network n {
  input x[7] encode bernoulli(duration = 100 ms)
  population h[5] : cuba_lif
  output y[3] : lif
  x -> h.exc : dense
  h -> y : dense
}
"""


@pytest.fixture(scope="module")
def plan():
    graph = compiled_text(NET).graph
    return make_plan(draw_model(graph, 0))


@pytest.mark.parametrize("workers", [1, 3])
def test_shapes(plan, workers):
    work = make_work(plan, workers)
    arrays = {n: a for n, a in work._asdict().items() if isinstance(a, np.ndarray)}
    shared = ("probes", "glances", "states", "starts", "look", "back_ptr", "back")
    assert {len(array) for name, array in arrays.items() if name not in shared} == {workers}
    assert work.reals.shape == (workers, 3, 15)
    assert work.integers.shape == (workers, 1, 15)
    assert work.currents.shape[2] == 32, "two ports of 15 neurons, in whole cache lines"
    assert work.ptr.shape == (workers, 3, 101)
    assert work.spikes.shape[1] >= 100 * 15, "every neuron may fire in every step"
    assert work.fired.shape == (workers, AHEAD, 16)


def test_window(plan):
    assert make_work(plan, 1, wide=True).currents.shape[1] == 100
    assert make_work(plan, 1).currents.shape[1] == WINDOW
    assert make_work(plan, 2).currents.shape[1] == WINDOW
    large = plan._replace(neurons=plan.neurons * 100_000)
    assert make_work(large, 1, wide=True).currents.shape[1] == WINDOW
    huge = plan._replace(steps=10, neurons=plan.neurons * 0 + 10)
    assert make_work(huge, 4).currents.shape[1] == 10


@pytest.mark.parametrize("shape", [(5,), (3, 7), (1000, 3)])
def test_zeros_begin_at_a_cache_line(shape):
    made = [zeros(shape, np.float32) for _ in range(5)]
    assert all(a.ctypes.data % LINE == 0 and a.flags.c_contiguous for a in made)
    assert all(a.shape == shape and a.dtype == np.float32 and not a.any() for a in made)


def test_whole_lines():
    assert [whole_lines(n) for n in (0, 1, 16, 17)] == [0, 16, 16, 32]


def test_backward(plan):
    back = make_backward(plan, 11, 2)
    assert {len(array) for array in back} == {2}
    assert back.row.shape == (2, 15 + 3), "each population has one bound more than neurons"
    assert back.times.shape[1] >= 100 * 15 + 100, "and the taught neuron's spikes"
    assert back.entry.shape == back.theta.shape == (2, 11)
    assert back.trace.shape[1] == 100 * 7
    assert make_backward(plan, 0, 1).entry.shape == (1, 1)
