"""Training of what integers do: what runs, what the gradient is of, and what moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import rule_cases
import through_cases
from compiled_texts import compiled_text
from kernel_flags import SPIKE_TRAIN, THROUGH_TIME
from rule_cases import RATE, SEED, sample

from snncc.backends.cpu.simulator import CpuSimulator
from snncc.backends.losses.table import loss_of
from snncc.backends.reference.simulator import double
from snncc.backends.rules.table import RULES
from snncc.backends.rules.through_time.oracle import sample_gradients
from snncc.backends.rules.through_time.tables import scan_of
from snncc.backends.trainers.aware import AwareTrainer
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.ir.integers.grid import recoded
from snncc.ir.integers.precision import Deployment, Precision
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.settle import Settle
from snncc.runtime.quantization import quantized

LABEL = 1
SPIKE_TRAINS = rule_cases.TRAIN.format(kind="st_rsbp", profile="recommended")
SURROGATE = through_cases.TRAIN.format(
    rule='surrogate(curve = "sigmoid", width = 1)', loss=through_cases.COUNT
)
READOUT = through_cases.TRAIN.format(rule="surrogate(width = 1)", loss="cross_entropy(scale = 0.1)")
READ = """
  population h[9] : cell
  output y[5] : li(tau_mem = 20 ms)
  x -> h : dense
  h -> y : dense"""
LAYERS = """
  population h[12] : cell
  output y[5] : cell
  x -> h : dense  delay 0 ms
  h -> h : sparse(p = 0.5)  delay 3 ms
  h -> y : dense  delay 2 ms"""
SLOW = pytest.mark.slow
AT_NIGHT = pytest.mark.compiled_at_night
HM2_BP = SPIKE_TRAINS.replace("st_rsbp", "hm2_bp")
EXACT, NEAR = 5e-5, 2e-2  # shares; of scores that are codes, which the oracle has as floats, near
CASES = [
    pytest.param(head, body, train, share, marks=[group, AT_NIGHT, *slow])
    for head, body, train, share, group, *slow in (
        (rule_cases.HEAD, "recurrent", SPIKE_TRAINS, EXACT, SPIKE_TRAIN, SLOW),
        (rule_cases.HEAD, "square", SPIKE_TRAINS, EXACT, SPIKE_TRAIN, SLOW),
        (rule_cases.HEAD, "windows", SPIKE_TRAINS, EXACT, SPIKE_TRAIN, SLOW),
        (rule_cases.HEAD, "chain", HM2_BP, EXACT, SPIKE_TRAIN),
        (through_cases.HEAD, LAYERS, SURROGATE, EXACT, THROUGH_TIME),
        (through_cases.HEAD, "windows", SURROGATE, EXACT, THROUGH_TIME, SLOW),
        (through_cases.HEAD, READ, READOUT, NEAR, THROUGH_TIME),
    )
]


def text_of(head: str, body: str, train: str) -> str:
    own = rule_cases.BODIES if head is rule_cases.HEAD else through_cases.BODIES
    return head + own.get(body, body) + train


def begun(text: str, folder, bits: int = 4, decay_bits: int = 12) -> tuple[AwareTrainer, Model]:
    """A trainer, and the floats that it starts from."""
    program = compiled_text(text)
    model = draw_model(program.graph, SEED)
    asked = Precision(bits=bits, decay_bits=decay_bits)
    made = quantized(model, Deployment(asked), is_learning=True)
    return AwareTrainer(model, made.integers, program.train, 2, folder), model


def meaning(trainer: AwareTrainer) -> dict[str, np.ndarray]:
    """What the codes of the weights mean, by the units that the integers bear."""
    integers, found = recoded(trainer.integers.model, floats(trainer)), {}
    for projection in integers.graph.projections:
        unit = integers.values[f"{projection.post}/{projection.port}.unit"].array
        codes = integers.weights(projection.name).astype(np.float64)
        wiring = integers.wirings[projection.name]
        _, post = wiring.pairs()
        each = np.zeros(codes.size)
        units = np.broadcast_to(unit, (wiring.post_neurons,))
        each[wiring.places()] = units[post]
        found[projection.name] = (codes * each.reshape(codes.shape)).astype(np.float32)
    return found


def floats(trainer: AwareTrainer) -> Model:
    return trainer.model.with_weights(trainer.weights())


def joined(emitted: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate(list(emitted.values()), axis=1)


def emitted_by(trainer) -> dict[str, np.ndarray]:
    raster, found, start = trainer.raster(sample(LABEL), 0), {}, 0
    for population in trainer.graph.populations:
        found[population.name] = raster[:, start : start + population.neurons]
        start += population.neurons
    return found


def oracle_of(trainer: AwareTrainer, seen: Model, emitted):
    """The gradients of the rule in float64, at these spikes."""
    spec = trainer.spec
    rule = spec.call("rule")
    if rule.kind != "surrogate":
        return RULES[rule.kind].oracle(seen, emitted, LABEL, spec, 2.0)
    settled = Settle().run(seen).graph
    adjoints = {p.name: scan_of(p, rule) for p in settled.populations if p.step is not None}
    return sample_gradients(seen, emitted, LABEL, loss_of(spec), adjoints, 2.0, is_forced=True)


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
    moved = trainer.weights()
    for name, gradient in oracle.gradients.items():
        step = (model.weights(name).astype(np.float64) - moved[name]) / RATE
        slack = np.abs(gradient).max() * share + 1e-3
        np.testing.assert_allclose(step, gradient, atol=slack, rtol=0, err_msg=name)


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
            one = sample(LABEL)
            many = replace(
                one,
                rows=np.zeros(6, np.int64),
                ids=np.arange(6, dtype=np.uint64),
                labels=np.arange(6, dtype=np.int32) % 5,
                importance=np.ones(6, np.float32),
            )
            trainer.train(many.part(first, last), batch, 10 * RATE)
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
