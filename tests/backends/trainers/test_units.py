"""Units of integers that learn: their gradient, where they may go, and what follows them."""

from __future__ import annotations

import numpy as np
import pytest
import rule_cases
import through_cases
from aware_cases import (
    AT_NIGHT,
    CASES,
    E_PROP,
    EXACT,
    LABEL,
    LAYERS,
    NEAR,
    READOUT,
    SPIKE_TRAINS,
    SURROGATE,
    begun,
    emitted_by,
    floats,
    meaning,
    oracle_of,
    six,
    text_of,
)
from kernel_flags import SPIKE_TRAIN, THROUGH_TIME
from rule_cases import RATE, sample, slopes

from snncc.backends.reference.simulator import double
from snncc.ir.integers.bounds import bounds_of
from snncc.ir.integers.grid import grid_of, recoded
from snncc.ir.integers.scales import rescaled
from snncc.ir.model import sent_unit
from snncc.ir.wiring import Windows

CHAIN = text_of(rule_cases.HEAD, "chain", SPIKE_TRAINS)
OF_UNITS = [case for case in CASES if "bursts" not in case.values]


def units_of(trainer) -> np.ndarray:
    return grid_of(trainer.integers.model)[0]


def smoothed(weights, units, before):
    """What weights mean in units near those in which they were rounded by as much as `before`, or
    clipped: the function of which straight-through estimators take the gradient."""
    offset, limit, is_clipped = before
    return np.where(is_clipped, np.sign(weights) * limit * units, weights + offset * units)


def by_differences(trainer, oracle) -> dict[str, np.ndarray]:
    """dL/d(base unit) of every neuron, by central differences of what its weights mean."""
    model, integers = floats(trainer), trainer.integers.model
    bases, found = trainer._units.bases(), {}
    for p in integers.graph.projections:
        if not p.trainable or p.name not in oracle.gradients:
            continue
        wiring = integers.wirings[p.name]
        base = bases[p.post]
        unit = integers.values[f"{p.post}/{p.port}.unit"].array / sent_unit(
            integers, integers.graph.population(p.pre)
        )
        ratio = np.broadcast_to(unit, base.shape) / base
        _, post = wiring.pairs()
        places = wiring.places()
        weights = model.weights(p.name).ravel().astype(np.float64)[places]
        limit = integers.values[f"weights/{p.name}"].dtype.high
        units = (ratio * base)[post]
        exact = weights / units
        before = np.rint(exact) - exact, limit, abs(exact) > limit + 0.5
        before = np.clip(np.rint(exact), -limit, limit) - exact, limit, before[2]
        step = 1e-4 * base
        ends = [smoothed(weights, (ratio * (base + s))[post], before) for s in (step, -step)]
        slope = (ends[0] - ends[1]) / (2 * step[post])
        gradient = oracle.gradients[p.name].ravel()[places]
        if isinstance(wiring, Windows):  # a weight of several synapses counts once
            _, first = np.unique(places, return_index=True)
            gradient, slope, post = gradient[first], slope[first], post[first]
        own = np.bincount(post, gradient * slope, len(base))
        found[p.post] = found.get(p.post, 0.0) + own
    return found


@pytest.mark.parametrize(("head", "body", "train", "share"), OF_UNITS)
def test_a_step_is_what_differences_of_a_smoothed_rounding_say(kernels, head, body, train, share):
    trainer, model = begun(text_of(head, body, train), kernels, bits=3, scales=True)
    units = trainer._units
    means = model.with_weights(meaning(trainer))
    oracle = oracle_of(trainer, means, emitted_by(trainer))
    wanted = by_differences(trainer, oracle)
    before = trainer.state()
    trainer.train(sample(LABEL), 1, RATE)
    after, moved = trainer.state(), 0
    assert wanted.keys() == units.scales.keys()
    for name, gradient in wanted.items():
        groups = units.scales[name].groups
        own = units._own(name)
        each = np.bincount(groups, gradient) * units.share[own]
        step = (before[f"units/{name}"] - after[f"units/{name}"]) / RATE
        kept = (after[f"units/{name}"] > units.low[own]) & (
            after[f"units/{name}"] < units.high[own]
        )
        slack = np.abs(each).max() * max(10 * share, 2e-4) + 1e-3
        np.testing.assert_allclose(step[kept], each[kept], atol=slack, rtol=0, err_msg=name)
        moved += int((kept & (step != 0)).sum())
    assert moved > 3


@SPIKE_TRAIN
@AT_NIGHT
def test_the_share_of_a_unit_is_that_of_the_paper(kernels):
    trainer, _ = begun(CHAIN, kernels, bits=3, scales=True)
    units = trainer._units
    for name, senders in (("h", 20), ("y", 12)):
        np.testing.assert_allclose(units.share[units._own(name)], 1 / np.sqrt(senders * 3))


def taught(text, kernels, threads=1, pieces=(6,), batch=2):
    state, first = None, 0
    for last in pieces:
        trainer, _ = begun(text, kernels, bits=3, scales=True, threads=threads)
        if state is not None:
            trainer.restore(state)
        trainer.train(six().part(first, last), batch, 20 * RATE)
        state, first = trainer.state(), last
    return trainer


