"""Learning through time on a GPU: a step of descent is the oracle's gradient, for any neuron."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from backend_cases import grid_model, samples_with
from compiled_texts import compiled_text
from devices import with_threads
from grid import GridDevice
from kernel_flags import THROUGH_TIME
from one_thread import OneThread
from rule_cases import check_step_of, sample
from through_cases import (
    BODIES,
    COUNT,
    EMITTED,
    HEAD,
    HOT,
    NUMBERS,
    SOURCED,
    SPIKE_TIMES,
    TIMED,
    TRAIN,
    TRAINS,
)
from trainer_cases import bits

from snncc.backends.trainers.cpu import CpuTrainer
from snncc.backends.trainers.cuda import CudaTrainer
from snncc.frontend.program import load_program
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline

pytestmark = [pytest.mark.usefixtures("plain_values"), THROUGH_TIME]
STEPS = 30  # a quarter of the CPU's: the grid in Python is slow
ENTROPY = "cross_entropy(scale = 0.1)"
PSC = SPIKE_TIMES + "\n  readout = psc(tau = 4 ms)"
CASES = {
    "hinge": ("layers", 'curve = "rectangle", reset = "detached", width = 2', "count_hinge"),
    "rates": ("layers", "width = 2", "rate_mse"),
    "counts": ("layers", "width = 1", "cross_entropy(scale = 0.5)"),
    "loop": ("adaptive loop", 'curve = "sigmoid", width = 1', COUNT),
    "states": ("adaptive loop", "width = 1, temporal = false", COUNT),
    "bursts": ("bursts", 'curve = "sigmoid", width = 20', COUNT),
    "windows": ("windows", 'curve = "fast_sigmoid", width = 1', COUNT),
    "learnt": ("learnt", 'curve = "sigmoid", width = 1', COUNT),
    "learnt readout": ("learnt readout", "width = 1", ENTROPY),
    "last": ("last", "width = 1", ENTROPY),
    "highest": ("highest", "width = 1", ENTROPY),
    "mean": ("mean", 'curve = "sigmoid", width = 1', ENTROPY),
}
TEXTS = {
    name: BODIES[body] + TRAIN.format(rule=f"surrogate({arguments})", loss=loss)
    for name, (body, arguments, loss) in CASES.items()
} | {
    "e-prop": BODIES["highest"] + TRAIN.format(rule="e_prop(width = 1)", loss=ENTROPY),
    "first": SPIKE_TIMES
    + TRAIN.format(rule="surrogate(width = 2)", loss="first_spike(tau = 4 ms, early = 0.5)"),
    "exact": TIMED.replace("READOUT", "first_spike")
    + TRAIN.format(rule="eventprop(bound = 30)", loss="first_spike(tau = 9 ms, early = 0.5)"),
    "exact trains": SPIKE_TIMES + TRAIN.format(rule="eventprop", loss="kernel(tau = 3 ms)"),
    "times": SPIKE_TIMES + TRAIN.format(rule="tssl_bp(width = 0.3)", loss=COUNT),
    "times, trains": SPIKE_TIMES
    + TRAIN.format(rule="tssl_bp", loss=f"kernel(tau = 3 ms, trains = {TRAINS})"),
    "emitted": EMITTED + TRAIN.format(rule="surrogate(width = 2)", loss=COUNT),
    "sourced": SOURCED + TRAIN.format(rule="surrogate(width = 1)", loss=COUNT),
    "sums": PSC + TRAIN.format(rule="surrogate(width = 2)", loss="cross_entropy(scale = 2)"),
}
FEW = ["loop", "times, trains"]  # in the simulator, with every change
SOME = [
    "hinge",
    "learnt",
    "windows",
    "highest",
    "sums",
    "first",
    "exact",
    "emitted",
    "sourced",
]  # on the grid


NUMERIC = HEAD.replace("x[20]", "x[1, 4, 5]").replace(
    "spikes(duration = 120 ms)", f"current(duration = {STEPS} ms, mean = 0.4, sd = 0.8)"
)


def image(label):
    values = np.random.default_rng(label).random((1, 20)).astype(np.float32)
    return replace(sample(label), values=values)


def short(label):
    given = sample(label)
    return replace(given, values=given.values[:, :STEPS])


def check(case, device, folder, labels):
    def make(model, spec):
        return CudaTrainer(model, spec, None, folder, device)

    text = (
        (HOT + HEAD + TEXTS[case]).replace("120 ms", f"{STEPS} ms").replace("x[20]", "x[1, 4, 5]")
    )
    check_step_of(make, text, 1, labels, short)


@with_threads
@pytest.mark.parametrize("case", FEW)
def test_a_step_is_the_oracles_gradient(case, device, tmp_path):
    check(case, device, tmp_path, [1])


@pytest.mark.parametrize("case", SOME)
def test_a_step_of_every_kind_is_the_oracles_gradient(case, device, tmp_path):
    check(case, device, tmp_path, [1])


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.parametrize("case", sorted(TEXTS.keys() - {*FEW, *SOME}))
def test_the_other_steps_are_the_oracles_gradient(case, tmp_path):
    check(case, GridDevice(3, 1), tmp_path, [1])


def test_a_step_with_numbers_of_an_input_is_the_oracles_gradient(device, tmp_path):
    text = NUMERIC + NUMBERS + TRAIN.format(rule="surrogate(width = 2)", loss=COUNT)
    check_step_of(
        lambda model, spec: CudaTrainer(model, spec, None, tmp_path, device), text, 1, [1], image
    )


NET = """
network net {
  dt = 1 ms
  delay = 1 ms
  neuron cell = lif(tau_syn = 3 ms, refractory = 1 ms)
  input x[1, 3, 4] encode poisson(duration = 14 ms, rate = 400 Hz)
  population g[1, 3, 4] : cell(v_th = 1 mV)
  population h[9] : cell(v_th = 2 mV trainable, tau_mem = 8 ms trainable(shared = true))
  output y[3] : cell(v_th = 2 mV)
  x -> g : conv2d(channels = 1, kernel = 3, padding = 1)
  g -> h : sparse(p = 0.6)
  x -> h : dense
  h -> h : dense delay 2 ms
  h -> y : dense
}
train net {
  data digits
  rule surrogate(width = 2)
  loss count(target = 6, other = 1, margin = 0)
  optimizer adam(lr = 0.01)
  regularizer exponential(strength = 0.5, limit = 2)
  decay decoupled(0.1)
  MORE
}
"""


def learner(device, folder, more="", kind=CudaTrainer, seed=5):
    program = compiled_text(NET.replace("MORE", more))
    model = grid_model(program.graph, seed, -0.5, 1.0)
    extra = (device,) if kind is CudaTrainer else ()
    return kind(model, program.train, 1, folder, *extra)


def samples(count):
    values = np.random.default_rng(4).random((count, 12)).astype(np.float32)
    given = samples_with(values, np.arange(count) % 3)
    return replace(given, importance=np.linspace(1, 2, count, dtype=np.float32))


@pytest.mark.compiled_at_night
@pytest.mark.parametrize("more", ["", "clip norm(limit = 0.5)"])
def test_learns_like_the_cpu(kernels, tmp_path, more):
    """Shared, listed and all-pairs weights, a loop, all steps of an optimizer: two updates."""
    card = learner(GridDevice(3, 1), tmp_path, more)
    cpu = learner(None, kernels, more, CpuTrainer)
    for batch in (1, 3):
        one, other = (t.train(samples(batch), batch, 0.01) for t in (card, cpu))
        np.testing.assert_array_equal(one.activity, other.activity)
        np.testing.assert_array_equal(one.predictions, other.predictions)
        np.testing.assert_allclose(one.cost, other.cost)
    assert one.activity[-3:].any()
    assert card.updates == cpu.updates == 2
    for name, array in cpu.state().items():
        np.testing.assert_allclose(card.state()[name], array, rtol=1e-3, atol=1e-4, err_msg=name)
    cpu.restore(card.state())
    assert bits(cpu) == bits(card)


@pytest.mark.parametrize("more", ["", "clip norm(limit = 0.5)"])
def test_samples_in_flight_change_no_bit(tmp_path, monkeypatch, more):
    """A batch of five at once on three blocks, and in waves of two on two."""
    whole, waves = (learner(GridDevice(n, n), tmp_path, more) for n in (3, 2))
    two = waves._reserve(2)
    monkeypatch.setattr(waves, "_reserve", lambda batch: two)
    outcomes = [trainer.train(samples(5), 5, 0.01) for trainer in (whole, waves)]
    assert two.count.shape[0] == 2
    assert bits(whole) == bits(waves)
    np.testing.assert_array_equal(*(outcome.cost for outcome in outcomes))


def test_a_restored_trainer_goes_on_with_the_same_bits(tmp_path):
    straight, resumed = (learner(GridDevice(2, 1), tmp_path, seed=seed) for seed in (5, 6))
    straight.train(samples(2), 2, 0.01)
    resumed.restore(straight.state())
    for trainer in (straight, resumed):
        trainer.train(samples(1), 1, 0.01)
    assert bits(straight) == bits(resumed)
    one, other = (trainer.run(samples(2)).counts for trainer in (straight, resumed))
    np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.parametrize("kernels", ["compiled"], indirect=True)
def test_an_example_learns_like_the_cpu(kernels, tmp_path):
    """On kernels compiled for one thread of the processor: the same spikes, and weights that differ
    in their last bits."""
    path = Path(__file__).parents[4] / "examples/digits_readout.snn"
    program = load_program(path, {"duration": "50 ms"})
    model, spec = draw_model(run_pipeline(program.graph), 3), program.train
    card = CudaTrainer(model, spec, None, tmp_path, OneThread(tmp_path))
    cpu = CpuTrainer(model, spec, 1, kernels)
    given = samples_with(np.random.default_rng(0).random((8, 64), np.float32), np.arange(8))
    for batch in (1, 5):
        one, other = (t.train(given, batch, 1e-3) for t in (card, cpu))
        np.testing.assert_array_equal(one.activity, other.activity)
        np.testing.assert_allclose(one.cost, other.cost, rtol=1e-4)
        for name, array in cpu.state().items():
            np.testing.assert_allclose(card.state()[name], array, rtol=1e-3, atol=1e-5)
        cpu.restore(card.state())
    assert one.activity[64:].sum() > 100
