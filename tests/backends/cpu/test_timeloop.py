"""The time loops: what the encoders draw, bit for bit, and how a sample is laid out."""

from __future__ import annotations

import numpy as np
import pytest
from backend_cases import grid_model, samples_with
from compiled_texts import compiled_text
from kernel_flags import FORWARD

from snncc.backends.compiled.plan import make_plan
from snncc.backends.cpu.kernels.closing import FLUSH
from snncc.backends.cpu.scratch import AHEAD, make_work
from snncc.backends.cpu.simulator import CpuSimulator, Data, Weights, raster_of
from snncc.ir.model import draw_model
from snncc.ir.philox import encode

pytestmark = FORWARD

NET = """
network n {{
  dt = {dt} ms
  input a[5] encode {first}
  input b[4] encode {second}
  output y[3] : if
  a -> y : dense
  b -> y : dense
}}
"""
VALUES = np.array([0, 0.1, 0.5, 1, 2, 0.3, 0, 1e-9, 0.75], np.float32)
SAMPLE, SEED = 2**63 + 2**33 + 2**32 + 17, 2**40 + 3


def one_sample(raster=None, values=VALUES, sample=SAMPLE):
    rasters = np.zeros((1, 1), np.uint8) if raster is None else raster
    labels, ids = np.zeros(1, np.int32), np.array([sample], np.uint64)
    return Data(values[None], rasters[None], np.zeros(1, np.int64), ids, labels, labels, 0)


@pytest.fixture(autouse=True)
def on_one_thread(plain, monkeypatch):
    monkeypatch.setattr(plain, "WIDE", False)
    monkeypatch.setattr(plain, "EACH", False)
    monkeypatch.setattr(plain, "OFTEN", False)


@pytest.fixture
def encoded(plain):
    """encoded(first, second, dt): (plan, events as bool [T, inputs]) of the two inputs."""

    def run(first, second, dt=1, raster=None):
        graph = compiled_text(NET.format(first=first, second=second, dt=dt)).graph
        plan = make_plan(draw_model(graph, 0))
        work = make_work(plan, 2)
        plain.encode_inputs(plan, one_sample(raster), 0, np.uint64(SEED), work, 1)
        work.ptr[0], work.spikes[0] = work.ptr[1], work.spikes[1]
        return raster_of(plan, work)[:, :9]

    return run


def drawn(rates, steps, first):
    return encode(VALUES.astype(np.float64) * rates, steps, SAMPLE, SEED, first)


@pytest.mark.parametrize("steps", [1, 3, 40, 41, 83])
def test_bernoulli_is_the_philox_of_ir(encoded, steps):
    call = f"bernoulli(duration = {steps} ms)"
    np.testing.assert_array_equal(encoded(call, call), drawn(1.0, steps, 0))


def test_poisson_leaves_the_first_step_empty(encoded):
    call = "poisson(duration = 50 ms, rate = 2000 Hz)"  # a value of 1 would always fire
    found = encoded(call, call, dt=0.5)
    np.testing.assert_array_equal(found, drawn(1.0, 100, 1))
    assert not found[0].any()
    assert found[1:, 3].all()


def test_inputs_are_counted_through_the_populations(encoded):
    found = encoded("bernoulli(duration = 48 ms)", "poisson(duration = 48 ms, rate = 500 Hz)")
    np.testing.assert_array_equal(found[:, :5], drawn(1.0, 48, 0)[:, :5])
    np.testing.assert_array_equal(found[:, 5:], drawn(0.5, 48, 1)[:, 5:])


@pytest.mark.parametrize("least", [1, 64])
def test_chunks_may_be_drawn_and_driven_on_threads(plain, monkeypatch, least):
    """WIDE is a matter of speed only, and so is how many neurons are worth it."""
    monkeypatch.setattr(plain, "MANY", least)
    call = "bernoulli(duration = 83 ms)"
    graph = compiled_text(NET.format(first=call, second=call, dt=1)).graph
    plan = make_plan(draw_model(graph, 0))
    rasters = []
    for wide in (False, True):
        work = make_work(plan, 1, wide)
        weights = np.ones(int(plan.weight[-1]), np.float32)
        monkeypatch.setattr(plain, "WIDE", wide)
        plain.present(rest, plan, Weights(weights), one_sample(), 0, 1, 1, np.uint64(SEED), work, 0)
        rasters.append(raster_of(plan, work))
    np.testing.assert_array_equal(*rasters)
    np.testing.assert_array_equal(rasters[0][:, :9], drawn(1.0, 83, 0))


def rest(model, p, lo, hi, first, last, reals, integers, currents, constants, fired):
    """Neurons that fire where anything arrives."""
    for t in range(first, last):
        fired[t - first, : hi - lo] = currents[t % len(currents), lo:hi] != 0


def test_spike_trains_are_taken_as_they_are(encoded):
    given = (np.random.default_rng(0).random((13, 9)) < 0.4).astype(np.uint8)
    call = "spikes(duration = 13 ms)"
    np.testing.assert_array_equal(encoded(call, call, raster=given), given.astype(bool))