@SPIKE_TRAIN
@AT_NIGHT
def test_what_runs_is_what_is_kept_and_has_the_thresholds_of_its_units(kernels):
    trainer = taught(CHAIN, kernels)
    begin, _ = begun(CHAIN, kernels, bits=3, scales=True)
    integers, scales = begin.integers.model, begin._units.scales
    bases = trainer._units.bases()
    kept = recoded(rescaled(integers, scales, bases), floats(trainer))
    for name, base in bases.items():
        assert (base != scales[name].units.base).any()
        unit = kept.values[f"{name}/v.unit"].array
        step = kept.graph.population(name).step
        level = step.threshold.args[1]
        codes = kept.values[f"{name}/{level.name}"].array
        volts = {"h": 2.0, "y": 3.0}[name] - 1e-6
        np.testing.assert_array_equal(codes, np.floor(volts / unit * 2.0**level.dtype.frac))
    golden = double(kept, None, kernels)
    np.testing.assert_array_equal(golden.raster(sample(LABEL), 0), trainer.raster(sample(LABEL), 0))
    assert (golden.raster(sample(LABEL), 0) != begin.raster(sample(LABEL), 0)).any()


@SPIKE_TRAIN
@AT_NIGHT
def test_neither_threads_nor_a_stop_change_a_bit_of_units(kernels):
    straight = {n: a.tobytes() for n, a in taught(CHAIN, kernels).state().items()}
    for threads, pieces in ((2, (6,)), (1, (2, 6))):
        state = taught(CHAIN, kernels, threads, pieces).state()
        assert {n: a.tobytes() for n, a in state.items()} == straight


@THROUGH_TIME
@pytest.mark.parametrize("factor", [1e-3, pytest.param(1e3, marks=AT_NIGHT)])
def test_units_stay_where_no_sum_overflows(kernels, factor):
    text = text_of(through_cases.HEAD, LAYERS, SURROGATE)
    trainer, _ = begun(text, kernels, bits=3, scales=True)
    units = trainer._units
    beyond = factor * units.x
    ends = np.clip(beyond, units.low, units.high)
    assert (ends != units.x).all()
    state = {**trainer.state()}
    for name in units.scales:
        state[f"units/{name}"] = ends[units._own(name)]
    trainer.restore(state)
    model = recoded(trainer.integers.model, floats(trainer))
    learning = frozenset(p.name for p in model.graph.projections if p.trainable)
    assert bounds_of(model, trainer.steps, learning).overflows == ()
    for name in units.scales:
        level = model.graph.population(name).step.threshold.args[1]
        assert (model.values[f"{name}/{level.name}"].array >= 1).all()


PARAMETERS = LAYERS.replace(
    ": cell", ": lif(tau_mem = 8 ms trainable, tau_syn = 3 ms, v_th = 1 mV trainable)"
)
MEAN = """
  population h[9] : lif(v_th = 1 mV trainable(shared = true), tau_mem = 8 ms, tau_syn = 3 ms)
  output y[5] : li(tau_mem = 30 ms trainable)
  x -> h : dense
  h -> y : dense  delay 2 ms"""
LEARNING = [
    pytest.param(PARAMETERS, SURROGATE, EXACT, marks=[THROUGH_TIME, AT_NIGHT]),
    pytest.param(PARAMETERS, E_PROP, EXACT, marks=[THROUGH_TIME, AT_NIGHT]),
    pytest.param(MEAN, READOUT, NEAR, marks=[THROUGH_TIME, AT_NIGHT]),
]


@pytest.mark.parametrize("scales", [False, True])
@pytest.mark.parametrize(("body", "train", "share"), LEARNING)
def test_parameters_learn_at_the_spikes_of_the_integers(kernels, body, train, share, scales):
    text = text_of(through_cases.HEAD, body, train)
    trainer, model = begun(text, kernels, bits=3, scales=scales)
    means = model.with_weights(meaning(trainer))
    oracle = oracle_of(trainer, means, emitted_by(trainer))
    before = trainer.state()
    trainer.train(sample(LABEL), 1, RATE)
    after = trainer.state()
    assert oracle.parameters
    for name, gradient in oracle.parameters.items():
        step = (before[f"values/{name}"] - after[f"values/{name}"]) / RATE
        wanted = gradient * slopes(model)[name]
        slack = np.abs(wanted).max() * max(share, 5e-5) + 1e-3
        np.testing.assert_allclose(step, wanted, atol=slack, rtol=0, err_msg=name)
        assert (step != 0).any()


@THROUGH_TIME
@pytest.mark.parametrize("scales", [False, True])
def test_the_codes_of_parameters_follow_them(kernels, scales):
    text = text_of(through_cases.HEAD, PARAMETERS, SURROGATE)
    trainer, _ = begun(text, kernels, bits=3, scales=scales)
    first = trainer.raster(sample(LABEL), 0)
    state = trainer.state()
    draw = np.random.default_rng(4)
    for name in state:
        if name.startswith("values/"):
            state[name] = state[name] + draw.uniform(-0.3, 0.3, state[name].shape)
    trainer.restore(state)
    integers, values = trainer.integers.model, trainer.parameters()
    for name in ("h", "y"):
        step = integers.graph.population(name).step
        level = step.threshold.args[1]
        unit = integers.values[f"{name}/v.unit"].array
        volts = values[f"{name}/v_th"].astype(np.float64) - 1e-6
        wanted = np.floor(volts / unit * 2.0**level.dtype.frac)
        np.testing.assert_allclose(integers.values[f"{name}/{level.name}"].array, wanted, atol=1)
        kept = 1.0 - 1.0 / values[f"{name}/tau_mem"].astype(np.float64)
        factors = [m for m in trainer._scales[name].units.moved if m.dtype.bits < 32]
        (factor,) = (integers.values[f"{name}/{m.name}"].array for m in factors)
        np.testing.assert_allclose(factor, kept * 4096, atol=0.51)
    golden = double(recoded(integers, floats(trainer)), None, kernels)
    np.testing.assert_array_equal(golden.raster(sample(LABEL), 0), trainer.raster(sample(LABEL), 0))
    assert (first != trainer.raster(sample(LABEL), 0)).any()
