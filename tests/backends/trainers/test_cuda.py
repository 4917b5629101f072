"""What a trainer on a device promises beyond the gradients: flights, batches, states."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from backend_cases import SEED, grid_model, samples_with
from devices import with_threads, without_simulator
from grid import GridDevice
from kernel_flags import SPIKE_TRAIN
from one_thread import OneThread
from refusal import refusals
from trainer_cases import (
    ADAM,
    CLIP,
    PLAIN,
    RULES,
    STRONG,
    UNREACHED,
    bits,
    check_clip,
    check_counts,
    check_mean,
    check_moments,
    check_restored,
    data,
    program,
)

from snncc.backends.trainers.cpu import CpuTrainer
from snncc.backends.trainers.cuda import CudaTrainer
from snncc.frontend.program import load_program
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline

MOMENTUM = "sgd(lr = 1, momentum = 0.5)"
AT_NIGHT = [pytest.mark.slow, pytest.mark.nightly]
COMPILED = pytest.mark.parametrize("kernels", ["compiled"], indirect=True)
pytestmark = SPIKE_TRAIN


@pytest.fixture(scope="module")
def trainer(device, tmp_path_factory):
    """trainer(rule, optimizer, middle, more, seed, cpu): the net on the device, on grid weights; on
    the processor, if `cpu` is the folder of its kernels."""
    folder = tmp_path_factory.mktemp("kernels")

    def make(rule, *arguments, seed=SEED, cpu=None, **options):
        net = program(rule, *arguments, **options)
        model = grid_model(net.graph, seed)
        if cpu is not None:
            return CpuTrainer(model, net.train, 1, cpu)
        return CudaTrainer(model, net.train, None, folder, device)

    return make


@pytest.mark.parametrize("rule", RULES)
def test_samples_in_flight_change_no_bit(trainer, rule, monkeypatch):
    """A batch of five at once, and in waves of two, whose gradients wait for each other."""
    whole, waves = (trainer(rule, middle="sparse(p = 0.6)", more=STRONG) for _ in range(2))
    before = whole.weights()
    whole.train(data(5), 5, 0.01)
    two = waves._reserve(2)
    monkeypatch.setattr(waves, "_reserve", lambda batch: two)
    waves.train(data(5), 5, 0.01)
    assert two.count.shape[0] == 2
    assert bits(whole) == bits(waves)
    assert whole.updates == 1
    assert all((before[p] != whole.weights()[p]).any() for p in ("x->g", "g->h", "h->y"))


@without_simulator
@pytest.mark.parametrize("count", [80, pytest.param(4096, marks=AT_NIGHT)])
def test_a_large_batch(trainer, count):
    """Sixteen samples again and again: the mean of all is the mean of the sixteen."""
    few, many = trainer("st_rsbp", MOMENTUM), trainer("st_rsbp", MOMENTUM)
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
    check_mean(lambda: trainer(rule, MOMENTUM), 3)


EVERY = "regularizer l2(0.01) decay decoupled(0.1) clamp range(-0.9, 0.8)"


@pytest.mark.parametrize("optimizer", [ADAM, MOMENTUM])
def test_at_once_and_apart_give_the_same_bits(trainer, optimizer):
    at_once = trainer("st_rsbp", optimizer, more=EVERY)
    apart = trainer("st_rsbp", optimizer, more=EVERY + UNREACHED)
    for trained in (at_once, apart):
        trained.train(data(4), 2, 0.01)
    assert bits(at_once) == bits(apart)
    assert max(abs(w).max() for n, w in at_once.weights().items() if n != "y->y") <= 0.9


@with_threads
def test_a_gradient_is_clipped_as_a_whole(trainer):
    check_clip(*(trainer("st_rsbp", PLAIN, "sparse(p = 0.6)", more) for more in ("", CLIP)))


@pytest.mark.parametrize("inside", [RULES["st_rsbp"], "h -> h : dense"])
@pytest.mark.parametrize("batch", [1, 3])
def test_a_restored_trainer_goes_on_with_the_same_bits(trainer, batch, inside):
    straight, first = trainer("st_rsbp", inside=inside), trainer("st_rsbp", inside=inside)
    check_restored(straight, first, trainer("st_rsbp", inside=inside, seed=99), batch)


def test_counts_are_those_before_the_update(trainer):
    learner = trainer("hm2_bp")
    check_counts(learner, learner, data(3))


@pytest.mark.slow
@COMPILED
@pytest.mark.parametrize("optimizer", [ADAM, MOMENTUM], ids=["adam", "sgd"])
@pytest.mark.parametrize(
    ("rule", "inside"), [*RULES.items(), ("st_rsbp", "h -> h : dense")], ids=[*RULES, "dense"]
)
def test_learns_like_the_cpu(trainer, kernels, rule, inside, optimizer):
    """From one state, with a regularizer: two updates of two samples."""
    arguments = rule, optimizer, "sparse(p = 0.6)", STRONG, inside
    card, cpu = trainer(*arguments), trainer(*arguments, cpu=kernels)
    card.train(data(2), 1, 0.01)
    cpu.restore(card.state())
    for learner in (card, cpu):
        learner.train(data(4), 2, 0.01)
    assert card.updates == cpu.updates == 4
    for name, array in cpu.state().items():
        np.testing.assert_allclose(card.state()[name], array, rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("inside", ["h -> h : sparse(p = 0.5)", "h -> h : dense"])
def test_moments_have_the_shape_and_the_order_of_their_weights(trainer, inside):
    check_moments(trainer("st_rsbp", MOMENTUM, inside=inside), data(2))


def test_a_state_that_does_not_fit(trainer):
    learner = trainer("st_rsbp")
    state = learner.state()
    for bad in ({**state, "weights/x->z": state["weights/x->g"]}, {}):
        assert refusals(learner.restore, bad)[0].code == "E060"


@pytest.mark.slow
@COMPILED
@with_threads
def test_recurrence_whose_sweeps_diverge_is_eliminated(trainer, kernels):
    """Strong wiring: the errors still solve the system, as the CPU finds them."""
    card, cpu = trainer("st_rsbp", MOMENTUM), trainer("st_rsbp", MOMENTUM, cpu=kernels)
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
@COMPILED
@pytest.mark.parametrize(("sizes", "gain", "make"), SIZES)
def test_an_example_learns_like_the_cpu(kernels, sizes, gain, make, tmp_path):
    """The same spikes, and weights that differ in their last bits."""
    path = Path(__file__).parents[3] / "examples/fashion.snn"
    program = load_program(path, {"wiring": '"symmetric"', **sizes})
    graph, spec = run_pipeline(program.graph), program.train
    model = draw_model(graph, SEED)
    model = model.with_weights({name: gain * model.weights(name) for name in model.wirings})
    card = CudaTrainer(model, spec, None, tmp_path, make(tmp_path))
    cpu = CpuTrainer(model, spec, 1, kernels)
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
