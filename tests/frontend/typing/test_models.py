from __future__ import annotations

from collections.abc import Callable

import pytest
from refusal import refusals, refused

from snncc.frontend.syntax.files import Neuron
from snncc.frontend.syntax.parser import parse, parse_expression
from snncc.frontend.syntax.tree import Call
from snncc.frontend.typing.constants import EMPTY
from snncc.frontend.typing.models import CheckedModel, check_model, settled, with_arguments
from snncc.frontend.units import VOLTAGE
from snncc.ir.diagnostics import Diagnostic, Source
from snncc.ir.expr import Const, Ref, apply
from snncc.ir.neuron import Assign, Parameter, Refractory, State
from snncc.ir.report import Report, sound
from snncc.ir.text import parse_expr

LIF = """
neuron lif {
  param tau: ms = 20 ms
  param rate: Hz = 100 Hz
  param needed: mV
  state v: mV = needed / 2
  on input { v = v + i }
  dv/dt = (needed - v) * rate
  spike when v > needed
  on spike { v = 0 V }
  refractory 2 * tau { v = 1 V }
}
"""


def model(text: str) -> CheckedModel:
    tree, mistakes = parse(Source("t.snn", text))
    assert mistakes == ()
    assert tree is not None
    (neuron,) = tree.items
    assert isinstance(neuron, Neuron)
    return closed(check_model, neuron)


def closed(work: Callable[..., CheckedModel], *arguments: object) -> CheckedModel:
    report = Report()
    made = report.attempt(work, *arguments, report)
    report.close()
    return sound(made)


def mistakes(clauses: str) -> list[Diagnostic]:
    return list(refusals(model, "neuron n {\n" + clauses + "\n}"))


def call(text: str) -> Call:
    node = parse_expression(Source("t.snn", text))
    assert isinstance(node, Call)
    return node


def test_a_model_in_base_units() -> None:
    neuron = model(LIF).neuron
    needed, v = Ref("needed"), Ref("v")
    assert neuron.parameters == (
        Parameter("tau", "ms", 20.0),
        Parameter("rate", "kHz", 0.1),
        Parameter("needed", "mV", None),
    )
    assert neuron.states == (State("v", "mV", apply("div", needed, Const(2.0))),)
    assert neuron.ports == ("i",)
    assert neuron.on_input == (Assign("v", apply("add", v, Ref("i"))),)
    rate = apply("mul", apply("sub", needed, v), Ref("rate"))
    assert neuron.derivatives == (Assign("v", rate),)
    assert neuron.spike == apply("gt", v, needed)
    assert neuron.on_spike == (Assign("v", Const(0.0)),)
    duration = apply("mul", Const(2.0), Ref("tau"))
    assert neuron.refractory == Refractory(duration, (Assign("v", Const(1000.0)),))
    assert neuron.span is not None


def test_arguments_set_parameters() -> None:
    ready = closed(with_arguments, model(LIF), call("lif(5 ms, needed = 1 V)"), EMPTY)
    assert settled(ready, call("lif()")) == {"tau": 5.0, "rate": 0.1, "needed": 1000.0}
    assert ready.neuron is not None
    assert dict(ready.ports) == {"i": VOLTAGE}


def test_a_parameter_without_value_is_missed() -> None:
    diagnostic = refused("E013", settled, model(LIF), call("lif()"))
    assert diagnostic.related[0].label == "it has no default"


def test_a_wrong_unit_shows_the_declaration() -> None:
    first, second = refusals(
        closed, with_arguments, model(LIF), call("lif(tau = 3 mV, rate = true)"), EMPTY
    )
    assert (first.code, first.message) == ("E021", "expected a time, got a voltage")
    assert first.related[0].span.start == LIF.index("tau: ms")
    assert second.code == "E020"


def test_all_mistakes_of_a_model_come_at_once() -> None:
    found = mistakes(
        "param tau: mz = 1\n state v: mV = 0\n dv/dt = w\n du/dt = v\n spike when v\n"
        "on spike { x = 1 }"
    )
    assert [d.code for d in found] == ["E010", "E021", "E010", "E010", "E020", "E010"]


@pytest.mark.parametrize(
    ("clauses", "code", "part"),
    [
        ("state v: mV = 0 mV", "E030", "never spikes"),
        ("state v: mV = 0 mV emit v on spike { v = 0 mV }", "E030", "`on spike` of a model that"),
        ("state v: mV = 0 mV emit v refractory 1 ms { }", "E030", "`refractory` of a model that"),
        ("state v: mV = 0 mV emit v > 1 mV", "E020", "expected a plain number"),
        ("state v: mV = 0 mV emit v emit v", "E011", "emit"),
        ("state v: mV = 0 mV spike when v > 1 mV on spike { i = 1 mV }", "E030", "not a state"),
        ("state spiked: 1 = 0 spike when spiked > 1", "E030", "the compiler uses"),
        ("state refractory_left: 1 = 0 spike when i > 1 mV", "E030", "the compiler uses"),
        ("state v: mV = i spike when v > 1 mV", "E010", "`i`"),
        ("state v: mV = 0 mV input e: mV spike when v > 1 mV", "E030", "nothing reads"),
        ("state v: mV = 0 mV spike when v > 1 mV dv/dx = v", "E030", "not a derivative"),
        ("state v: mV = 0 mV spike when v > 1 mV refractory v { }", "E021", "a time"),
        ("state t: ms = 0 ms spike when t > 1 ms refractory t { }", "E030", "which changes"),
        ("param v: mV state v: mV = 0 mV spike when v > 1 mV", "E011", "twice"),
        ("state v: mV = 0 mV spike when v > 1 mV on input { } on input { }", "E011", "on input"),
    ],
)
def test_models_that_cannot_be(clauses: str, code: str, part: str) -> None:
    assert any(d.code == code and part in d.message for d in mistakes(clauses))


def test_what_a_neuron_emits() -> None:
    neuron = model("neuron n { state v: mV = 0 mV input e: mV emit 2 * v + e dv/dt = -v / 1 ms }")
    assert neuron.neuron.spike is None
    assert neuron.neuron.emit == parse_expr("2.0 * v + e")
    assert model(LIF).neuron.emit is None


def test_a_declared_port_takes_the_place_of_i() -> None:
    two = model(
        "neuron n { state v: mV = 0 mV input e: pA input h on input { v = v + e * 1 GOhm - h } "
        "spike when v > 1 mV }"
    )
    assert two.neuron.ports == ("e", "h")
    assert [d.voltage for d in two.ports.values()] == [0, 1]


def test_a_parameter_called_i_leaves_the_model_without_default_port() -> None:
    closed = model("neuron n { param i: pA = 1 pA state v: mV = 0 mV spike when v > i * 1 GOhm }")
    assert closed.neuron.ports == ()
