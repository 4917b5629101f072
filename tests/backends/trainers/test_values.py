"""Parameters of neurons that learn: updates, batches, states, what runs after it."""

from __future__ import annotations

import numpy as np
import pytest
from backend_cases import samples_with
from compiled_texts import compiled_text
from kernel_flags import THROUGH_TIME

from snncc.backends.optimizers.oracle import OPTIMIZER_STEPS, fresh_moments
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.ir.graph import Call
from snncc.ir.model import draw_model

pytestmark = THROUGH_TIME

NET = """
neuron tuned {
  param tau: ms = 8 ms trainable
  param v_th: mV = 1 mV trainable(shared = true, low = 0.5 mV, high = 2 mV, lr_mult = 0.5)
  param b: mV/ms = 0.0625 mV / 1 ms trainable
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / tau + b
  spike when v > v_th
  on spike { v = 0 mV }
}
network n {
  input x[6] encode spikes(duration = 12 ms)
  population h[5] : tuned
  output y[3] : tuned(b = 0 mV / 1 ms fixed) method exact
  x -> h : dense
  h -> h : dense  delay 2 ms
  h -> y : dense
}
train n { data digits  rule surrogate(width = 1)  loss count(target = 4, other = 0, margin = 0)
"""
NAMES = {"h/tau": (5,), "h/v_th": (), "h/b": (5,), "y/tau": (3,), "y/v_th": ()}


@pytest.fixture
def samples():
    generator = np.random.default_rng(5)
    return samples_with((generator.random((6, 12, 6)) < 0.3).astype(np.uint8), [0, 1, 2, 0, 1, 2])


def trainer(kernels, lines="optimizer sgd(lr = 0.01)", threads=1):
    program = compiled_text(NET + lines + " batch 1 }")
    return CpuTrainer(draw_model(program.graph, 3), program.train, threads, kernels)


def moves(learner, samples, batch, rate=0.01):
    """What an update adds to every weight and x."""
    before = learner.state()
    learner.train(samples, batch, rate)
    after = learner.state()
    return {n: after[n].astype(float) - before[n] for n in after if not n.startswith("optimizer")}


def test_it_begins_at_what_the_program_says(kernels):
    found = trainer(kernels).parameters()
    assert {name: array.shape for name, array in found.items()} == NAMES
    assert all(array.dtype == np.float32 for array in found.values())
    np.testing.assert_array_equal(found["h/tau"], np.full(5, 8, np.float32))
    assert found["y/v_th"] == 1.0


def test_a_batch_is_the_mean_of_its_samples(kernels, samples):
    alone = [moves(trainer(kernels), samples.only(k), 1) for k in range(6)]
    together = moves(trainer(kernels), samples, 6)
    for name in NAMES:
        name = f"values/{name}"
        wanted = np.mean([move[name] for move in alone], axis=0)
        np.testing.assert_allclose(together[name], wanted, rtol=1e-4, atol=1e-9)
        assert np.abs(wanted).max() > 0, name


@pytest.mark.parametrize("batch", [1, 2])
def test_the_bits_depend_on_no_thread_and_no_pause(kernels, samples, batch):
    lines = "optimizer adam(lr = 0.02)"
    whole, parted, resumed = (trainer(kernels, lines, threads) for threads in (1, 3, 2))
    whole.train(samples, batch, 0.02)
    for part in range(2):
        parted.train(samples.part(2 * part, 2 * part + 2), batch, 0.02)
    resumed.restore(parted.state())
    resumed.train(samples.part(4, 6), batch, 0.02)
    for name, array in whole.state().items():
        np.testing.assert_array_equal(resumed.state()[name], array, err_msg=name)
    for name, array in whole.parameters().items():
        np.testing.assert_array_equal(resumed.parameters()[name], array, err_msg=name)
    one, other = resumed.run(samples), whole.run(samples)
    np.testing.assert_array_equal(one.activity, other.activity)


def test_what_has_learnt_runs_as_a_model_of_its_values(kernels, samples):
    learner = trainer(kernels)
    learner.train(samples, 3, 2.0)
    moved = {name: np.ptp(array) for name, array in learner.parameters().items() if array.ndim}
    assert all(spread > 0 for spread in moved.values())
    program = compiled_text(NET + "optimizer sgd(lr = 0.01) }")
    model = draw_model(program.graph, 3).with_weights(learner.weights())
    model = model.with_values(learner.parameters())
    other = CpuTrainer(model, program.train, 1, kernels)
    np.testing.assert_array_equal(other.plan.real_init, learner.plan.real_init)
    np.testing.assert_array_equal(other.run(samples).counts, learner.run(samples).counts)


def test_the_norm_that_is_clipped_is_of_all_that_learns(kernels, samples):
    free = moves(trainer(kernels), samples, 6)
    clipped = moves(trainer(kernels, "optimizer sgd(lr = 0.01)  clip norm(0.001)"), samples, 6)
    mult = {"values/h/v_th": 0.5, "values/y/v_th": 0.5}
    length = np.sqrt(sum(np.sum((m / mult.get(n, 1.0)) ** 2) for n, m in free.items())) / 0.01
    for name in (*(f"values/{n}" for n in NAMES), "weights/x->h"):
        np.testing.assert_allclose(clipped[name], free[name] * 0.001 / length, rtol=2e-3, atol=1e-7)


def test_what_pulls_or_clamps_weights_leaves_them_alone(kernels, samples):
    free = moves(trainer(kernels), samples, 6)
    lines = (
        "optimizer sgd(lr = 0.01)  decay decoupled(0.5)  regularizer l2(1)  clamp range(-1, 0.5)"
    )
    pulled = moves(trainer(kernels, lines), samples, 6)
    for name in (f"values/{n}" for n in NAMES):
        np.testing.assert_array_equal(pulled[name], free[name])
    assert (pulled["weights/x->h"] != free["weights/x->h"]).any()


@pytest.mark.parametrize("more", ["", "  clip norm(1e6)  decay decoupled(0.5)"])
def test_they_move_by_the_optimizer_of_the_training(kernels, samples, more):
    lines = "optimizer adam(lr = 0.02, beta1 = 0.5, beta2 = 0.75)" + more
    gradient = {n: -m / 0.01 for n, m in moves(trainer(kernels), samples, 6).items()}
    learner = trainer(kernels, lines)
    found = moves(learner, samples, 6, 0.02)
    call = Call("adam", (("lr", 0.02), ("beta1", 0.5), ("beta2", 0.75), ("eps", 1e-8)))
    for name in (f"values/{n}" for n in NAMES if "v_th" not in n):
        moved, moments = OPTIMIZER_STEPS["adam"](
            np.zeros_like(gradient[name]), gradient[name], fresh_moments(gradient[name]), 0.02, call
        )
        np.testing.assert_allclose(found[name], moved, rtol=1e-3)
        kept = learner.state()[name.replace("values", "optimizer/first", 1)]
        np.testing.assert_allclose(kept, moments.first, rtol=1e-3)


def test_no_update_leaves_the_range(kernels, samples):
    learner = trainer(kernels, "optimizer adam(lr = 1)")
    for _ in range(30):
        learner.train(samples, 6, 5.0)
    found = learner.parameters()
    assert (found["h/tau"] > 1).all()
    assert (found["y/tau"] > 0).all()
    assert 0.5 < found["h/v_th"] < 2
    assert all(np.isfinite(array).all() for array in found.values())
