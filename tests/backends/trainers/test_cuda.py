"""What a trainer on a device promises beyond the gradients: flights, batches, states."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from backend_cases import SEED, check_moments, compiled_text, grid_model, samples_with
from devices import with_threads, without_simulator
from grid import GridDevice
from one_thread import OneThread

from snncc.backends.trainers.cpu import CpuTrainer
from snncc.backends.trainers.cuda import CudaTrainer
from snncc.frontend.program import load_program
from snncc.ir.diagnostics import CompileError
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.runtime.settings import settings_from

NET = """
network net {{
  dt = 1 ms
  delay = 1 ms
  neuron cell = lif(tau_mem = 8 ms, tau_syn = 4 ms, refractory = 1 ms)
  input  x[10] encode poisson(duration = 24 ms, rate = 300 Hz)
  population g[7] : cell(v_th = 1.5 mV)
  population h[6] : cell(v_th = 2 mV)
  output y[3] : cell(v_th = 2 mV)
  x -> g : dense
  g -> h : {middle}
  {inside}
  h -> y : dense
  y -> y : lateral_inhibition(weight = -1)
}}
train net {{
  data digits
  rule {rule}(target = 6, other = 1, margin = 0)
  optimizer {optimizer}
  {more}
}}
"""
RULES = {"st_rsbp": "h -> h : sparse(p = 0.5) delay 2 ms", "hm2_bp": ""}
AT_NIGHT = [pytest.mark.slow, pytest.mark.nightly]
ADAM, SGD = "adam(lr = 0.01)", "sgd(lr = 1, momentum = 0.5)"


@pytest.fixture(scope="module")
def trainer(device, tmp_path_factory):
    """trainer(rule, optimizer, middle, more, seed): the net on the device, on grid weights."""
    folder = tmp_path_factory.mktemp("kernels")

    def make(
        rule, optimizer=ADAM, middle="dense", more="", inside=None, seed=SEED, kind=CudaTrainer
    ):
        inside = RULES[rule] if inside is None else inside
        text = NET.format(rule=rule, inside=inside, optimizer=optimizer, middle=middle, more=more)
        net = compiled_text(text)
        model = grid_model(net.graph, seed)
        if kind is CpuTrainer:
            kernels = settings_from(os.environ).kernel_folder
            return CpuTrainer(model, net.train, 1, kernels)
        return CudaTrainer(model, net.train, None, folder, device)

    return make


def data(count):
    values = np.random.default_rng(4).random((count, 10)).astype(np.float32)
    samples = samples_with(values, np.arange(count) % 3)
    importance = np.where(np.arange(count) % 2, 1.5, 1.0).astype(np.float32)
    return replace(samples, importance=importance)


def assert_same(one, other):
    for name, array in one.state().items():
        np.testing.assert_array_equal(other.state()[name], array, err_msg=name)


@pytest.mark.parametrize("rule", RULES)
def test_samples_in_flight_change_no_bit(trainer, rule, monkeypatch):
    """A batch of five at once, and in waves of two, whose gradients wait for each other."""
    more = "regularizer exponential(strength = 0.5, limit = 2)"
    whole, waves = (trainer(rule, middle="sparse(p = 0.6)", more=more) for _ in range(2))
    before = whole.weights()
    whole.train(data(5), 5, 0.01)
    two = waves._reserve(2)
    monkeypatch.setattr(waves, "_reserve", lambda batch: two)
    waves.train(data(5), 5, 0.01)
    assert two.count.shape[0] == 2
    assert_same(whole, waves)
    assert whole.updates == 1
    assert all((before[p] != whole.weights()[p]).any() for p in ("x->g", "g->h", "h->y"))


@without_simulator
@pytest.mark.parametrize("count", [80, pytest.param(4096, marks=AT_NIGHT)])
def test_a_large_batch(trainer, count):
    """Sixteen samples again and again: the mean of all is the mean of the sixteen."""
    few, many = trainer("st_rsbp", SGD), trainer("st_rsbp", SGD)
    samples = data(16)
    order = np.arange(count) % 16
    fields = (samples.rows, samples.ids, samples.labels, samples.importance)
    outcome = many.train(replace_rows(samples, *(f[order] for f in fields)), count, 1.0)
    once = few.train(samples, 16, 1.0)
    assert many.updates == 1
    np.testing.assert_array_equal(outcome.counts, once.counts[order])
    for name, array in few.weights().items():
        np.testing.assert_allclose(many.weights()[name], array, rtol=1e-3, atol=1e-3, err_msg=name)


def replace_rows(samples, rows, ids, labels, importance):
    return replace(samples, rows=rows, ids=ids, labels=labels, importance=importance)


@pytest.mark.parametrize("rule", RULES)
def test_a_batch_is_the_mean_of_its_samples(trainer, rule):
    samples = data(3)

    def moves(first, last, batch):
        learner = trainer(rule, SGD)
        before = learner.weights()
        learner.train(samples.part(first, last), batch, 1.0)
        return {n: w.astype(np.float64) - before[n] for n, w in learner.weights().items()}

    singly = [moves(k, k + 1, 1) for k in range(3)]
    for name, moved in moves(0, 3, 3).items():
        mean = np.mean([m[name] for m in singly], axis=0)
        np.testing.assert_allclose(moved, mean, atol=2e-5 * (1 + np.abs(moved).max()), err_msg=name)


EVERY = "regularizer l2(0.01) decay decoupled(0.1) clamp range(-0.9, 0.8)"


@pytest.mark.parametrize("optimizer", [ADAM, SGD])
def test_at_once_and_apart_give_the_same_bits(trainer, optimizer):
    """A clip that is never reached looks at the whole gradient all the same."""
    at_once = trainer("st_rsbp", optimizer, more=EVERY)
    apart = trainer("st_rsbp", optimizer, more=EVERY + " clip norm(limit = 1e30)")
    for trained in (at_once, apart):
        trained.train(data(4), 2, 0.01)
    assert_same(at_once, apart)
    assert max(abs(w).max() for n, w in at_once.weights().items() if n != "y->y") <= 0.9


@with_threads
def test_a_gradient_is_clipped_as_a_whole(trainer):
    plain, samples, found = "sgd(lr = 1, momentum = 0)", data(3), []
    for more in ("", "clip norm(limit = 0.25)"):
        learner = trainer("st_rsbp", plain, middle="sparse(p = 0.6)", more=more)
        before = learner.weights()
        learner.train(samples, 3, 1.0)
        found.append({n: w.astype(np.float64) - before[n] for n, w in learner.weights().items()})
    free, short = found
    length = np.sqrt(sum((move**2).sum() for move in free.values()))
    assert length > 1
    for name, move in free.items():
        np.testing.assert_allclose(short[name], move * 0.25 / length, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("inside", [RULES["st_rsbp"], "h -> h : dense"])
@pytest.mark.parametrize("batch", [1, 2])
def test_a_restored_trainer_goes_on_with_the_same_bits(trainer, batch, inside):
    samples = data(4)
    straight, first = trainer("st_rsbp", inside=inside), trainer("st_rsbp", inside=inside)
    straight.train(samples, batch, 0.01)
    first.train(samples.part(0, 2), batch, 0.01)
    resumed = trainer("st_rsbp", inside=inside, seed=99)
    resumed.restore(first.state())
    assert_same(first, resumed)
    resumed.train(samples.part(2, 4), batch, 0.01)
    assert_same(straight, resumed)


def test_counts_are_those_before_the_update(trainer):
    learner, samples = trainer("hm2_bp"), data(3)
    seen = learner.run(samples)
    outcome = learner.train(samples, 3, 0.5)
    np.testing.assert_array_equal(outcome.counts, seen.counts)
    np.testing.assert_array_equal(outcome.predictions, seen.predictions)
    np.testing.assert_array_equal(outcome.activity, seen.activity)
    wanted = np.where(np.arange(3) == samples.labels[:, None], 6.0, 1.0)
    taught = (np.arange(3) == samples.labels[:, None]) & (seen.counts == 0)
    error = np.where(taught, 0.0, seen.counts - wanted)
    np.testing.assert_allclose(outcome.cost, (error**2).sum(axis=1))


@pytest.mark.slow  # compiles the CPU's kernels
@pytest.mark.parametrize("optimizer", [ADAM, SGD], ids=["adam", "sgd"])
@pytest.mark.parametrize(
    ("rule", "inside"), [*RULES.items(), ("st_rsbp", "h -> h : dense")], ids="-".join
)
def test_learns_like_the_cpu(trainer, rule, inside, optimizer):
    """From one state, with a regularizer: two updates of two samples."""
    more = "regularizer exponential(strength = 0.5, limit = 2)"
    arguments = rule, optimizer, "sparse(p = 0.6)", more, inside
    card, cpu = trainer(*arguments), trainer(*arguments, kind=CpuTrainer)
    card.train(data(2), 1, 0.01)
    cpu.restore(card.state())
    for learner in (card, cpu):
        learner.train(data(4), 2, 0.01)
    assert card.updates == cpu.updates == 4
    for name, array in cpu.state().items():
        np.testing.assert_allclose(card.state()[name], array, rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("inside", ["h -> h : sparse(p = 0.5)", "h -> h : dense"])
def test_moments_have_the_shape_and_the_order_of_their_weights(trainer, inside):
    check_moments(trainer("st_rsbp", SGD, inside=inside), data(2))


def test_a_state_that_does_not_fit(trainer):
    learner = trainer("st_rsbp")
    state = learner.state()
    for bad in ({**state, "weights/x->z": state["weights/x->g"]}, {}):
        with pytest.raises(CompileError) as caught:
            learner.restore(bad)
        assert caught.value.diagnostics[0].code == "E060"


@pytest.mark.slow
@with_threads
def test_recurrence_whose_sweeps_diverge_is_eliminated(trainer, monkeypatch):
    """Strong wiring: the errors still solve the system, as the CPU finds them."""
    card, cpu = trainer("st_rsbp", SGD), trainer("st_rsbp", SGD, kind=CpuTrainer)
    state = card.state()
    state["weights/h->h"] = (state["weights/h->h"] * 40).astype(np.float32)
    for learner in (card, cpu):
        learner.restore(state)
        learner.train(data(2), 1, 1e-4)
    assert card.device.download(card._back.held.system).any(), "nothing was eliminated"
    for name, array in cpu.weights().items():
        np.testing.assert_allclose(card.weights()[name], array, rtol=1e-3, atol=1e-3, err_msg=name)


# 784-50-R50-10 on a grid in Python has masks of several words and items of several blocks; its
# weights are larger, so that all of it fires. 784-400-R400-10 in 400 steps needs compiled kernels,
# which takes minutes for the processor.
SMALL = {"hidden": "50", "duration": "40 ms"}
SIZES = [
    pytest.param(SMALL, 8, lambda _: GridDevice(3, 1), id="small"),
    pytest.param({}, 1, OneThread, id="real", marks=pytest.mark.nightly),
]


@pytest.mark.slow
@pytest.mark.parametrize(("sizes", "gain", "make"), SIZES)
def test_an_example_learns_like_the_cpu(sizes, gain, make, tmp_path):
    """The same spikes, and weights that differ in their last bits."""
    path = Path(__file__).parents[3] / "examples/fashion.snn"
    program = load_program(path, {"wiring": '"symmetric"', **sizes})
    graph, spec = run_pipeline(program.graph), program.train
    model = draw_model(graph, SEED)
    model = model.with_weights({name: gain * model.weights(name) for name in model.wirings})
    card = CudaTrainer(model, spec, None, tmp_path, make(tmp_path))
    cpu = CpuTrainer(model, spec, 1, settings_from(os.environ).kernel_folder)
    generator = np.random.default_rng(0)
    images = generator.random((6, 784)) * (generator.random((6, 784)) < 0.5)
    samples = samples_with(images.astype(np.float32), np.arange(6))
    before = card.weights()
    for batch in (1, 3):
        one, other = (t.train(samples, batch, 1e-3) for t in (card, cpu))
        np.testing.assert_array_equal(one.activity, other.activity)
        np.testing.assert_array_equal(one.counts, other.counts)
        np.testing.assert_allclose(one.cost, other.cost)
        for name, array in cpu.state().items():
            np.testing.assert_allclose(card.state()[name], array, rtol=0, atol=1e-5, err_msg=name)
        cpu.restore(card.state())
    bounds = np.cumsum([p.neurons for p in graph.populations])[:-1]
    assert all(part.sum() > 100 for part in np.split(one.activity, bounds)[:-1])
    moved = {name for name, array in card.weights().items() if (array != before[name]).any()}
    assert moved == before.keys() - {"digit->digit"}
