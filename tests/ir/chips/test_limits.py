"""What fits a chip, and what is said of what does not."""

from dataclasses import replace

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.ir.chips.limits import LIMITS, in_words, misfits, misfits_of_weights
from snncc.ir.chips.table import CHIPS
from snncc.ir.graph import Call
from snncc.ir.integers.precision import Precision
from snncc.ir.model import Model, draw_model
from snncc.ir.ranges import Range
from snncc.ir.tensors import Tensor
from snncc.ir.types import Fixed

SOFT = """
neuron soft {
  param tau: ms = 16 ms
  state v: mV = 0 mV
  state c: mV = 0 mV
  on input { c = c + i }
  dv/dt = -v / tau + c / tau
  dc/dt = -c / tau
  spike when v >= 1 mV
  on spike { v = v - 1 mV }
}
"""
# The size of the input, the neurons, the output and its neurons, the delays.
NET = """
network n {{
  input x[{0}] encode poisson(duration = 100 ms)
  population h[{1}] : {2}
  output y[{3}] : {4}
  x -> h : {5}
  h -> h : sparse(p = 0.1) delay {6} ms
  h -> y : dense delay {6} ms
}}
"""
LIF, STBP = "lif(refractory = 2 ms)", "stbp(tau = 8 ms)"
# A net that fits each chip.
FITTING = {
    "loihi": (784, 400, LIF, 10, LIF, "dense", 62),
    "truenorth": (784, 250, STBP, 10, STBP, "fixed_fan_in(k = 100)", 15),
    "ranc": (256, 100, STBP, 10, STBP, "fixed_fan_in(k = 128)", 1),
    "xylo_audio2": (16, 1000, "soft", 8, "soft", "dense", 1),
    "xylo_imu": (16, 496, "if", 16, "if", "dense", 1),
    "xylo_audio3": (16, 992, "soft", 32, "soft", "dense", 1),
    "odin": (64, 100, STBP, 10, STBP, "dense", 1),
    "tinyodin": (64, 182, STBP, 10, STBP, "dense", 1),
    "reckon": (256, 256, STBP, 16, "li(tau_mem = 8 ms)", "dense", 1),
}


def drawn(*of: object) -> Model:
    return draw_model(compiled_text(SOFT + NET.format(*of)).graph, 0)


def test_synapses_of_different_delays_have_no_integers() -> None:
    graph = compiled_text(NET.format(*FITTING["loihi"])).graph
    h, *_ = (p for p in graph.projections if p.pre == "h")
    late = replace(h, delay=1, delays=Call("uniform", (("low", 1.0), ("high", 9.0), ("min", 0.0))))
    others = tuple(late if p is h else p for p in graph.projections)
    (found,) = misfits(Model(replace(graph, projections=others), {}, {}), "loihi")
    assert found.code == "E085"
    assert "`h->h` has synapses of different delays" in found.message


def messages(chip: str, *of: object) -> list[str]:
    found = misfits(drawn(*of), chip)
    assert all(d.code == "E085" and d.span is not None and d.help for d in found)
    return [d.message for d in found]


def test_there_is_a_net_for_each_chip():
    assert FITTING.keys() == CHIPS.keys()


@pytest.mark.parametrize("chip", CHIPS)
def test_a_net_that_fits(chip):
    assert messages(chip, *FITTING[chip]) == []


