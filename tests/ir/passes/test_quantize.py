"""Networks that become integers, and those that do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compiled_texts import compiled_text
from quantized_nets import LIF, NET, SOFT, floats, integers
from refusal import refusals, refused

from snncc.backends.reference.network import simulate
from snncc.ir.integers.precision import Precision
from snncc.ir.integers.ranges import Ranges
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize
from snncc.ir.text import parse_graph, print_graph

STEP = """\
step 0 {
  state v:fixed(32, 8) "mV" = 0:fixed(32, 8)
  state c:fixed(32, 8) "mV" = 0:fixed(32, 8)
  state refractory_left:i32 "1" = 0
  state constant.0:fixed(32, 8) "1" = 0:fixed(32, 8)
  ports (i)
  constants (k3)
  decay v = narrow(mulwide(v:fixed(32, 8), 3891:fixed(14, 12)), fixed(32, 8))
  decay c = narrow(mulwide(c:fixed(32, 8), 3277:fixed(14, 12)), fixed(32, 8))
  deliver c = c:fixed(32, 8) + narrow(i:fixed(32, 0), fixed(32, 8))
  integrate v = v:fixed(32, 8) + c:fixed(32, 8)
  hold v = 0:fixed(32, 8)
  threshold v:fixed(32, 8) > constant.0:fixed(32, 8)
  reset v = 0:fixed(32, 8)
  refractory k3:i32
}
"""


def test_a_step_in_integers() -> None:
    text = print_graph(integers(floats()).graph)
    assert STEP in text
    assert text.startswith("snnir 2\nnetwork n dt 1.0 threshold step spikes 1 integers 1\n")
    assert print_graph(parse_graph(text, {})) == text


def test_codes_mean_what_the_weights_were() -> None:
    before, after = floats(), integers(floats())
    unit = after.values["h/i.unit"].array
    weights, codes = before.weights("x->h"), after.weights("x->h")
    assert codes.dtype == np.int8
    assert (abs(codes).max(axis=0) == 127).all()  # each neuron has a unit of its own
    assert (abs(codes * unit - weights) <= unit / 2 * (1 + 1e-6)).all()
    # v grows by c dt / tau_syn: where the unit of c is tau_syn / dt that of v, codes are added.
    assert np.allclose(after.values["h/c.unit"].array, 5 * after.values["h/v.unit"].array)


@pytest.mark.parametrize(
    ("scale", "check"),
    [
        ("population", lambda unit, largest: unit.shape == () and unit == largest.max() / 127),
        ("pow2", lambda unit, largest: (np.frexp(unit)[0] == 0.5).all()),
        ("neuron", lambda unit, largest: np.allclose(unit, largest / 127, rtol=1e-6)),
    ],
)
def test_what_shares_a_unit(scale, check) -> None:
    before = floats("if(v_th = 1 mV)")
    unit = integers(before, scale=scale).values["h/i.unit"].array
    assert check(unit, abs(before.weights("x->h").astype(np.float64)).max(axis=0))


def test_projections_with_ports_of_their_own() -> None:
    loop = "  h -> h : dense(init = constant(9)) delay 1 ms\n"
    net = NET.replace("CELL", LIF).replace("  h -> y", f"{loop}  h -> y")
    before = run_model_passes(draw_model(compiled_text(net).graph, 3))
    after = integers(before, scale="projection", guard=4)
    step = after.graph.population("h").step
    assert step.ports == ("i.0", "i.1")
    assert [p.port for p in after.graph.projections] == ["i.0", "i.1", "i"]
    assert "narrow(mulwide(i.0:fixed(32, 0)" in print_graph(after.graph)
    ratio = after.values["h/i.1.unit"].array / after.values["h/i.0.unit"].array
    assert np.isclose(ratio, 9 / abs(before.weights("x->h")).max())


def test_methods_clip_more_or_less() -> None:
    before = floats("if(v_th = 1 mV)")
    weights = np.full((5, 4), 0.9, np.float32)
    weights[0, 0] = 1.5  # which is all that 2 bits would know of
    before = before.with_weights({"x->h": weights})
    units = {m: integers(before, m, bits=2).values["h/i.unit"].array[0] for m in ("minmax", "mse")}
    assert units["mse"] < units["minmax"]

    def error(unit: float) -> float:
        codes = np.clip(np.rint(weights[:, 0] / unit), -1, 1)
        return float(((codes * unit - weights[:, 0]) ** 2).sum())

    assert error(units["mse"]) < error(units["minmax"])


def test_sixteen_bits_fire_like_floats() -> None:
    before = floats()
    after = integers(before, bits=16, decay_bits=16, guard=4)
    rng = np.random.default_rng(1)
    inputs = {"x": rng.random((60, 8, 5)) < 0.3}
    one, other = simulate(before, inputs).spikes, simulate(after, inputs).spikes
    assert one["y"].sum() > 20
    different = sum(int((one[name] != other[name]).sum()) for name in one)
    assert different <= 4


def test_bits_of_a_projection() -> None:
    precision = Precision(by_projection={"h->y": 4})
    model = run_model_passes(floats(), (Quantize(precision),))
    assert [str(model.values[f"weights/{n}"].dtype) for n in ("x->h", "h->y")] == [
        "fixed(8, 0)",
        "fixed(4, 0)",
    ]
    assert abs(model.weights("h->y")).max() == 7


def test_a_neuron_without_weights_has_a_threshold_all_the_same() -> None:
    before = floats()
    weights = before.weights("x->h").copy()
    weights[:, 1], weights[:, 2] = 0.0, 1e-25
    model = integers(before.with_weights({"x->h": weights}))
    codes = model.values["h/constant.0"].array
    assert (codes > 0).all()
    assert codes[2] > 2**29


NONLINEAR = """
neuron square {
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = v * v / 10 mV / 10 ms - v / 5 ms
  spike when v > 2 mV
  on spike { v = 0 mV }
}
"""


def test_what_has_no_integer_form() -> None:
    diagnostic = refused("E080", integers, floats("square", NONLINEAR))
    assert "without a known range, has no integer form" in diagnostic.message
    assert "calibrate it on data" in (diagnostic.help or "")
    curved = floats("square", NONLINEAR.replace("v * v / 10 mV", "exp(v / 1 mV) * 1 mV"))
    assert (
        "`exp` has no integer form, in a step of `h`" in refused("E080", integers, curved).message
    )
    for method in ("forward_euler", "exponential_euler", "rk4"):
        diagnostic = refused("E080", integers, floats(f"lif method {method}"))
        assert f"a step of `h` by `{method}` has no integer form" in diagnostic.message
        assert diagnostic.help == "write `method euler`, or `exact`"
    diagnostic = refused("E080", integers, integers(floats()))
    assert "computes with integers already" in diagnostic.message


def test_weights_that_give_no_scale() -> None:
    before = floats()
    nothing = before.with_weights({"x->h": np.zeros((5, 4), np.float32)})
    assert "`h`" in refused("E081", integers, nothing).message
    lost = before.weights("x->h").copy()
    lost[0, 0] = np.nan
    diagnostic = refused("E081", integers, before.with_weights({"x->h": lost}))
    assert "`x->h`" in diagnostic.message


def test_all_populations_are_told_of() -> None:
    before = floats("square", NONLINEAR)
    before = before.with_weights({"h->y": np.zeros((4, 3), np.float32)})
    assert [d.code for d in refusals(integers, before)] == ["E080", "E081"]


def test_a_threshold_that_rounds_away() -> None:
    before = floats("if(v_th = 0.001 mV)")
    assert "take more guard bits" in (refused("E082", integers, before, bits=2, guard=0).help or "")
    assert integers(before, bits=2, guard=14, overflow="wrap")


def test_parameters_of_single_neurons() -> None:
    before = draw_model(compiled_text(NET.replace("CELL", LIF)).graph, 3)
    values = {"h/v_th": np.array([1, 2, 3, 4], np.float32)}
    model = integers(run_model_passes(before.with_values(values)), scale="population")
    codes = model.values["h/constant.0"].array.astype(np.float64)
    assert np.allclose(codes / codes[0], [1, 2, 3, 4], rtol=1e-4)


def test_the_given_model_stays_as_it_is() -> None:
    before = floats()
    text = print_graph(before.graph)
    integers(before)
    assert print_graph(before.graph) == text
    assert replace(before.graph) == before.graph


def test_ports_of_one_projection_have_its_unit() -> None:
    """With `projection` too, where one port's weights are far larger than the other's."""
    text = """
    network n {
      dt = 1 ms
      input x[5] encode spikes(duration = 60 ms)
      output y[3] : cuba_lif(v_th = 4 mV)
      x -> y.exc : dense(init = uniform(1, 40))
      x -> y.inh : dense(init = uniform(0, 2))
    }
    """
    before = run_model_passes(draw_model(compiled_text(text).graph, 3))
    after = integers(before, bits=16, decay_bits=16, guard=2, scale="projection", overflow="wrap")
    for port in ("exc", "inh"):
        meant = after.weights(f"x->y.{port}") * after.values[f"y/{port}.unit"].array
        assert np.allclose(meant, before.weights(f"x->y.{port}"), atol=1e-3)
    inputs = {"x": np.random.default_rng(1).random((60, 8, 5)) < 0.3}
    one, other = (simulate(m, inputs).spikes["y"] for m in (before, after))
    assert one.sum() > 20
    assert (one != other).sum() <= 4


def test_events_one_by_one_are_clipped_one_by_one() -> None:
    text = print_graph(integers(floats(), sums="each", state_bits=16).graph)
    assert "deliver c = saturate(c:fixed(32, 8) + narrow(i:fixed(32, 0), fixed(32, 8)), 16)" in text
    highest = print_graph(integers(floats("li_max"), sums="each", guard=0).graph)
    assert "integrate highest = max(highest:fixed(32, 0), v:fixed(32, 0))" in highest
    absolute = floats("absolute", ABSOLUTE)
    assert "say `--sums exact`" in (refused("E080", integers, absolute, sums="each").help or "")


ABSOLUTE = """
neuron absolute {
  state v: mV = 0 mV
  on input { v = v + abs(i) }
  spike when v > 2 mV
  on spike { v = 0 mV }
}
"""


def test_a_decay_that_rounds_away() -> None:
    slow = floats("lif(tau_mem = 2000 ms, v_th = 3 mV)")
    found = refused("E082", integers, slow, decay_bits=8)
    assert "the decay of `v` of `h`" in found.message
    assert "take more decay bits" in (found.help or "")
    assert integers(slow, decay_bits=16)


def test_a_decay_that_changes_no_code_below_the_threshold() -> None:
    cell = floats("soft(tau = 100 ms, v_th = 1 mV)", SOFT)
    found = refusals(integers, cell, bits=4, guard=0, rounding="nearest_even")[0]
    assert found.code == "E084"
    assert "the decay of `v` of `h` leaves up to 49 codes as they are" in found.message
    assert integers(cell, bits=4, guard=0)
    assert integers(cell, bits=4, guard=8, rounding="nearest_even")


def test_products_by_ranges_that_were_seen() -> None:
    before = floats("izhikevich").with_weights({"x->h": np.full((5, 4), 8.0, np.float32)})
    ranges = Ranges(
        states={("h", name): size for name, size in (("v", 90), ("u", 20), ("old.v", 90))}
    )
    quantize = Quantize(Precision(bits=16, decay_bits=16, guard=6), ranges=ranges)
    after = run_model_passes(before, (quantize,))
    text = print_graph(after.graph)
    assert "narrow(mulwide(v:fixed(32, 6), v:fixed(32, 6)), fixed(32, " in text
    assert "integrate v = saturate(v:fixed(32, 6)" in text
    inputs = {"x": np.random.default_rng(1).random((200, 4, 5)) < 0.4}
    one, other = (simulate(model, inputs).spikes["h"] for model in (before, after))
    assert one.sum() > 40
    assert abs(int(one.sum()) - int(other.sum())) <= 2
    assert (one[:30] == other[:30]).all()


def test_functions_by_table() -> None:
    curved = NONLINEAR.replace("v * v / 10 mV / 10 ms", "exp(v / 1 mV) * 1 mV / 50 ms")
    before = floats("square", curved)
    ranges = Ranges(states={("h", "v"): 4.0, ("h", "old.v"): 4.0})
    inputs = {"x": np.random.default_rng(1).random((60, 8, 5)) < 0.3}
    wanted = simulate(before, inputs).spikes["h"]
    assert wanted.sum() > 100
    wrong = []
    for cells in (8, 256):
        precision = Precision(bits=16, decay_bits=16, guard=3, table=cells)
        after = run_model_passes(before, (Quantize(precision, ranges=ranges),))
        wrong.append(int((simulate(after, inputs).spikes["h"] != wanted).sum()))
    assert wrong[1] < wrong[0]
    assert wrong[1] <= 0.03 * wanted.sum()
