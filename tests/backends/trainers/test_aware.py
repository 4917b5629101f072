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
from snncc.backends.reference.simulator import double, input_spikes
from snncc.backends.rules.reach import within_blocks
from snncc.backends.rules.table import RULES
from snncc.backends.rules.through_time.oracle import sample_gradients
from snncc.backends.rules.through_time.tables import is_cut, scan_of
from snncc.backends.trainers.aware import AwareTrainer
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.ir.integers.clipped import clipped
from snncc.ir.integers.grid import recoded
from snncc.ir.integers.precision import Deployment, Precision
from snncc.ir.integers.ranges import UNSEEN
from snncc.ir.model import Model, draw_model, sent_unit
from snncc.ir.passes.settle import Settle
from snncc.runtime.calibration import is_wanted, seen
from snncc.runtime.quantization import quantized

LABEL = 1
SPIKE_TRAINS = rule_cases.TRAIN.format(kind="st_rsbp", profile="recommended")
SURROGATE = through_cases.TRAIN.format(
    rule='surrogate(curve = "sigmoid", width = 1)', loss=through_cases.COUNT
)
E_PROP = SURROGATE.replace("surrogate", "e_prop")
TSSL = through_cases.TRAIN.format(rule="tssl_bp", loss=through_cases.COUNT)
READOUT = through_cases.TRAIN.format(rule="surrogate(width = 1)", loss="cross_entropy(scale = 0.1)")
EVENTPROP = READOUT.replace("surrogate(width = 1)", "eventprop")
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
QUICK = "lif(tau_mem = 8 ms, tau_syn = 3 ms, v_th = 1 mV, refractory = 0 ms)"
PAUSELESS = LAYERS.replace(": cell", f": {QUICK}")
TIMES = READ.replace("li(", "li_mean(").replace(": cell", f": {QUICK}")
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
        (through_cases.HEAD, "bursts", SURROGATE, EXACT, THROUGH_TIME),
        (through_cases.HEAD, LAYERS, E_PROP, EXACT, THROUGH_TIME),
        (through_cases.HEAD, TIMES, EVENTPROP, NEAR, THROUGH_TIME),
        (through_cases.HEAD, PAUSELESS, TSSL, EXACT, THROUGH_TIME),
        (through_cases.HEAD, READ, READOUT, NEAR, THROUGH_TIME),
    )
]


def text_of(head: str, body: str, train: str) -> str:
    own = rule_cases.BODIES if head is rule_cases.HEAD else through_cases.BODIES
    return head + own.get(body, body) + train


def begun(text: str, folder, bits: int = 4, **asked) -> tuple[AwareTrainer, Model]:
    """A trainer, and the floats that it starts from."""
    program = compiled_text(text)
    model = draw_model(program.graph, SEED)
    ranges = UNSEEN
    if is_wanted(model):
        ranges = seen(model, sample(LABEL), "minmax", 8)
    made = quantized(model, Deployment(Precision(bits=bits, **asked)), ranges, is_learning=True)
    learning = clipped(made.floats, made.integers) if ranges is not UNSEEN else model
    return AwareTrainer(learning, made.integers, program.train, 2, folder), learning


def meaning(trainer: AwareTrainer) -> dict[str, np.ndarray]:
    """What the codes of the weights mean, by the units that the integers bear."""
    integers, found = recoded(trainer.integers.model, floats(trainer)), {}
    for projection in integers.graph.projections:
        unit = integers.values[f"{projection.post}/{projection.port}.unit"].array
        codes = integers.weights(projection.name).astype(np.float64)
        wiring = integers.wirings[projection.name]
        _, post = wiring.pairs()
        each = np.zeros(codes.size)
        unit = unit / sent_unit(integers, integers.graph.population(projection.pre))
        units = np.broadcast_to(unit, (wiring.post_neurons,))
        each[wiring.places()] = units[post]
        found[projection.name] = (codes * each.reshape(codes.shape)).astype(np.float32)
    return found


def floats(trainer: AwareTrainer) -> Model:
    return trainer.model.with_weights(trainer.weights())


def joined(emitted: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate(list(emitted.values()), axis=1)


def emitted_by(trainer, samples=None) -> dict[str, np.ndarray]:
    raster, found, start = trainer.raster(samples or sample(LABEL), 0), {}, 0
    for population in trainer.graph.populations:
        found[population.name] = raster[:, start : start + population.neurons]
        start += population.neurons
    return found


def oracle_of(trainer: AwareTrainer, seen: Model, emitted):
    """The gradients of the rule in float64, at these spikes."""
    spec = trainer.spec
    rule = spec.call("rule")
    if rule.kind in ("st_rsbp", "hm2_bp"):
        return RULES[rule.kind].oracle(seen, emitted, LABEL, spec, 2.0)
    settled = Settle().run(seen).graph
    adjoints = {p.name: scan_of(p, rule) for p in settled.populations if p.step is not None}
    cut = within_blocks(seen.graph) if is_cut(rule) else frozenset()
    return sample_gradients(seen, emitted, LABEL, loss_of(spec), adjoints, 2.0, cut, True)


def check_moved(trainer: AwareTrainer, model: Model, oracle, share: float) -> None:
    """A step of gradient descent took the weights from those of the model."""
    moved = trainer.weights()
    for name, gradient in oracle.gradients.items():
        step = (model.weights(name).astype(np.float64) - moved[name]) / RATE
        slack = np.abs(gradient).max() * share + 1e-3
        np.testing.assert_allclose(step, gradient, atol=slack, rtol=0, err_msg=name)


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
