"""Training of what integers do: what runs, what the gradient is of, and what moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import rule_cases
import through_cases
from aware_cases import (
    AT_NIGHT,
    CASES,
    EXACT,
    LABEL,
    LAYERS,
    SLOW,
    SPIKE_TRAINS,
    SURROGATE,
    TSSL,
    begun,
    check_moved,
    emitted_by,
    floats,
    joined,
    meaning,
    oracle_of,
    six,
    text_of,
)
from compiled_texts import compiled_text
from integer_cases import SOFT
from kernel_flags import SPIKE_TRAIN, THROUGH_TIME
from refusal import refused
from rule_cases import RATE, SEED, sample

from snncc.backends.cpu.simulator import CpuSimulator
from snncc.backends.reference.simulator import double, input_spikes
from snncc.backends.trainers.aware import AwareTrainer
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.ir.integers.grid import recoded
from snncc.ir.integers.precision import Deployment, Precision
from snncc.ir.model import draw_model
from snncc.runtime.calibration import seen
from snncc.runtime.quantization import quantized


@pytest.mark.parametrize(("head", "body", "train", "share"), CASES)
def test_a_step_is_the_oracles_gradient_at_the_spikes_of_the_integers(
    kernels, head, body, train, share
):
    trainer, model = begun(text_of(head, body, train), kernels, decay_bits=5)
    seen = model.with_weights(meaning(trainer))
    emitted = emitted_by(trainer)
    assert (CpuSimulator(seen, 1, kernels).raster(sample(LABEL), 0) != joined(emitted)).any()
    outcome = trainer.train(sample(LABEL), 1, RATE)
    oracle = oracle_of(trainer, seen, emitted)
    assert outcome.cost[0] == pytest.approx(oracle.cost, rel=share)
    check_moved(trainer, model, oracle, share)


@pytest.mark.parametrize(
    ("head", "body", "train", "share"), [CASES[3], CASES[4]], ids=["spike trains", "time"]
)
def test_what_runs_are_the_codes_of_what_was_learnt(kernels, head, body, train, share):
    trainer, model = begun(text_of(head, body, train), kernels, 3)
    unlike = CpuSimulator(model, 1, kernels).raster(sample(LABEL), 0)
    assert (unlike != trainer.raster(sample(LABEL), 0)).any()
    before = trainer.raster(sample(LABEL), 0)
    for _ in range(3):
        trainer.train(sample(LABEL), 1, 20 * RATE)
    assert (before != trainer.raster(sample(LABEL), 0)).any()
    coded = double(recoded(trainer.integers.model, floats(trainer)), None, kernels)
    np.testing.assert_array_equal(coded.raster(sample(LABEL), 0), trainer.raster(sample(LABEL), 0))
    np.testing.assert_array_equal(
        coded.run(sample(LABEL)).counts, trainer.run(sample(LABEL)).counts
    )


@THROUGH_TIME
@AT_NIGHT
@pytest.mark.parametrize(
    "asked",
    [
        {"scale": "projection"},
        {"scale": "pow2", "by_projection": {"h->h": 3}, "decay": "shift"},
        {"sums": "each", "threshold": "event", "state_bits": 20, "rounding": "toward_zero"},
        {"overflow": "saturate", "decay": "linear", "floor": -1.0},
        {"axon_types": 3, "bits": 5},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_integers_of_any_kind_are_learnt_from(kernels, asked):
    """What runs are the integers that were asked for; what learns is of their spikes."""
    body = LAYERS.replace(": cell", ": if(v_th = 1 mV)") if "decay" in asked else LAYERS
    trainer, model = begun(text_of(through_cases.HEAD, body, SURROGATE), kernels, **asked)
    emitted, means = emitted_by(trainer), model.with_weights(meaning(trainer))
    golden = double(trainer.integers.model, None, kernels)
    np.testing.assert_array_equal(golden.raster(sample(LABEL), 0), joined(emitted))
    oracle = oracle_of(trainer, means, emitted)
    trainer.train(sample(LABEL), 1, RATE)
    check_moved(trainer, model, oracle, EXACT)


@THROUGH_TIME
@AT_NIGHT
@pytest.mark.parametrize("sums", ["exact", "each"])
def test_several_spikes_of_an_input_are_learnt_from(kernels, sums):
    """Each arrives as an event of the integers, and the rule goes back over all of them."""
    head = through_cases.HEAD.replace("120 ms)", "120 ms, most = 5)")
    trainer, model = begun(
        text_of(head, LAYERS, SURROGATE), kernels, sums=sums, overflow="saturate"
    )
    often = np.random.default_rng(2).integers(1, 6, (1, 120, 20))
    given = replace(sample(LABEL), values=(sample(LABEL).values * often).astype(np.uint8))
    emitted, means = emitted_by(trainer, given), model.with_weights(meaning(trainer))
    assert emitted["x"].max() == 5
    golden = double(trainer.integers.model, None, kernels)
    np.testing.assert_array_equal(golden.raster(given, 0), joined(emitted))
    oracle = oracle_of(trainer, means, emitted)
    trainer.train(given, 1, RATE)
    check_moved(trainer, model, oracle, EXACT)


@THROUGH_TIME
@AT_NIGHT
def test_weights_by_axon_type_keep_types_and_follow_what_their_synapses_learn(kernels):
    """After some steps what runs is what `recoded` makes of the floats; a neuron has a weight for
    each type, which is none that it began with."""
    text = text_of(through_cases.HEAD, LAYERS, SURROGATE)
    trainer, _ = begun(text, kernels, 8, axon_types=2)
    before = trainer.integers.model
    for _ in range(4):
        trainer.train(sample(LABEL), 1, 200 * RATE)
    after = recoded(before, floats(trainer), trainer.types)
    golden = double(after, None, kernels)
    np.testing.assert_array_equal(golden.raster(sample(LABEL), 0), trainer.raster(sample(LABEL), 0))
    kinds, codes = trainer.types["h->y"].kinds, after.weights("h->y")
    for kind in range(2):
        own = [set(column) - {0} for column in codes[kinds == kind].T]
        assert max(map(len, own)) == 1
    assert (codes != before.weights("h->y")).any()
    seen, joined = trainer._seen.weights, codes != 0
    first = trainer.plan.weight[-2]
    np.testing.assert_array_equal(seen[first:].reshape(codes.shape) != 0, joined)
    assert joined.any()
    assert not joined.all()


@THROUGH_TIME
@AT_NIGHT
def test_a_weight_of_a_type_that_is_clipped_goes_no_further_but_back(kernels):
    text = text_of(through_cases.HEAD, LAYERS, SURROGATE)
    trainer, _ = begun(text, kernels, 4, axon_types=2)
    state = trainer.state()
    for name in trainer.weights():
        state[f"weights/{name}"] *= 3
    trainer.restore(state)
    before, sides = trainer.weights(), trainer._beyond
    assert (sides != 0).mean() > 0.1
    trainer.train(sample(LABEL), 1, RATE)
    moved = np.concatenate(
        [(each - before[name]).ravel() for name, each in trainer.weights().items()]
    )
    assert (moved * sides <= 0).all()
    assert (moved * sides < 0).any()


OFTEN = """
  population h[12] : soft(tau = 8 ms)
  output y[5] : soft(tau = 6 ms)
  x -> h : dense(init = uniform(-1, 3))  delay 0 ms
  h -> h : sparse(p = 0.5, init = uniform(-1, 1))  delay 3 ms
  h -> y : dense(init = uniform(-1, 2))  delay 2 ms"""


@THROUGH_TIME
@AT_NIGHT
@pytest.mark.parametrize(
    "rule", [SURROGATE, SURROGATE.replace("width = 1", 'width = 1, reset = "detached"')]
)
def test_several_spikes_a_step_are_learnt_from(kernels, rule):
    """By how often each neuron fired; its weights move as the oracle says."""
    trainer, model = begun(text_of(SOFT + through_cases.HEAD, OFTEN, rule), kernels, spikes=7)
    spikes = trainer.trace(sample(LABEL), False).spikes
    emitted = {name: counts[:, 0] for name, counts in spikes.items()}
    assert emitted["h"].max() > 3
    means = model.with_weights(meaning(trainer))
    oracle = oracle_of(trainer, means, emitted)
    trainer.train(sample(LABEL), 1, RATE)
    check_moved(trainer, model, oracle, EXACT)


@pytest.mark.parametrize(
    ("body", "rule", "why"),
    [
        (OFTEN, TSSL, "a spike a neuron and step"),
        (OFTEN.replace("soft(tau = 6 ms)", "stbp"), SURROGATE, "a reset to a value"),
        (OFTEN.replace("soft(tau = 6 ms)", "lif"), SURROGATE, "a reset to a value"),
    ],
)
def test_several_spikes_that_are_not_learnt_from(kernels, body, rule, why):
    error = refused(
        "E050", begun, text_of(SOFT + through_cases.HEAD, body, rule), kernels, spikes=7
    )
    assert why in error.message


@THROUGH_TIME
@AT_NIGHT
def test_numbers_that_inputs_send_are_calibrated_and_learnt_from(kernels):
    """The rule reads them as the floats that they were before they were rounded to codes."""
    text = text_of(through_cases.HEAD, LAYERS, SURROGATE)
    text = text.replace("encode spikes(duration", "encode current(mean = 0.5, sd = 2, duration")
    values = np.random.default_rng(5).random((1, 20)).astype(np.float32)
    numbers = replace(sample(LABEL), values=values)
    model = draw_model(compiled_text(text).graph, SEED)
    asked = Deployment(Precision(input_bits=4), method="minmax")
    made = quantized(model, asked, seen(model, numbers, "minmax", 4), is_learning=True)
    trainer = AwareTrainer(model, made.integers, compiled_text(text).train, 2, kernels)
    most = abs(input_spikes(made.integers.graph, numbers, 1, SEED)["x"]).max()
    assert most == 7  # the largest code, of the largest number
    emitted = emitted_by(trainer, numbers)
    sent = input_spikes(model.graph, numbers, trainer.steps, SEED)["x"][:, 0]
    means = model.with_weights(meaning(trainer))
    oracle = oracle_of(trainer, means, {**emitted, "x": sent})
    trainer.train(numbers, 1, RATE)
    check_moved(trainer, model, oracle, EXACT)


@SPIKE_TRAIN
@AT_NIGHT
def test_a_clipped_weight_stays_where_it_is(kernels):
    trainer, _ = begun(text_of(rule_cases.HEAD, "chain", SPIKE_TRAINS), kernels)
    state = trainer.state()
    weights = state["weights/h->y"]
    largest = np.unravel_index(abs(weights).argmax(), weights.shape)
    weights[largest] *= 1.5
    trainer.restore(state)
    trainer.train(sample(LABEL), 1, RATE)
    moved = trainer.weights()["h->y"] != weights
    assert not moved[largest]
    assert moved.any()
    assert meaning(trainer)["h->y"][largest] == pytest.approx(weights[largest] / 1.5)


@SPIKE_TRAIN
@AT_NIGHT
@pytest.mark.parametrize("batch", [1, pytest.param(3, marks=SLOW)])
def test_neither_threads_nor_a_stop_change_a_bit(kernels, batch):
    def taught(threads: int, pieces: tuple[int, ...]) -> dict[str, bytes]:
        program = compiled_text(text_of(rule_cases.HEAD, "chain", SPIKE_TRAINS))
        model = draw_model(program.graph, SEED)
        made = quantized(model, Deployment(Precision(bits=3)), is_learning=True)
        state = None
        for first, last in zip((0, *pieces), (*pieces, 6), strict=True):
            trainer = AwareTrainer(model, made.integers, program.train, threads, kernels)
            if state is not None:
                trainer.restore(state)
            trainer.train(six().part(first, last), batch, 10 * RATE)
            state = trainer.state()
        return {name: array.tobytes() for name, array in state.items()}

    straight = taught(1, ())
    assert taught(3, ()) == straight
    assert taught(1, (3,)) == straight


@SPIKE_TRAIN
@AT_NIGHT
@SLOW
def test_it_is_the_same_rule_where_nothing_is_rounded(kernels):
    """With 16 bits a weight and a float run that fires alike, steps are those of the floats."""
    text = text_of(rule_cases.HEAD, "chain", SPIKE_TRAINS)
    trainer, model = begun(text, kernels, 16)
    alone = CpuTrainer(model, trainer.spec, 1, kernels)
    assert (alone.raster(sample(LABEL), 0) == trainer.raster(sample(LABEL), 0)).all()
    for each in (alone, trainer):
        each.train(sample(LABEL), 2, RATE)
    for name, weights in alone.weights().items():
        np.testing.assert_allclose(trainer.weights()[name], weights, atol=1e-4)