# What is changed of the net that fits, and what is said of it: place in the row, value, words.
WRONG = [
    ("loihi", {6: 63}, "`h->y` has a delay of 63 steps, and `loihi` has 0 to 62: 1 too many"),
    ("loihi", {0: 5000, 1: 30}, "5006 neurons lead to one of `h`, and `loihi` has 4096 axons"),
    (
        "loihi",
        {2: "lif(refractory = 64 ms)"},
        "refractory for 64 steps, and `loihi` has at most 62",
    ),
    ("loihi", {2: "soft"}, "brings `v` by subtraction of 1, and `loihi` resets to zero"),
    ("loihi", {2: "izhikevich"}, "`h` has a state `v` that is no sum, and `loihi` has integrators"),
    ("loihi", {2: "alif"}, "`h` has a threshold that moves, and `loihi` has integrators"),
    ("truenorth", {5: "dense"}, "823 neurons lead to one of `h`, and `truenorth` has 256 axons"),
    ("truenorth", {6: 16}, "a delay of 16 steps, and `truenorth` has 1 to 15: 1 too many"),
    ("ranc", {2: LIF}, "a neuron of `h` has 2 states (`v`, `c`), and one of `ranc` has 1: 1 too"),
    ("ranc", {4: "li"}, "`y` is read by its membranes, and outputs of `ranc` by their spikes"),
    ("xylo_audio2", {3: 10}, "10 outputs, and `xylo_audio2` has 8: 2 too many"),
    ("xylo_audio2", {0: 784}, "784 inputs, and `xylo_audio2` has 16: 768 too many"),
    ("xylo_audio2", {1: 1001}, "1001 hidden neurons, and `xylo_audio2` has 1000: 1 too many"),
    ("xylo_audio3", {2: LIF}, "is refractory for 2 steps, and `xylo_audio3` has none: 2 too many"),
    ("xylo_audio3", {2: LIF}, "brings `v` to zero, and `xylo_audio3` resets by subtraction"),
    ("xylo_audio3", {6: 2}, "a delay of 2 steps, and `xylo_audio3` has 0 to 1: 1 too many"),
    ("tinyodin", {1: 183}, "257 neurons and inputs, and `tinyodin` has 256: 1 too many"),
    ("odin", {2: "if"}, "brings `v` by subtraction of 1, and `odin` resets to zero"),
    ("reckon", {0: 784}, "784 inputs, and `reckon` has 256: 528 too many"),
    ("reckon", {2: "stbp(tau = 7 ms)"}, "a step keeps 0.8571 of `u` of `h`, and `reckon` keeps at"),
    ("reckon", {4: STBP}, "`y` is read by its spikes, and outputs of `reckon` by their membranes"),
]


def test_a_floor_is_what_some_chips_have():
    core = SOFT.replace("neuron soft", "neuron core").replace("state c: mV = 0 mV", "")
    core = core.replace("c = c + i", "v = v + i").replace("dc/dt = -c / tau", "")
    core = core.replace("-v / tau + c / tau", "max(-1 mV / 1 ms, -v / 1 ms)")
    text = core + NET.format(9, 9, "core", 3, "core", "dense", 1)
    model = draw_model(compiled_text(text).graph, 0)
    assert misfits(model, "ranc", Precision(floor=0.0)) == ()
    (found, *_) = misfits(model, "ranc", Precision())
    assert "is no sum" in found.message


@pytest.mark.parametrize(("chip", "changed", "said"), WRONG)
def test_a_net_that_does_not_fit(chip, changed, said):
    found = messages(chip, *(changed.get(k, each) for k, each in enumerate(FITTING[chip])))
    assert any(said in message for message in found), found


def test_the_numbers_of_the_published_networks():
    """784-400-R400-10 fits no chip of the table but Loihi."""
    net = (784, 400, LIF, 10, LIF, "dense", 1)
    assert [chip for chip in CHIPS if not messages(chip, *net)] == ["loihi"]


def test_numbers_are_sent_by_no_chip():
    text = NET.format(4, 4, LIF, 2, LIF, "dense", 1).replace("poisson", "current")
    (found,) = misfits(draw_model(compiled_text(text).graph, 0), "loihi")
    assert "`x` sends numbers, and `loihi` sends spikes" in found.message


