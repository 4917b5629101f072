"""Where a training starts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.backends.artifact.model import Package, save_model
from snncc.ir.graph import Call
from snncc.ir.integers.bounds import bounds_of
from snncc.ir.integers.clipped import clipped
from snncc.ir.model import draw_model, verify_model
from snncc.runtime.calibration import seen
from snncc.runtime.datasets.data import Data
from snncc.runtime.quantization import quantized
from snncc.runtime.samples import present
from snncc.runtime.training.deployment import from_document, of_bits
from snncc.runtime.training.options import TrainOptions
from snncc.runtime.training.origin import origin
from snncc.runtime.training.run_folder import START

NET = """
network n {
  input x[6] encode poisson(duration = 20 ms)
  population h[4] : lif(v_th = 2 mV TRAINED)
  output y[3] : lif(v_th = 2 mV)
  x -> h : dense
  h -> y : dense
  y -> y : lateral_inhibition  delay 1 ms
}
"""


def graph_of(trained: str = ""):
    return compiled_text(NET.replace("TRAINED", trained)).graph


def packaged(graph, seed=3):
    return Package(draw_model(graph, seed), "cpu", Call("digits"))


def begun(graph, options, start=None, kept=None, train=None):
    return origin(graph, options, kept, lambda path: start, draw_model, train)


def options(**given):
    return TrainOptions(program="n.snn", **given)


def in_bits(bits):
    return options(start="a", deployment=bits and of_bits(bits))


def test_weights_are_drawn_by_the_seed():
    graph = graph_of()
    begin = begun(graph, options(seed=5))
    assert begin.integers is None
    np.testing.assert_array_equal(begin.model.weights("x->h"), draw_model(graph, 5).weights("x->h"))
    assert begin.packaged(begin.model) is begin.model
    assert begin.digest("abc") == "abc"


def test_a_run_goes_on_from_its_own_copy(tmp_path):
    graph, start = graph_of(), packaged(graph_of())
    begin = begun(graph, options(start="runs/a", seed=9), start)
    save_model(tmp_path / START, start)
    again = begun(graph, options(start="gone", seed=9), None, tmp_path)
    for each in (begin, again):
        assert each.model.seed == 3  # the wiring's
        np.testing.assert_array_equal(each.model.weights("x->h"), start.model.weights("x->h"))
    assert begin.digest("a") == again.digest("a") != "a"


def test_integers_hold_whatever_is_learnt():
    graph = graph_of()
    begin = begun(graph, options(start="runs/a", deployment=of_bits(4)), packaged(graph))
    assert begin.integers.graph.semantics.integers == 1
    others = draw_model(graph, 8)
    made = begin.packaged(others)
    assert {str(made.values[f"weights/{p.name}"].dtype) for p in graph.projections} == {
        "fixed(4, 0)"
    }
    assert made.graph == begin.integers.graph
    digests = {
        begun(
            graph, options(start="runs/a", deployment=bits and of_bits(bits)), packaged(graph)
        ).digest("a")
        for bits in (None, 4, 8)
    }
    assert len(digests) == 3


def test_a_start_of_another_network_is_refused():
    graph, other = graph_of(), compiled_text(NET.replace("2 mV TRAINED", "3 mV")).graph
    error = refused("E060", begun, graph, options(start="a"), packaged(other))
    assert "of another network than the program" in error.message


def test_integers_do_not_learn():
    graph = graph_of()
    integers = begun(graph, options(start="a", deployment=of_bits(4)), packaged(graph)).integers
    start = replace(packaged(graph), model=integers)
    error = refused("E080", begun, graph, options(start="a", deployment=of_bits(4)), start)
    assert "floats are what learns" in error.message


@pytest.mark.parametrize("bits", [4, None])
def test_parameters_that_move_no_unit_learn_in_integers_too(bits):
    graph = graph_of("trainable, tau_mem = 9 ms trainable, tau_syn = 5 ms trainable")
    start = packaged(graph)
    start = replace(start, model=start.model.with_values({"h/v_th": np.full(4, 2.5, np.float32)}))
    begin = begun(graph, in_bits(bits), start)
    learnt = {k.name for p in begin.model.graph.populations for k in p.learnt}
    assert learnt == ({"v_th", "tau_mem"} if bits else {"v_th", "tau_mem", "tau_syn"})
    assert [w.code for w in begin.warnings] == (["W051"] if bits else [])
    if bits:
        assert "`tau_syn` of `h` stays as it is" in begin.warnings[0].message
        without = begun(graph_of(), in_bits(bits), packaged(graph_of()))
        assert without.digest("a") != begin.digest("a")
        before = options(start="a", deployment=of_bits(4), calibrate=0, parameters=False)
        again = begun(graph, before, start)  # a run of when none learnt beside integers
        assert {k for p in again.model.graph.populations for k in p.learnt} == set()
        assert [w.code for w in again.warnings] == ["W051"] * 3


def test_what_parameters_have_become_is_what_is_kept():
    graph = graph_of("trainable")
    begin = begun(graph, in_bits(4), packaged(graph))
    learnt = begin.model.with_values({"h/v_th": np.array([1.5, 2, 2.5, 900], np.float32)})
    made = begin.packaged(learnt)
    verify_model(made)
    (level,) = (m.name for m in begin.scales["h"].units.moved)
    unit, frac = made.values["h/v.unit"].array, made.values[f"h/{level}"].dtype.frac
    volts = made.values[f"h/{level}"].array * unit * 2.0**-frac
    np.testing.assert_allclose(volts[:3], [1.5, 2.0, 2.5], rtol=1e-3)
    assert 7.9 < volts[3] < 900  # no further than the proof goes
    assert bounds_of(made, 20, frozenset(p.name for p in graph.projections)).overflows == ()


@pytest.mark.parametrize(
    "said",
    [
        {"scale": "population"},
        {"method": "minmax"},
        {"guard": 3},
        {"overflow": "saturate"},
        {"by_projection": {"h->y": 5}},
        {"decay_bits": 8},
    ],
)
def test_what_is_asked_of_integers_is_what_runs_and_is_in_the_checksum(said):
    graph = graph_of()
    start, asked = packaged(graph), from_document({"bits": 4, **said})
    begin = begun(graph, options(start="a", deployment=asked), start)
    usual = begun(graph, options(start="a", deployment=of_bits(4)), start)
    wanted = quantized(start.model, asked, is_learning=True).integers
    assert begin.integers.graph == wanted.graph
    for name, value in wanted.values.items():
        np.testing.assert_array_equal(begin.integers.values[name].array, value.array, name)
    assert begin.digest("a") != usual.digest("a")


def test_integers_that_rules_do_not_learn_from():
    graph = graph_of()
    given = options(start="a", deployment=from_document({"extra_delay": 1}))
    found = refused("E080", begun, graph, given, packaged(graph))
    assert "arrive when the program says" in found.message


def test_bits_of_no_projection():
    graph = graph_of()
    asked = from_document({"by_projection": {"h->z": 4}})
    error = refused("E010", begun, graph, options(start="a", deployment=asked), packaged(graph))
    assert error.help == "did you mean `h->y`?"


SENT = NET.replace("encode poisson(duration", "encode current(duration")
PRODUCTS = NET.replace("lif(v_th = 2 mV TRAINED)", "izhikevich")


@pytest.mark.parametrize("text", [SENT, PRODUCTS])
def test_integers_are_calibrated_on_the_first_training_samples(text):
    graph = compiled_text(text.replace("TRAINED", "")).graph
    values = np.random.default_rng(2).random((12, 6)).astype(np.float32)
    values[5:] *= 3
    train = present(graph, Data(values, np.arange(12, dtype=np.int32) % 3, 3), "train")
    start, asked = packaged(graph), of_bits(4)

    def by(count):
        given = options(start="a", deployment=asked, calibrate=count)
        return begun(graph, given, start, train=train)

    few, all_of_them = by(5), by(12)
    wanted = seen(start.model, train.pick(np.arange(5)), "mse", 8)
    made = quantized(start.model, asked, wanted, is_learning=True)
    assert few.integers.graph == made.integers.graph
    assert few.digest("a") != all_of_them.digest("a")
    if text is SENT:
        assert few.integers.graph != all_of_them.integers.graph
    else:
        refused("E080", by, 0)
        assert few.model.graph == clipped(made.floats, few.integers).graph


def test_what_nothing_is_calibrated_for_does_not_ask_how_much():
    graph = graph_of()
    values = np.zeros((4, 6), np.float32)
    train = present(graph, Data(values, np.zeros(4, np.int32), 3), "train")
    digests = {
        begun(
            graph, options(start="a", deployment=of_bits(4), calibrate=count), packaged(graph),
            train=train,
        ).digest("a")
        for count in (0, 2, 4)
    }  # fmt: skip
    assert len(digests) == 1


def test_units_that_learn_are_kept_as_they_have_become():
    graph, start = graph_of(), packaged(graph_of())
    frozen = begun(graph, options(start="a", deployment=of_bits(4)), start)
    begin = begun(graph, options(start="a", deployment=of_bits(4), scales="learnt"), start)
    assert begin.digest("a") != frozen.digest("a")
    assert (frozen.scales, begin.scales.keys()) == ({}, {"h", "y"})
    bases = {name: 1.5 * scale.units.base for name, scale in begin.scales.items()}
    floats = begin.model.with_values({f"{name}/base": base for name, base in bases.items()})
    made = begin.packaged(floats)
    verify_model(made)
    unit = begin.integers.values["h/i.unit"].array
    np.testing.assert_array_equal(made.values["h/i.unit"].array, 1.5 * unit)
    codes = np.clip(np.rint(floats.weights("x->h") / (1.5 * unit)), -7, 7)
    np.testing.assert_array_equal(made.weights("x->h"), codes)