def test_what_an_input_sends_in_every_step_is_summed_once(plain, monkeypatch):
    """Whatever the steps, in windows of 40: a projection's weights are read once a sample."""
    calls = []
    sum_up = plain.send_all
    monkeypatch.setattr(plain, "send_all", lambda *a: calls.append(a[3]) or sum_up(*a))
    call = "current(duration = 90 ms, mean = 0.5, sd = 0.25)"
    plan = make_plan(draw_model(compiled_text(NET.format(first=call, second=call, dt=1)).graph, 0))
    work = make_work(plan, 2)
    weights = np.ones(int(plan.weight[-1]), np.float32)
    plain.present(rest, plan, Weights(weights), one_sample(), 0, 1, 1, np.uint64(SEED), work, 1)
    assert calls == [0, 1]
    sent = (VALUES.astype(np.float64) - 0.5) * 4
    np.testing.assert_array_equal(work.numbers[1, :9], sent.astype(np.float32))
    found = work.currents[1, :, 9:12]
    np.testing.assert_allclose(found, np.tile(sent.sum(), (40, 3)), rtol=1e-6)
    assert not work.ptr[1, :2].any()


def test_the_numbers_of_a_channel_have_a_mean_and_a_deviation_of_their_own(plain):
    mean, sd = np.linspace(-1, 1, 5), np.linspace(0.1, 3, 5)
    call = f"current(duration = 9 ms, mean = {mean.tolist()}, sd = {sd.tolist()})"
    text = NET.format(first=call, second="bernoulli(duration = 9 ms)", dt=1)
    plan = make_plan(draw_model(compiled_text(text).graph, 0))
    weights, work = np.ones(int(plan.weight[-1]), np.float32), make_work(plan, 1)
    plain.present(rest, plan, Weights(weights), one_sample(), 0, 1, 1, np.uint64(SEED), work, 0)
    sent = (VALUES[:5].astype(np.float64) - mean) * (1.0 / sd)
    np.testing.assert_array_equal(work.numbers[0, :5], sent.astype(np.float32))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("steps", [7, 90])
def test_windows_of_steps_lose_nothing(plain, workers, steps):
    """One worker runs all steps in one window, several run 40 at a time; delays reach back."""
    text = f"""
      network n {{
        input x[3] encode spikes(duration = {steps} ms)
        population h[3] : if
        output y[3] : if
        x -> h : one_to_one(weight = 1) delay 3 ms
        h -> y : one_to_one(weight = 1)
        y -> h : one_to_one(weight = 1) delay 2 ms
      }}
    """
    graph = compiled_text(text).graph
    plan = make_plan(draw_model(graph, 0))
    given = (np.random.default_rng(1).random((steps, 3)) < 0.1).astype(np.uint8)
    work = make_work(plan, workers)
    ones = np.ones(int(plan.weight[-1]), np.float32)
    key = np.uint64(1)
    plain.present(rest, plan, Weights(ones), one_sample(given), 0, 1, 1, key, work, 0)
    found = raster_of(plan, work)
    wanted = np.zeros((steps, 3), bool)
    for t in range(steps):
        wanted[t] = (given[t - 3] if t >= 3 else False) | (wanted[t - 2] if t >= 2 else False)
    np.testing.assert_array_equal(found[:, 3:6], wanted)
    np.testing.assert_array_equal(found[:, 6:], wanted)


SILENT = """
network n {
  input x[2] encode spikes(duration = 900 ms)
  population a[3] : lif(tau_mem = 8 ms, tau_syn = 4 ms, v_th = 50 mV)
  output y[3] : lif(tau_mem = 8 ms, tau_syn = 4 ms, v_th = 50 mV)
  x -> a : dense
  x -> y : dense
  y -> y : lateral_inhibition delay 1 ms
}
"""


def test_a_long_silence_leaves_no_denormal_state(kernels):
    """Decays of 7/8 and 3/4 reach 1e-38 after 660 steps, and stay there."""
    assert FLUSH % AHEAD == 0
    graph = compiled_text(SILENT).graph
    simulator = CpuSimulator(grid_model(graph, 1, 0.5, 2.0), 1, kernels)
    values = np.zeros((1, 900, 2), np.uint8)
    values[:, 1] = 1
    simulator.run(samples_with(values))
    assert simulator._work is not None
    states = np.abs(simulator._work.reals)
    assert not ((states > 0) & (states < np.finfo(np.float32).tiny)).any()


def test_only_denormal_states_are_forgotten(plain):
    reals = np.array([[1e-39, -1e-39, 1.2e-38, np.nan, -np.inf, 1e-39]], np.float32)
    plain.forget_faint(reals, 0, 5)
    np.testing.assert_array_equal(
        reals, np.array([[0, 0, 1.2e-38, np.nan, -np.inf, 1e-39]], np.float32)
    )


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_codes_are_the_nearest_a_tie_the_even_one_and_clipped(plain, kind):
    sent = np.zeros(6, kind)
    values = np.float32([0.0, 0.25, 0.75, 1.0, -9.0, 9.0])
    plain.levels(values, np.zeros(6), np.full(6, 2.0), 7.0, sent)
    assert sent.tolist() == [0, 0, 2, 2, -7, 7]
