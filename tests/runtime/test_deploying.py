"""From a program, a package and options to what `quantized` takes."""

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refusals, refused

from snncc.backends.artifact.model import Package
from snncc.ir.chips.table import CHIPS
from snncc.ir.deploy.choices import DeploySpec
from snncc.ir.integers.precision import Deployment, Precision
from snncc.ir.model import draw_model
from snncc.runtime.deploying import (
    asked_of,
    deployment_of,
    named_chip,
    quantized_as,
    require_fit,
    unfit,
)
from snncc.runtime.quantization import quantized, threshold_codes

NET = """
network n {
  input x[8] encode poisson(duration = 20 ms)
  population h[6] : stbp(tau = 8 ms, v_th = 1 mV)
  output y[3] : stbp(tau = 8 ms, v_th = 1 mV)
  x -> h : dense(weight = 0.3)
  h -> y : dense(weight = 0.3)  delay 1 ms
}
"""


def package(**said):
    model = draw_model(compiled_text(NET).graph, 0)
    return Package(model, "cpu", deploy=DeploySpec(said) if said else None)


def test_nothing_is_asked():
    assert deployment_of(package()) is None
    assert deployment_of(package(), {"bits": 4}) == Deployment(Precision(bits=4))
    assert deployment_of(package(), {}, {"x->h": 4}) is not None


def test_a_package_says_what_is_asked():
    of = package(bits=6, guard=3, method="mse")
    assert deployment_of(of) == Deployment(Precision(bits=6), 3, "mse")
    assert deployment_of(of, {"method": "minmax"}, {"x->h": 4}) == Deployment(
        Precision(bits=6, by_projection={"x->h": 4}), 3
    )


def test_a_contradiction_is_refused():
    assert refused("E086", deployment_of, package(target="loihi", sums="each"))
    assert refused("E086", deployment_of, package(target="loihi"), {"bits": 9})


def test_the_name_of_a_chip():
    assert all(named_chip(name) == name for name in CHIPS)
    found = refused("E070", named_chip, "lohi")
    assert "did you mean `loihi`?" in found.help


def test_what_does_not_fit_is_refused():
    of = package(target="xylo_audio3")
    found = refusals(require_fit, of.model, asked_of(of))
    assert {d.code for d in found} == {"E085"}
    assert unfit(of.model, asked_of(package(target="loihi"))) == ()
    assert unfit(of.model, asked_of(package(bits=3))) == ()
    integers = quantized(of.model, Deployment()).integers
    assert unfit(integers, asked_of(of)) == ()  # `quantized` refuses these


def test_without_a_chip_it_is_what_quantized_makes():
    of = package(bits=5)
    made = quantized_as(of.model, asked_of(of))
    assert made.integers == quantized(of.model, Deployment(Precision(bits=5))).integers
    assert made.precision.guard == 8


@pytest.mark.parametrize(("bits", "guard"), [(16, 6), (12, 2), (10, 0)])
def test_guard_bits_bring_thresholds_into_their_states(bits, guard):
    """0.3 mV are 127 codes and 1 mV is 423.3; the largest that a state of so many bits holds, over
    that, is the power of two."""
    of = package(state_bits=bits)
    made = quantized_as(of.model, asked_of(of))
    assert made.precision.guard == guard == (((1 << (bits - 1)) - 1) // 424).bit_length() - 1
    codes = threshold_codes(made.integers, made.integers.graph.population("y"))
    assert codes[-1] < (1 << (bits - 1)) <= 2 * codes[-1] + 2


def test_a_threshold_that_no_state_reaches():
    """423 codes: with 10 bits a state comes to 511, with 9 to 255."""
    for bits in (10, 9):
        of = package(state_bits=bits, guard=0)
        if bits == 10:
            assert quantized_as(of.model, asked_of(of)).precision.guard == 0
            continue
        found = refusals(quantized_as, of.model, asked_of(of))
        assert [d.code for d in found] == ["E088", "E088"]
        assert found[0].message.startswith("a threshold of `h` is at 423, and states of 9 bits")


@pytest.mark.parametrize(("v_th", "is_reached"), [(0.601, True), (0.603, False)])
def test_what_fires_above_a_threshold_is_more_than_that(v_th, is_reached):
    """0.601 mV are 254.4 codes, 0.603 mV 255.3, and `v > 255` holds of no state of 9 bits."""
    text = NET.replace("v_th = 1 mV", f"v_th = {v_th} mV")
    model, asked = (
        draw_model(compiled_text(text).graph, 0),
        asked_of(package(state_bits=9, guard=0)),
    )
    if is_reached:
        assert quantized_as(model, asked).precision.guard == 0
    else:
        assert {d.code for d in refusals(quantized_as, model, asked)} == {"E088"}


def test_guard_bits_that_a_chip_has():
    """ReckOn shifts by 7 at most; of 16 bits its states hold 6 more than the threshold takes."""
    of = package(target="reckon")
    text = NET.replace("output y[3] : stbp(tau = 8 ms, v_th = 1 mV)", "output y[3] : li")
    model = draw_model(compiled_text(text).graph, 0)
    assert quantized_as(model, asked_of(of)).precision.guard == 6
    low = draw_model(compiled_text(text.replace("v_th = 1 mV", "v_th = 0.1 mV")).graph, 0)
    assert quantized_as(low, asked_of(of)).precision.guard == 7
    high = draw_model(compiled_text(text.replace("v_th = 1 mV", "v_th = 400 mV")).graph, 0)
    assert (
        "need -3 guard bits, and `reckon` has at least 0"
        in refused("E086", quantized_as, high, asked_of(of)).message
    )


def test_weights_that_a_chip_has():
    """Four values into a neuron, of all projections together, and one sign out of one."""
    of = package(target="ranc", bits=4)
    drawn = NET.replace("weight = 0.3", "init = uniform(-0.3, 0.3)")
    model = draw_model(compiled_text(drawn).graph, 0)
    codes = quantized_as(model, asked_of(of)).integers.weights("x->h")
    assert all(len(set(column) - {0}) <= 4 for column in codes.T.tolist())
    two = drawn.replace("}\n", "  x -> h : dense(init = uniform(-0.3, 0.3)) as more\n}\n")
    made = quantized_as(draw_model(compiled_text(two).graph, 0), asked_of(of)).integers
    both = np.concatenate([made.weights("x->h"), made.weights("more")])
    assert all(len(set(column) - {0}) <= 4 for column in both.T.tolist())
    assert len(np.unique(both)) > 4
    odin = asked_of(package(target="odin"))
    assert quantized_as(of.model, odin).precision.floor == 0.0
    assert "both signs" in refusals(quantized_as, model, odin)[0].message
