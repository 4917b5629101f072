"""Networks of which the integers run in training, by every rule, and the oracle of gradients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import rule_cases
import through_cases
from compiled_texts import compiled_text
from kernel_flags import SPIKE_TRAIN, THROUGH_TIME
from rule_cases import RATE, SEED, sample

from snncc.backends.losses.table import loss_of
from snncc.backends.protocols import Samples
from snncc.backends.rules.reach import within_blocks
from snncc.backends.rules.table import RULES
from snncc.backends.rules.through_time.oracle import sample_gradients
from snncc.backends.rules.through_time.tables import is_cut, scan_of
from snncc.backends.trainers.aware import AwareTrainer
from snncc.ir.integers.clipped import clipped
from snncc.ir.integers.grid import recoded
from snncc.ir.integers.precision import Deployment, Precision
from snncc.ir.integers.ranges import UNSEEN
from snncc.ir.model import Model, draw_model, sent_unit
from snncc.ir.passes.quantize import Quantize
from snncc.ir.passes.settle import Settle
from snncc.runtime.calibration import is_wanted, seen
from snncc.runtime.quantization import quantized
from snncc.runtime.training.parameters import movable, still

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
POOLED = """
  population m[1, 6, 5] : cell
  population a : cell
  population p : linear
  population b : cell
  output y[5] : cell
  x -> m : dense(init = uniform(-0.5, 1))  fixed delay 0 ms
  m -> a : conv2d(channels = 4, kernel = 3, padding = 1)  delay 0 ms
  a -> p : pool2d(kernel = 2, init = constant(1.1))  fixed delay 0 ms
  p -> b : conv2d(channels = 4, kernel = 2, groups = 2)  delay 1 ms
  b -> y : dense"""
QUICK = "lif(tau_mem = 8 ms, tau_syn = 3 ms, v_th = 1 mV, refractory = 0 ms)"
SUMMED = POOLED.replace(": cell", f": {QUICK}")
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
        (through_cases.HEAD, SUMMED, TSSL, EXACT, THROUGH_TIME, SLOW),
        (through_cases.HEAD, POOLED, SURROGATE, EXACT, THROUGH_TIME, SLOW),
        (rule_cases.HEAD, "windows", HM2_BP, EXACT, SPIKE_TRAIN, SLOW),
        (through_cases.HEAD, READ, READOUT, NEAR, THROUGH_TIME),
    )
]


def text_of(head: str, body: str, train: str) -> str:
    own = rule_cases.BODIES if head is rule_cases.HEAD else through_cases.BODIES
    return head + own.get(body, body) + train


def begun(
    text: str, folder, bits: int = 4, scales: bool = False, threads: int = 2, **asked
) -> tuple[AwareTrainer, Model]:
    """A trainer, and the floats that it starts from."""
    program = compiled_text(text)
    model = draw_model(program.graph, SEED)
    ranges = UNSEEN
    if is_wanted(model):
        ranges = seen(model, sample(LABEL), "minmax", 8)
    deployment = Deployment(Precision(bits=bits, **asked), method="mse" if scales else "minmax")
    model = still(model, movable(model, Quantize(Precision(bits=bits, **asked), "mse", ranges)))
    made = quantized(model, deployment, ranges, True, scales)
    learning = clipped(made.floats, made.integers) if ranges is not UNSEEN else model
    made_by = learning, made.integers, program.train, threads, folder
    return AwareTrainer(*made_by, made.scales, made.types), learning


def meaning(trainer: AwareTrainer) -> dict[str, np.ndarray]:
    """What the codes of the weights mean, by the units that the integers bear."""
    integers, found = recoded(trainer.integers.model, floats(trainer), trainer.types), {}
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
    most = trainer.integers.graph.semantics.spikes_per_step
    means = replace(seen.graph.semantics, spikes_per_step=most)
    seen = replace(seen, graph=replace(seen.graph, semantics=means))
    settled = Settle().run(seen).graph
    adjoints = {p.name: scan_of(p, rule, most) for p in settled.populations if p.step is not None}
    cut = within_blocks(seen.graph) if is_cut(rule) else frozenset()
    return sample_gradients(seen, emitted, LABEL, loss_of(spec), adjoints, 2.0, cut, True)


def check_moved(trainer: AwareTrainer, model: Model, oracle, share: float) -> None:
    """A step of gradient descent took the weights from those of the model."""
    moved = trainer.weights()
    for name, gradient in oracle.gradients.items():
        step = (model.weights(name).astype(np.float64) - moved[name]) / RATE
        slack = np.abs(gradient).max() * share + 1e-3
        np.testing.assert_allclose(step, gradient, atol=slack, rtol=0, err_msg=name)


def six() -> Samples:
    """The same sample six times, each drawn anew and with another label."""
    return replace(
        sample(LABEL),
        rows=np.zeros(6, np.int64),
        ids=np.arange(6, dtype=np.uint64),
        labels=np.arange(6, dtype=np.int32) % 5,
        importance=np.ones(6, np.float32),
    )
