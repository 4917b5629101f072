from __future__ import annotations

import pytest
from refusal import refused

from snncc.frontend.syntax.parser import parse_expression
from snncc.frontend.syntax.tree import Call, Name
from snncc.frontend.typing.arguments import as_call, bind, fill, look_up
from snncc.frontend.typing.constants import EMPTY, Quantity, Scope
from snncc.frontend.units import NUMBER
from snncc.ir.arguments import Argument, Row
from snncc.ir.diagnostics import Source, Span
from snncc.ir.expr import Const, Ref, apply
from snncc.ir.graph import Call as IrCall
from snncc.ir.report import Report, sound
from snncc.ir.rules import ENCODINGS, OPTIMIZERS, REGULARIZERS, RULES, SCHEDULES
from snncc.ir.wiring import CONNECTIVITIES, INITS

SPAN = Span(Source("t.snn", "x"), 0, 1)


def call(text: str) -> Call:
    return as_call(parse_expression(Source("t.snn", text)), "a call")


def filled(row: Row, text: str, scope: Scope = EMPTY) -> IrCall:
    report = Report()
    filled = report.attempt(fill, row, call(text), scope, report)
    report.close()
    return sound(filled)


def test_defaults_are_filled_in_and_values_converted() -> None:
    poisson = filled(ENCODINGS["poisson"], "poisson(0.1 s)")
    assert poisson == IrCall("poisson", (("duration", 100.0), ("rate", 1000.0 / 5.5)))
    assert filled(ENCODINGS["poisson"], "poisson(1 ms, 0.4 kHz)")["rate"] == 400.0
    assert filled(ENCODINGS["poisson"], 'poisson(0.1 s, redraw = "never")') == poisson
    redrawn = filled(ENCODINGS["poisson"], 'poisson(0.1 s, redraw = "epoch")')
    assert redrawn["redraw"] == "epoch"
    adam = filled(OPTIMIZERS["adam"], "adam(beta2 = 0.9)")
    assert adam["lr"] == 1e-3
    assert adam["beta2"] == 0.9
    liquid = filled(CONNECTIVITIES["liquid"], 'liquid([5, 5, 4], wiring = "paper")')
    assert liquid["grid"] == (5, 5, 4)
    assert liquid["wiring"] == "paper"
    assert filled(CONNECTIVITIES["fixed_fan_in"], "fixed_fan_in(k = 3)")["k"] == 3


def test_expressions_over_indices() -> None:
    scope = EMPTY.bind(Name("n", SPAN), Quantity(4, NUMBER))
    where = filled(CONNECTIVITIES["expression"], "expression(where = i - n < j)", scope)["where"]
    assert where == apply("lt", apply("sub", Ref("i"), Const(4.0)), Ref("j"))


def test_a_choice_is_suggested() -> None:
    diagnostic = refused("E022", filled, RULES["st_rsbp"], 'st_rsbp(profile = "refrence")')
    assert diagnostic.help == "did you mean `reference`?"


def test_unknown_rows() -> None:
    diagnostic = refused("E010", look_up, SCHEDULES, call("constnat"), "schedule")
    assert diagnostic.help == "did you mean `constant`?"


def test_bind_keeps_the_order_of_the_text() -> None:
    bound = bind(call("f(1, c = 3, b = 2)"), ("a", "b"), ("c",))
    assert list(bound) == ["a", "c", "b"]


TABLES = (RULES, OPTIMIZERS, SCHEDULES, REGULARIZERS, ENCODINGS, CONNECTIVITIES, INITS)
EXAMPLES = {
    "1": "0.5",
    "quantity": "0.5",
    "ms": "3 ms",
    "Hz": "3 Hz",
    "int": "3",
    "level": "[1, 2.5]",
    "bool": "true",
    "text": '"x"',
    "shape": "[1, 2]",
    "expr": "i < j",
}


def written(argument: Argument) -> str:
    if argument.choices:
        return f'"{argument.choices[-1]}"'
    return "i" if argument.name == "value" else EXAMPLES[argument.unit]


@pytest.mark.parametrize(
    ("name", "row"),
    [(n, r) for table in TABLES for n, r in table.items() if n != "list"],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_argument_of_every_table_can_be_written(name: str, row: Row) -> None:
    arguments = ", ".join(
        f"{a.name} = {'2' if name == 'constant' and a.name == 'value' else written(a)}"
        for a in row.arguments
    )
    result = filled(row, f"{name}({arguments})")
    assert [n for n, _ in result.arguments] == [a.name for a in row.arguments]
