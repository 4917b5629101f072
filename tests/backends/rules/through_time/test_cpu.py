"""Learning through time on the CPU: a step of descent is the oracle's gradient, for any neuron."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from backend_cases import samples_with
from compiled_texts import compiled_text
from kernel_flags import THROUGH_TIME
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

from snncc.backends.rules.through_time import tables
from snncc.backends.rules.through_time.cpu import scratch
from snncc.backends.trainers import cpu as trainer_module
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.ir.model import draw_model

pytestmark = THROUGH_TIME

# Compiled every night; with every change those without it, one of each kind of synapse and scan.
AT_NIGHT = pytest.mark.compiled_at_night
LABELS = [1]  # of five classes, one of which the oracle and the kernels are to raise


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    ("body", "arguments", "loss"),
    [
        pytest.param("layers", "width = 2", COUNT, marks=AT_NIGHT),
        pytest.param(
            "layers",
            'curve = "rectangle", reset = "detached", width = 2',
            "count_hinge",
            marks=AT_NIGHT,
        ),
        pytest.param("layers", "width = 1", "cross_entropy(scale = 0.5)", marks=AT_NIGHT),
        ("adaptive loop", 'curve = "sigmoid", width = 1', COUNT),
        pytest.param("adaptive loop", "width = 1, temporal = false", COUNT, marks=AT_NIGHT),
        ("learnt", 'curve = "sigmoid", width = 1', COUNT),
        pytest.param("learnt", "width = 1, temporal = false", COUNT, marks=AT_NIGHT),
        pytest.param("bursts", 'curve = "sigmoid", width = 20', COUNT, marks=AT_NIGHT),
        ("windows", 'curve = "fast_sigmoid", width = 1', COUNT),
        pytest.param("last", "width = 1", "cross_entropy(scale = 0.1)", marks=AT_NIGHT),
        pytest.param(
            "last", "width = 1, temporal = false", "cross_entropy(scale = 0.1)", marks=AT_NIGHT
        ),
        pytest.param("learnt readout", "width = 1", "cross_entropy(scale = 0.1)", marks=AT_NIGHT),
        pytest.param("highest", "width = 1", "cross_entropy(scale = 0.1)", marks=AT_NIGHT),
        pytest.param(
            "mean", 'curve = "sigmoid", width = 1', "cross_entropy(scale = 0.1)", marks=AT_NIGHT
        ),
    ],
)
def test_a_step_is_the_oracles_gradient(kernels, body, arguments, loss, batch):
    def make(model, spec):
        return CpuTrainer(model, spec, 2, kernels)

    text = HEAD + BODIES[body] + TRAIN.format(rule=f"surrogate({arguments})", loss=loss)
    check_step_of(make, text, batch, LABELS)


@pytest.mark.parametrize("batch", [1, 2])
def test_a_step_with_numbers_of_an_input_is_the_oracles_gradient(kernels, batch):
    head = HEAD.replace("x[20]", "x[1, 4, 5]").replace(
        "spikes(duration = 120 ms)", "current(duration = 60 ms, mean = 0.4, sd = 0.8)"
    )

    def image(label):
        values = np.random.default_rng(label).random((1, 20)).astype(np.float32)
        return replace(sample(label), values=values)

    text = head + NUMBERS + TRAIN.format(rule="surrogate(width = 2)", loss=COUNT)
    check_step_of(
        lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, batch, LABELS, image
    )


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    "rule", ["surrogate(width = 2)", pytest.param("e_prop(width = 2)", marks=AT_NIGHT)]
)
def test_a_step_with_numbers_that_are_emitted_is_the_oracles_gradient(kernels, rule, batch):
    text = HEAD.replace("x[20]", "x[1, 4, 5]") + EMITTED + TRAIN.format(rule=rule, loss=COUNT)
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, batch, LABELS)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    "rule", ["surrogate(width = 1)", pytest.param("e_prop(width = 1)", marks=AT_NIGHT)]
)
def test_a_step_beside_sources_and_noise_is_the_oracles_gradient(kernels, rule, batch):
    text = HOT + HEAD + SOURCED + TRAIN.format(rule=rule, loss=COUNT)
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, batch, LABELS)


COUNTED = """
  population m[1, 4, 5] : cell
  population c : cell
  output y[5] : cell
  x -> m : sparse(p = 0.5)  delay 2 ms
  x -> c : conv2d(channels = 2, kernel = 3, padding = 1, init = uniform(-0.2, 0.3))
  m -> c : conv2d(channels = 2, kernel = 3, padding = 1)
  x -> y : dense(init = uniform(-0.2, 0.2))  delay 3 ms
  c -> y : dense"""


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    "rule", ["surrogate(width = 2)", pytest.param("e_prop(width = 2)", marks=AT_NIGHT)]
)
def test_a_step_with_several_spikes_of_an_input_is_the_oracles_gradient(kernels, rule, batch):
    head = HEAD.replace("x[20]", "x[1, 4, 5]").replace("120 ms)", "120 ms, most = 9)")

    def counted(label):
        given = sample(label)
        often = np.random.default_rng(label).integers(1, 10, given.values.shape)
        return replace(given, values=(given.values * often).astype(np.uint8))

    text = head + COUNTED + TRAIN.format(rule=rule, loss=COUNT)
    check_step_of(
        lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, batch, LABELS, counted
    )


@pytest.mark.parametrize("batch", [1, 2])
def test_a_step_of_tssl_is_the_oracles_gradient(kernels, batch):
    text = HEAD + SPIKE_TIMES + TRAIN.format(rule="tssl_bp(width = 0.3)", loss=COUNT)
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, batch, LABELS)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    ("readout", "loss"),
    [
        ("first_spike", "first_spike(tau = 9 ms, early = 0.5)"),
        pytest.param("psc(tau = 4 ms)", "kernel(tau = 3 ms)", marks=AT_NIGHT),
        pytest.param("psc(tau = 4 ms)", "cross_entropy(scale = 2)", marks=AT_NIGHT),
    ],
)
def test_a_step_of_eventprop_is_the_oracles_gradient(kernels, readout, loss, batch):
    train = TRAIN.format(rule="eventprop(bound = 30)", loss=loss)
    text = HEAD + TIMED.replace("READOUT", readout) + train
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, batch, LABELS)


@AT_NIGHT
def test_a_step_of_eventprop_before_a_readout_is_the_oracles_gradient(kernels):
    body = BODIES["mean"].replace("alif(v_th = 1 mV)", "cell")
    text = HEAD + body + TRAIN.format(rule="eventprop", loss="cross_entropy(scale = 0.1)")
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, 1, LABELS)


@AT_NIGHT
@pytest.mark.parametrize(
    "said", ["target = [0, 0, 1], other = [0, 0, 0, 0, 1]", f"trains = {TRAINS}"]
)
def test_a_step_by_trains_is_the_oracles_gradient(kernels, said):
    train = TRAIN.format(rule="tssl_bp", loss=f"kernel(tau = 3 ms, {said})")
    text = HEAD + SPIKE_TIMES + train
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, 1, LABELS)


@AT_NIGHT
def test_a_step_of_tssl_before_a_readout_is_the_oracles_gradient(kernels):
    body = SPIKE_TIMES.replace("y[5] : quick", "y[5] : li_mean")
    text = HEAD + body + TRAIN.format(rule="tssl_bp", loss="cross_entropy")
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, 1, LABELS)


@AT_NIGHT
def test_a_step_by_first_spikes_is_the_oracles_gradient(kernels):
    body = SPIKE_TIMES + "\n  readout = first_spike"
    train = TRAIN.format(rule="surrogate(width = 2)", loss="first_spike(tau = 9 ms, early = 0.5)")
    text = HEAD + body + train
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, 1, LABELS)


@AT_NIGHT
@pytest.mark.parametrize("loss", ["cross_entropy(scale = 2)", "kernel(tau = 3 ms)", COUNT])
def test_a_step_of_an_output_read_by_pscs_is_the_oracles_gradient(kernels, loss):
    body = SPIKE_TIMES + "\n  readout = psc(tau = 4 ms)"
    text = HEAD + body + TRAIN.format(rule="surrogate(width = 2)", loss=loss)
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, 1, LABELS)


SEGMENTED = {
    "loop": BODIES["adaptive loop"] + TRAIN.format(rule="surrogate(width = 1)", loss=COUNT),
    "learnt": BODIES["learnt"] + TRAIN.format(rule="surrogate(width = 1)", loss=COUNT),
    "readout": BODIES["highest"] + TRAIN.format(rule="e_prop(width = 1)", loss="cross_entropy"),
    "windows": BODIES["windows"] + TRAIN.format(rule="surrogate(width = 1)", loss="rate_mse"),
    "emitted": EMITTED + TRAIN.format(rule="surrogate(width = 2)", loss=COUNT),
    "trains": SPIKE_TIMES + TRAIN.format(rule="tssl_bp(width = 0.3)", loss="kernel(tau = 3 ms)"),
    "times": TIMED.replace("READOUT", "first_spike")
    + TRAIN.format(rule="eventprop(bound = 30)", loss="first_spike(tau = 9 ms, early = 0.5)"),
}


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    ("case", "steps"),  # shorter than the longest delay; with a rest, and without
    [
        pytest.param("loop", 2, marks=AT_NIGHT),
        pytest.param("learnt", 7, marks=AT_NIGHT),
        pytest.param("readout", 40, marks=AT_NIGHT),
        pytest.param("windows", 7, marks=AT_NIGHT),
        ("emitted", 2),
        pytest.param("trains", 7, marks=AT_NIGHT),
        pytest.param("times", 2, marks=AT_NIGHT),
    ],
)
def test_a_step_in_segments_is_the_oracles_gradient(kernels, monkeypatch, case, steps, batch):
    monkeypatch.setattr(tables, "MOST_BYTES", 1)
    monkeypatch.setattr(tables, "PART", steps)

    def make(model, spec):
        trainer = CpuTrainer(model, spec, 2, kernels)
        assert (trainer.rule.segment, trainer.rule.segments > 2) == (steps, True)
        return trainer

    text = HEAD.replace("x[20]", "x[1, 4, 5]") + SEGMENTED[case]
    check_step_of(make, text, batch, [1])


TOGETHER = """
  population m[9] : cell
  output y[5] : cell
  x -> m : sparse(p = 0.5)
  x -> y : dense  delay 0 ms
  m -> m : dense(init = uniform(-0.5, 0.4))  delay 2 ms
  m -> y : dense
  y -> y : sparse(p = 0.6)  delay 3 ms"""


@pytest.mark.parametrize("encoding", ["current", pytest.param("bernoulli", marks=AT_NIGHT)])
def test_samples_are_learnt_together_as_one_by_one(kernels, monkeypatch, encoding):
    """Eight at a time of the ten and eleven of two groups, bit for bit."""
    monkeypatch.setattr(trainer_module, "GROUPS", 2)
    head = HEAD.replace("spikes(duration = 120 ms)", f"{encoding}(duration = 16 ms)")
    program = compiled_text(head + TOGETHER + TRAIN.format(rule="surrogate(width = 2)", loss=COUNT))
    model = draw_model(program.graph, 1)
    values = np.random.default_rng(0).random((21, 20), np.float32)
    samples = samples_with(values, np.arange(21) % 5)
    learnt = []
    for most in (1, 8):
        monkeypatch.setattr(scratch, "MOST", most)
        trainer = CpuTrainer(model, program.train, 1, kernels)
        assert scratch.together(trainer.plan) == most
        trainer.train(samples, 21, 1.0)
        learnt.append(trainer.weights())
    for name, moved in learnt[0].items():
        np.testing.assert_array_equal(moved, learnt[1][name])
        assert np.abs(moved - model.weights(name)).max() > 1e-3
