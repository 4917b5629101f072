"""What of a step is which of Xylo's numbers, and which steps are none of its neurons'."""

from __future__ import annotations

from dataclasses import replace

import pytest
from refusal import refused
from xylo_nets import CELLS, NET, in_xylo

from snncc.backends.exports.xylo.neurons import cells_of
from snncc.ir.expr import Const, Ref, apply
from snncc.ir.neuron import Assign

BIASED = NET.replace("h[5] : one", "h[5] : one(tau_mem = 30 ms, tau_syn = 4 ms, bias = BIAS)")


def test_the_numbers_of_a_neuron() -> None:
    model = in_xylo(BIASED.replace("BIAS", "-0.1 mV / 1 ms"), guard=3)
    found = cells_of(model, model.graph.population("h"))
    assert (found.voltage, found.currents, found.ports) == ("v", ("c",), {"i": (0, 1)})
    assert (found.dash, found.dashes, found.guard) == (5, (2,), 3)
    units = model.values["h/v.unit"].array
    assert abs(found.thresholds / 8 * units - 4.0).max() < units.max()
    assert abs(found.biases / 8 * units + 0.1).max() < units.max()


def test_a_neuron_of_two_currents() -> None:
    text = NET.replace("h[5] : one", "h[5] : two").replace("-> h ", "-> h.exc ")
    model = in_xylo(text.replace("h -> h.exc", "h -> h.inh"))
    found = cells_of(model, model.graph.population("h"))
    assert (found.currents, found.dashes) == (("e", "g"), (3, 2))
    assert found.ports == {"exc": (0, 1), "inh": (1, -1)}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"leak": "first"}, "does something else with `v`"),
        ({"decay": "multiply"}, "does something else with `c`"),
        ({"state_bits": 20}, "does something else with `v`"),
        ({"output_spikes": 0}, "fires more than once in a step"),
        ({"output_spikes": 2}, "is not reset by its threshold alone"),
        ({"reset": "nearest", "bits": 5}, "is not reset by its threshold alone"),
    ],
)
def test_integers_that_are_not_the_chips(asked, said) -> None:
    model = in_xylo(NET.replace("y[2] : one", "y[2] : one(v_th = 3.7 mV)"), None, **asked)
    assert said in refused("E071", cells_of, model, model.graph.population("y")).message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("v >= v_th\n", "v > v_th\n", "has no threshold `v >= v_th`"),
        ("state c: mV = 0", "state c: mV = 1", "starts at other states than 0"),
        ("on input { c = c + i }", "on input { v = v + i }", "does something else with `v`"),
        ("+ c / tau_syn + bias", "+ bias", "does something else with `v`"),
        ("dc/dt = -c / tau_syn", "dc/dt = 0 * c / tau_syn", "does something else with `c`"),
        ("-v / tau_mem + c", "c", "does something else with `v`"),
        ("tau_mem: ms = 16", "tau_mem: ms = 1.2", "decays by a shift of 0"),
    ],
)
def test_neurons_that_are_not_the_chips(old, new, said) -> None:
    cells = CELLS.replace(old, new, 1)
    assert cells != CELLS
    model = in_xylo(NET, None, cells=cells)
    assert said in refused("E071", cells_of, model, model.graph.population("h")).message


def test_a_bias_of_more_than_16_bits() -> None:
    model = in_xylo(BIASED.replace("BIAS", "99999 mV / 1 ms"), guard=3)
    refusal = refused("E071", cells_of, model, model.graph.population("h"))
    assert "has a bias of" in refusal.message
    assert "--guard" in (refusal.help or "")


def test_a_step_of_more() -> None:
    model = in_xylo(NET)
    population = model.graph.population("h")
    step = population.step
    assert step is not None
    v = Ref("v", step.states[0].dtype)
    more = Assign("v", apply("max", v, Const(0, v.dtype)))
    for made in (
        replace(step, hold=(more,)),
        replace(step, integrate=(*step.integrate, more)),
        replace(step, deliver=(*step.deliver, more)),
        replace(step, reset=(*step.reset, more)),
    ):
        refused("E071", cells_of, model, replace(population, step=made))