def test_projections_from_one_population_share_axons():
    """100 and 200 of the same neurons may be 200, and of others they are 300."""
    text = """network n {
      input a[256] encode poisson(duration = 100 ms)
      input b[256] encode poisson(duration = 100 ms)
      output y[4] : stbp
      a -> y : fixed_fan_in(k = 100)
      PRE -> y : fixed_fan_in(k = 200)
    }"""
    for pre, said in (("a", []), ("b", ["300 neurons lead to one of `y`"])):
        model = draw_model(compiled_text(text.replace("PRE", pre)).graph, 0)
        found = [d.message[:30] for d in misfits(model, "ranc")]
        assert found == said
    twice = text.replace("PRE", "a").replace("k = 100", "k = 250")
    assert misfits(draw_model(compiled_text(twice).graph, 0), "ranc") == ()
    wide = twice.replace("256", "300").replace("k = 250", "k = 260")
    (found_of_first,) = misfits(draw_model(compiled_text(wide).graph, 0), "ranc")
    assert found_of_first.message.startswith("260 neurons lead to one of `y`")


def test_an_extra_delay_counts():
    later = Precision(extra_delay=1)
    at = {d: misfits(drawn(9, 9, LIF, 2, LIF, "dense", d), "loihi", later) for d in (61, 62)}
    assert at[61] == ()
    assert "has a delay of 63 steps, and `loihi` has 0 to 62: 1 too many" in at[62][0].message


def test_without_wirings_the_rest_is_looked_at():
    model = drawn(784, 400, LIF, 10, LIF, "dense", 63)
    found = misfits(Model(model.graph, {}, {}, 0), "loihi")
    assert len(found) == 2
    assert not any(
        "lead to one" in d.message for d in misfits(Model(model.graph, {}, {}, 0), "ranc")
    )


def test_bytes_of_synapses_are_those_of_their_bits():
    text = NET.format(4, 4100, LIF, 4096, LIF, "dense", 1).replace("sparse(p = 0.1)", "one_to_one")
    model = draw_model(compiled_text(text).graph, 0)
    at = {bits: misfits(model, "loihi", Precision(bits=bits)) for bits in (7, 8)}
    assert not any("weights take" in d.message for d in at[7])
    said = "the weights take 16814100 bytes, and `loihi` has 16777216 for synapses"
    assert said in [d.message for d in at[8]]


def coded(codes: list[list[int]]) -> Model:
    """x -> y of 3 to 2 neurons with these codes."""
    text = (
        "network n { input x[3] encode poisson(duration = 5 ms) output y[2] : stbp x -> y : dense }"
    )
    model = draw_model(compiled_text(text).graph, 0)
    return Model(
        model.graph, model.wirings, {"weights/x->y": Tensor(np.int8(codes), Fixed(8, 0))}, 0
    )


def test_values_of_the_weights_into_a_neuron():
    few = coded([[1, -1], [0, 2], [3, 3]])
    assert misfits_of_weights(few, "ranc") == ()
    wide = NET.format(6, 2, STBP, 2, STBP, "dense", 1)
    model = draw_model(compiled_text(wide).graph, 0)
    codes = np.arange(12, dtype=np.int8).reshape(6, 2)
    model.values["weights/x->h"] = Tensor(codes, Fixed(8, 0))  # type: ignore[index]
    (found,) = misfits_of_weights(model, "ranc")
    assert found.message.startswith("neuron 1 of `h` has weights of 6 values, and one of `ranc`")


def test_signs_of_the_weights_out_of_a_neuron():
    assert misfits_of_weights(coded([[1, 2], [-1, -2], [0, 3]]), "odin") == ()
    mixed = coded([[1, 2], [-1, 2], [0, 3]])
    assert misfits_of_weights(mixed, "tinyodin") == ()
    (found,) = misfits_of_weights(mixed, "odin")
    assert "1 neurons of `x` have weights of both signs, the first is 1" in found.message


def test_limits_in_words():
    assert in_words(3) == "3"
    assert in_words(("zero", "subtract")) == "zero or subtract"
    assert in_words(Range(0, 62)) == "at least 0 and at most 62"
    assert all(row.summary for row in LIMITS.values())
