"""The numbers of linear neurons, and which neurons are none."""

from __future__ import annotations

import math

import pytest
from compiled_texts import population

from snncc.ir.analysis.linear import LinearNeuron, Synapse, Threshold, Why, linear_neuron
from snncc.ir.analysis.reset import Reset, ResetKind, resets

SIMPLE = """
neuron simple {
  param tau: ms = 8 ms
  param v_th: mV = 3 mV
  param v_reset: mV = 0 mV
  state v: mV = 0 mV
  state w: mV = 0 mV
  on input { w = w + i }
  dv/dt = -v / tau + w / tau
  dw/dt = -w / tau
  spike when v > v_th
  on spike { v = v_reset }
  refractory 1 ms { v = v_reset }
}
"""


READOUT = (SIMPLE[SIMPLE.index("  spike when") :], "  emit v\n}\n")


def simple(old, new):
    """The simple neuron with other words in place of some of its own."""
    assert old in SIMPLE
    return population("simple", SIMPLE.replace(old, new))


def condition(text):
    return simple("v > v_th\n", text + "\n")


def test_lif():
    cell = "lif(tau_mem = 16 ms, tau_syn = 4 ms, v_th = 5 mV, refractory = 2 ms)"
    neuron = linear_neuron(population(cell))
    assert neuron == LinearNeuron(
        voltage="v",
        keep_v=1 - 1 / 32,
        drift=0.0,
        tau_mem=16.0,
        synapses=(Synapse("i", 1 / 8, "c", 7 / 8, 1.0, 7 / 64, 4.0),),
        threshold=Threshold(5.0, is_strict=True),
        reset=Reset("v", ResetKind.ZERO),
        refractory=4,
        holds=(("v", 0.0),),
    )
    assert neuron.v_rest == 0.0


def test_the_exact_method_lets_the_current_wait_a_step():
    cell = "lif(tau_mem = 16 ms, tau_syn = 4 ms) method exact"
    neuron = linear_neuron(population(cell))
    (synapse,) = neuron.synapses
    assert neuron.keep_v == pytest.approx(math.exp(-1 / 32))
    assert synapse.keep_c == pytest.approx(math.exp(-1 / 8))
    assert (synapse.gain, synapse.weight, synapse.tau_syn) == (0.0, 1.0, 4.0)


def test_several_ports_a_rest_and_a_reset_to_a_value():
    cell = "cuba_lif(v_rest = -70 mV, v_reset = -65 mV, v_th = -50 mV, tau_mem = 10 ms)"
    neuron = linear_neuron(population(cell, port=".exc"))
    assert neuron.v_rest == pytest.approx(-70.0)
    assert neuron.threshold == Threshold(-50.0, is_strict=True)
    assert neuron.reset == Reset("v", ResetKind.VALUE, -65.0)
    assert neuron.holds == (("v", -65.0),)
    rows = [(s.port, s.current, s.gain, s.tau_syn) for s in neuron.synapses]
    assert rows == [("exc", "e", 0.05, 5.0), ("inh", "h", -0.05, 10.0)]


def test_subtraction_without_leak_or_refractory_time():
    neuron = linear_neuron(population("if(v_th = 2 mV)"))
    assert (neuron.keep_v, neuron.tau_mem, neuron.refractory, neuron.holds) == (1, math.inf, 0, ())
    assert neuron.synapses == (Synapse("i", 1.0),)
    assert neuron.threshold == Threshold(2.0, is_strict=False)
    assert neuron.reset == Reset("v", ResetKind.SUBTRACT, 2.0)
    assert str(neuron.reset) == "by subtraction of 2"


def test_without_a_refractory_time_nothing_is_held():
    neuron = linear_neuron(population("lif(refractory = 0 ms)"))
    assert (neuron.refractory, neuron.holds) == (0, ())


def test_a_synapse_that_keeps_nothing():
    neuron = linear_neuron(population("lif(tau_syn = 0.5 ms)"))
    assert neuron.synapses == (Synapse("i", 1.0, "c", 0.0, 1.0, 0.0, 0.5),)


def test_a_readout_has_no_threshold():
    neuron = linear_neuron(simple(*READOUT))
    assert (neuron.voltage, neuron.threshold, neuron.reset) == ("v", None, None)
    assert neuron.synapses == (Synapse("i", 1 / 16, "w", 15 / 16, 1.0, 15 / 256, 8.0),)
    why = linear_neuron(simple(READOUT[0], "  emit v + w\n}\n"))
    assert why == Why("what it emits is not one voltage")


@pytest.mark.parametrize(
    ("text", "v_th", "is_strict"),
    [
        ("v >= v_th - 0.000001 mV", 3.0, False),
        ("v - v_th > -0.000001 mV", 3.0, True),
        ("v_th < v + 0.000001 mV", 3.0, True),
        ("v_th <= v", 3.0, False),
        ("v >= v_th - 0.001 mV", 2.999, False),
        ("v > 3 mV - 0.000001 mV", 2.999999, True),
        ("2 * v > v_th + v_th / 3", 2.0, True),
        ("v > 0 mV", 0.0, True),
    ],
)
def test_the_threshold_is_what_is_written_without_its_slack(text, v_th, is_strict):
    assert linear_neuron(condition(text)).threshold == Threshold(v_th, is_strict)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: condition("v > v_th and v > 1 mV"), "no single comparison"),
        (lambda: condition("not (v < v_th)"), "no single comparison"),
        (lambda: condition("v > v_th + w"), "that of one voltage"),
        (lambda: condition("v * v > v_th * v_th"), "that of one voltage"),
        (lambda: condition("v < v_th"), "where `v` is low"),
        (lambda: simple("-v / tau + w", "-v * v / (tau * 1 mV) + w"), "is not linear"),
        (lambda: simple("-w / tau", "(v - w) / tau"), "`w` is not the synaptic current"),
        (lambda: simple("+ w / tau", ""), "`w` is not the synaptic current"),
        (lambda: simple("v = v_reset }\n  r", "v = 0 mV w = 0 mV }\n  r"), "`w` too"),
        (lambda: simple("v = v_reset }\n}", "v = 2 * v }\n}"), "more than hold"),
        (lambda: population("izhikevich"), "is not linear"),
    ],
)
def test_why_not(made, reason):
    why = linear_neuron(made())
    assert isinstance(why, Why)
    assert reason in why.reason


def test_resets():
    found = resets(population("izhikevich"))
    assert [str(r) for r in found] == ["to -65", "by addition of 8"]
    halved = simple("v = v_reset }\n  r", "v = v / 2 }\n  r")
    assert [(r.state, str(r)) for r in resets(halved)] == [("v", "by an expression")]
