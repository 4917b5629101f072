"""What is asked of integers, as chips have them: floors, leaks, thresholds, exponents, axons."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text
from quantized_nets import LIF, NET, SOFT, floats, integers
from refusal import refusals, refused

from snncc.backends.reference.network import simulate
from snncc.ir.integers.decays import dead_zone, decays_of
from snncc.ir.integers.precision import Precision
from snncc.ir.integers.ranges import Ranges
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize

FIXED = """x -> h : dense(init = uniform(-2, 4)) as a
  x -> h : dense(init = uniform(-2, 4)) as b fixed
"""


def test_a_floor_of_the_membrane() -> None:
    before = floats()
    weights = before.weights("x->h")
    before = before.with_weights({"x->h": weights - 3.0})
    inputs = {"x": np.random.default_rng(1).random((60, 4, 5)) < 0.3}
    after = integers(before, floor=-1.5)
    unit = after.values["h/v.unit"].array
    found = simulate(after, inputs, record=True).history["h"]
    values = np.ldexp(found["v"] * unit, -8)
    assert np.allclose(values.min(axis=(0, 1)), -1.5, atol=float(unit.max()))
    assert (np.ldexp(found["c"] * after.values["h/c.unit"].array, -8) < -3).any()
    refusal = refused("E080", integers, floats("if(v_th = 1 mV)"), floor=1.0)
    assert "a floor that reaches the threshold" in refusal.message


def test_a_leak_of_a_constant() -> None:
    net = SOFT + NET.replace("CELL", "soft").replace("lif(", "if(")
    weights = np.full((5, 4), 0.1, np.float32) * np.float32([1, 1, -1, -1])
    before = run_model_passes(draw_model(compiled_text(net).graph, 3))
    after = integers(before.with_weights({"x->h": weights}), decay="linear")
    once = np.zeros((12, 1, 5), bool)
    once[0] = True
    found = simulate(after, {"x": once}, record=True).history["h"]["v"][:, 0]
    # The factor takes a tenth of half a threshold of 1 mV: 0.05 of 0.5 mV, and so on down to 0.
    values = np.ldexp(found * after.values["h/v.unit"].array, -8)
    wanted = 0.5 - 0.05 * np.minimum(np.arange(12), 10)
    assert np.allclose(abs(values), wanted[:, None], atol=1e-3)
    assert (found[-1] == 0).all()
    refusal = refused("E080", integers, before.with_weights({}), decay="linear", floor=1.0)
    assert "a floor that reaches" in refusal.message
    assert (
        "the decay of `c` by a constant" in refusals(integers, floats(), decay="linear")[0].message
    )


FEW = """
network n {
  dt = 1 ms
  input x[3] encode spikes(duration = 4 ms)
  output y[1] : soft(tau = 1000 ms, v_th = 1 mV)
  x -> y : dense
}
"""


def few(weights: list[float], **asked: object) -> Model:
    given = {"x->y": np.float32([[w] for w in weights])}
    model = run_model_passes(draw_model(compiled_text(SOFT + FEW).graph, 0, given))
    return integers(model, bits=16, decay_bits=16, guard=2, **asked)


def ran(model: Model, *steps: tuple[int, int, int]) -> tuple[list[int], list[float]]:
    """The spikes of each step, and the voltage after it [mV], to a tenth."""
    found = simulate(model, {"x": np.array(steps, bool)[:, None]}, record=True)
    values = np.ldexp(found.history["y"]["v"] * model.values["y/v.unit"].array, -2)
    return found.spikes["y"].ravel().tolist(), np.round(values.ravel(), 1).tolist()


def test_what_becomes_of_a_membrane_below_its_floor() -> None:
    """-1.6 mV arrives, and the floor is at -1 mV."""
    steps = (0, 1, 0), (0, 0, 0)
    assert ran(few([2.0, -1.6, 0.8], floor=-1.0), *steps) == ([0, 0], [-1.0, -1.0])
    found = ran(few([2.0, -1.6, 0.8], floor=-1.0, below="subtract"), *steps)
    assert found == ([0, 0], [-0.6, -0.6])
    back = SOFT.replace("soft", "back").replace("v = v - v_th", "v = 0.25 mV")
    bottom = floats("back", back)
    bottom = bottom.with_weights({"x->h": np.full((5, 4), -2.0, np.float32)})
    reset = integers(bottom, floor=-1.5, below="reset")
    states = simulate(reset, {"x": np.ones((3, 1, 5), bool)}, record=True).history["h"]
    unit = reset.values["h/v.unit"].array
    low = np.ldexp(states["v"] * unit, -8)
    assert low.min() >= -1.5
    assert np.isclose(low, -0.25, atol=float(unit.max())).any()  # minus what a spike resets it to
    refusal = refused("E080", few, [1.0, 1.0, 1.0], floor=-1.0, below="reset")
    assert "--below subtract" in (refusal.help or "")


@pytest.mark.parametrize(
    ("leak", "wanted"),
    [
        # 0.96 mV arrive in the first step and 0.96 in the second; half of it leaks in a step.
        ("first", ([0, 1], [0.96, 0.44])),
        ("arrived", ([0, 0], [0.48, 0.72])),
        ("tested", ([0, 1], [0.48, -0.28])),
    ],
)
def test_when_a_leak_is_done(leak, wanted) -> None:
    text = SOFT + FEW.replace("tau = 1000 ms", "tau = 2 ms")
    given = {"x->y": np.float32([[0.96]] * 3)}
    model = run_model_passes(draw_model(compiled_text(text).graph, 0, given))
    made = integers(model, bits=16, decay_bits=16, guard=8, leak=leak)
    found = simulate(made, {"x": np.array([[1, 0, 0]] * 2, bool)[:, None]}, record=True)
    values = np.ldexp(found.history["y"]["v"] * made.values["y/v.unit"].array, -8)
    assert (found.spikes["y"].ravel().tolist(), np.round(values.ravel(), 2).tolist()) == wanted
    before, step = (m.graph.population("y").step for m in (model, made))
    (decay,) = decays_of(before, step, leak)
    assert (decay.target, dead_zone((decay,), "v", step.still, {})) == ("v", (-1, 0))


def test_what_no_late_leak_goes_with() -> None:
    asked = {"leak": "tested", "sums": "each", "threshold": "event"}
    assert "--leak arrived" in (refused("E080", few, [1.0, 1.0, 1.0], **asked).help or "")
    assert "--leak arrived" in (
        refused("E080", few, [1.0, 1.0, 1.0], leak="tested", spikes=2).help or ""
    )


def test_each_projection_has_an_exponent_of_its_own() -> None:
    """A projection whose weights are small keeps bits that a shared unit does not leave it."""
    two = "x -> h : dense as a\n  x -> h : dense as b\n"
    text = NET.replace("CELL", LIF).replace("x -> h : dense(init = uniform(-2, 4))\n", two)
    large = np.linspace(-8.0, 8.0, 20, dtype=np.float32).reshape(5, 4)
    model = run_model_passes(draw_model(compiled_text(text).graph, 3))
    model = model.with_weights({"a": large, "b": large / 100.0})
    shared, own = (integers(model, bits=6, scale=scale) for scale in ("neuron", "exponent"))
    assert abs(shared.weights("b")).max() == 0
    assert 16 <= abs(own.weights("b")).max() <= 31
    units = {name: own.values[f"h/{name}.unit"].array for name in ("i.0", "i.1")}
    assert (units["i.1"] / units["i.0"] == 2.0**-6).all()
    error = abs(own.weights("b") * units["i.1"] - large / 100.0)
    assert (error <= units["i.1"] * 0.5001).all()


def test_weights_by_axon_type() -> None:
    made = integers(floats(), axon_types=2, bits=4)
    for name in ("x->h", "h->y"):
        levels = [set(column) - {0} for column in made.weights(name).T]
        assert max(map(len, levels)) == 2
    windowed = NET.replace("CELL", LIF).replace("x[5]", "x[3, 3]").replace("h[4]", "h[1, 2, 2]")
    windowed = windowed.replace("x -> h : dense(", "x -> h : conv2d(channels = 1, kernel = 2, ")
    model = run_model_passes(draw_model(compiled_text(windowed).graph, 3))
    assert "--axon-types 0" in (refused("E080", integers, model, axon_types=2).help or "")
    learns = Quantize(Precision(axon_types=2), is_learning=True, has_scales=True)
    assert "by axon type do not learn" in refused("E080", learns.run, floats()).message


def test_the_proof_is_of_all_weights_that_share_a_type_with_those_that_learn() -> None:
    """What a fixed synapse brings moves with those of its type, by `axon_types` alone."""
    text = NET.replace("CELL", LIF).replace("x -> h : dense(init = uniform(-2, 4))\n", FIXED)
    model = run_model_passes(draw_model(compiled_text(text).graph, 3))
    for types, count in ((0, 2), (2, 3)):
        quantize = Quantize(Precision(axon_types=types), is_learning=True)
        assert len(quantize.learning(quantize.run(model).graph)) == count


def test_spikes_that_come_later_everywhere() -> None:
    before, after = few([2.0, 2.0, 2.0]), few([2.0, 2.0, 2.0], extra_delay=2)
    assert ran(before, (1, 0, 0), (0, 0, 0), (0, 0, 0))[0] == [1, 0, 0]
    assert ran(after, (1, 0, 0), (0, 0, 0), (0, 0, 0))[0] == [0, 0, 1]
    assert [p.delay for p in after.graph.projections] == [2]


def test_several_spikes_a_step() -> None:
    """3.6 mV are three thresholds of 1 mV and some more."""
    steps = (1, 1, 1), (0, 0, 0), (1, 0, 0)
    weights = [1.6, 1.2, 0.8]
    assert ran(few(weights), *steps) == ([1, 1, 1], [2.6, 1.6, 2.2])
    assert ran(few(weights, spikes=2), *steps) == ([2, 1, 2], [1.6, 0.6, 0.2])
    assert ran(few(weights, spikes=31), *steps) == ([3, 0, 2], [0.6, 0.6, 0.2])


def test_thresholds_after_every_event() -> None:
    """1.5 mV fire before the negative weight comes, where their sum does not."""
    weights, steps = [1.5, -1.2, 0.4], ((1, 1, 1), (0, 0, 1))
    assert ran(few(weights, sums="each"), *steps) == ([0, 1], [0.7, 0.1])
    asked = {"sums": "each", "threshold": "event"}
    # 1.5 - 1 - 1.2 + 0.4 mV; then 0.4 more.
    assert ran(few(weights, **asked), *steps) == ([1, 0], [-0.3, 0.1])
    assert ran(few([1.5, 1.2, 1.3], **asked), *steps) == ([1, 1], [3.0, 3.3])
    assert ran(few([1.5, 1.2, 1.3], spikes=3, **asked), *steps) == ([3, 2], [1.0, 0.3])
    found = refused("E080", few, weights, threshold="event")
    assert "say `--sums each`" in (found.help or "")


def test_a_filter_of_several_spikes_is_refused() -> None:
    scored = NET.replace("CELL", LIF).replace(
        "v_th = 2 mV)", "v_th = 2 mV)\n  readout = psc(tau = 4 ms)"
    )
    model = run_model_passes(draw_model(compiled_text(scored).graph, 3))
    assert "several spikes a step" in refused("E080", integers, model, spikes=2).message


FAR = """
neuron far {
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = 1e-40 * v * v / 1 mV / 1 ms - v / 9 ms
  spike when v > 1 mV
  on spike { v = 0 mV }
}
"""


def test_numbers_that_are_too_far_apart() -> None:
    """No shift leads from one to the other."""
    model = floats("far", FAR)
    ranges = Ranges({}, {("h", "v"): 2.0})
    run = Quantize(Precision(), ranges=ranges).run
    found = refused("E080", run, model)
    assert "so far apart has no integer form" in found.message


LOIHI = {"registers": "loihi", "state_bits": 24, "rounding": "toward_zero"}


def test_registers_of_a_chip() -> None:
    """Currents of 24 bits, sums of 22, thresholds of multiples of 64, voltages that end alike on
    both sides."""
    weights = floats().weights("x->h")
    before = floats().with_weights({"x->h": weights - 30.0})
    after = integers(before, scale="population", guard=7, **LOIHI)
    step = after.graph.population("h").step
    types = {s.name: s.dtype for s in step.states}
    assert (types["v"].bits, types["c"].bits) == (32, 24)
    assert step.threshold.args[1].value % 64 == 0
    inputs = {"x": np.ones((400, 1, 5), bool)}
    wide = integers(before, scale="population", guard=7, state_bits=24, rounding="toward_zero")
    ends = [simulate(each, inputs, record=True).history["h"]["v"].min() for each in (after, wide)]
    assert ends[0] in (ends[1], 1 - (1 << 23))


def test_a_voltage_ends_alike_on_both_sides() -> None:
    """A current and no leak: it ends at -(2^23 - 1), and without registers a code lower."""
    slow = "lif(tau_mem = 100000 ms, tau_syn = 10 ms, v_th = 3 mV)"
    before = floats(slow)
    before = before.with_weights({"x->h": -abs(before.weights("x->h")) - 1.0})
    inputs = {"x": np.zeros((60, 1, 5), bool)}
    inputs["x"][0] = True
    asked = {"guard": 11, "decay_bits": 16, "state_bits": 24, "overflow": "wrap"}
    low = {
        name: simulate(integers(before, registers=name, **asked), inputs, record=True)
        .history["h"]["v"]
        .min()
        for name in ("plain", "loihi")
    }
    assert low == {"plain": -(1 << 23), "loihi": 1 - (1 << 23)}


def test_currents_and_sums_are_proved_to_stay_in_their_registers() -> None:
    before = floats("lif(tau_mem = 20 ms, tau_syn = 5 ms, v_th = 30 mV)")
    for guard in (14, 10):
        assert integers(before, guard=guard, state_bits=24)
    found = refusals(integers, before, guard=14, **LOIHI)
    assert "22 bits hold 2097151" in found[0].message or "24 bits hold 8388607" in found[0].message
    assert integers(before, guard=10, **LOIHI)


def test_exponents_of_whole_populations() -> None:
    net = NET.replace("CELL", LIF).replace(
        "  h -> y", "  h -> h : dense(init = uniform(-0.2, 0.1)) delay 1 ms\n  h -> y"
    )
    before = run_model_passes(draw_model(compiled_text(net).graph, 3))
    ratios = []
    for guard in (6, 7, 8, 10):  # what a spike brings is a multiple of 64
        after = integers(before, scale="shared_exponent", guard=guard, **LOIHI)
        (one,), (other,) = (np.unique(after.values[f"h/i.{k}.unit"].array) for k in (0, 1))
        ratios.append(float(one / other))
    assert ratios[:3] == [1.0, 2.0, 4.0]
    assert ratios[3] == 16.0


def test_a_bias_of_thirteen_bits() -> None:
    text = """
neuron driven {
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / 20 ms + 0.7 mV / 1 ms
  spike when v > 1 mV
  on spike { v = 0 mV }
}
"""
    codes = {}
    for name in ("plain", "loihi"):
        asked = {"scale": "population", "guard": 13, "overflow": "wrap", "registers": name}
        step = integers(floats("driven", text), **asked).graph.population("h").step
        codes[name] = step.integrate[0].value.args[1].value
    assert codes["plain"] > 1 << 12
    assert codes["loihi"] % 2 ** (int(codes["plain"]).bit_length() - 12) == 0
    assert abs(codes["loihi"] - codes["plain"]) <= codes["plain"] * 2.0**-12
