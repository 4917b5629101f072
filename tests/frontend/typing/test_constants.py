from __future__ import annotations

import pytest
from refusal import refusals, refused

from snncc.frontend.syntax.parser import parse_expression
from snncc.frontend.syntax.tree import Name
from snncc.frontend.typing.constants import (
    EMPTY,
    Constant,
    Quantity,
    Scope,
    evaluate,
    number,
    text,
    truth,
    whole,
)
from snncc.frontend.units import CURRENT, FREQUENCY, NUMBER, TIME, VOLTAGE, Dimension
from snncc.ir.diagnostics import CompileError, Source, Span

SPAN = Span(Source("t.snn", "x"), 0, 1)
SCOPE = EMPTY.bind(Name("n", SPAN), Quantity(5, NUMBER)).bind(
    Name("tau", SPAN), Quantity(20.0, TIME)
)


def value(written: str, scope: Scope = SCOPE) -> Constant:
    return evaluate(parse_expression(Source("t.snn", written)), scope)


def failure(written: str) -> str:
    (diagnostic,) = refusals(value, written)
    return f"{diagnostic.code} {diagnostic.message}"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2 + 3 * 4", 14),
        ("n / 5", 1),
        ("n / 2", 2.5),
        ("7 % 4", 3),
        ("-1 % 4", 3),
        ("2 ^ 10", 1024),
        ("2 ^ -1", 0.5),
        ("floor(2.7)", 2),
        ("min(3, n)", 3),
        ("max(3.5, n)", 5),
        ("abs(-n)", 5),
        ("select(n > 3, 10, 20)", 10),
        ("sqrt(16)", 4.0),
        ("exp(0)", 1.0),
        ("1e3", 1000.0),
    ],
)
def test_numbers(written: str, expected: float) -> None:
    result = value(written)
    assert result == Quantity(expected, NUMBER)
    assert isinstance(result, Quantity)
    assert type(result.value) is type(expected)


@pytest.mark.parametrize(
    ("written", "expected", "dimension"),
    [
        ("2 s", 2000.0, TIME),
        ("500 us", 0.5, TIME),
        ("tau / 2", 10.0, TIME),
        ("1 V - 1 mV", 999.0, VOLTAGE),
        ("100 Hz", 0.1, FREQUENCY),
        ("1 / 10 ms", 0.1, FREQUENCY),
        ("2 nS * 3 mV", 6.0, CURRENT),
        ("tau / 1 ms", 20.0, NUMBER),
        ("(2 mV) ^ 2", 4.0, Dimension(0, 2, 0)),
        ("sqrt(4 mV * 4 mV)", 4.0, VOLTAGE),
        ("20 mV % 15 mV", 5.0, VOLTAGE),
    ],
)
def test_quantities(written: str, expected: float, dimension: Dimension) -> None:
    result = value(written)
    assert isinstance(result, Quantity)
    assert result.value == pytest.approx(expected, rel=1e-15)
    assert result.dimension == dimension


def test_other_values() -> None:
    assert value("true and not false or 1 > 2") is True
    assert value('"paper"') == "paper"
    assert value("[1, [2, 3]]") == (
        Quantity(1, NUMBER),
        (Quantity(2, NUMBER), Quantity(3, NUMBER)),
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1 + 1 ms", "E021 expected a plain number, got a time"),
        ("exp(1 ms)", "E021 expected a plain number, got a time"),
        ("1 ms < 1 mV", "E021 expected a time, got a voltage"),
        ("not 1", "E020 expected true or false, got a plain number"),
        ("1 + true", "E020 expected a plain number, got true or false"),
        ('1 + "a"', "E020 expected a number, got a text"),
        ("m", "E010 there is no constant `m`"),
        ("ms", "E010 `ms` is a unit, which follows a number"),
        ("sine(1)", "E010 there is no function `sine`"),
        ("neg(1)", "E010 there is no function `neg`"),
        ("max(1)", "E013 `max` takes 2, not 1 arguments"),
        ("max(1, 2, 3)", "E012 `max` takes 2, not 3 arguments"),
        ("max(a = 1, 2)", "E012 `max` takes its arguments by position"),
        ("1 / 0", "E022 this has no value"),
        ("1 % 0", "E022 this has no value"),
        ("log(0)", "E022 this has no value"),
        ("sqrt(-1)", "E022 this has no value"),
        ("(-1) ^ 0.5", "E022 this has no value"),
        ("10.0 ^ 400", "E022 this has no value"),
        ("1e38 * 100", "E022 this number is too large"),
        ("9007199254740993", "E022 this number is too large"),
        ("1e400", "E022 this number is too large"),
        ("2 ^ 53 * 2", "E022 this number is too large"),
        ("(1 mV) ^ 13", "E022 the exponent of a unit is at most 12"),
    ],
)
def test_what_has_no_value(written: str, expected: str) -> None:
    assert failure(written) == expected


def test_a_clash_of_units_shows_both_operands() -> None:
    diagnostic = refused("E021", value, "tau + 1 mV")
    assert diagnostic.span is not None
    assert (diagnostic.span.start, diagnostic.related[0].span.start) == (6, 0)


def test_a_name_is_bound_once() -> None:
    refused("E011", SCOPE.bind, Name("n", SPAN), Quantity(1, NUMBER))


def test_what_a_place_asks_for() -> None:
    assert whole(Quantity(3.0, NUMBER), SPAN) == 3
    assert number(Quantity(3, NUMBER), SPAN, NUMBER) == 3.0
    assert truth(True, SPAN) is True
    assert text("a", SPAN) == "a"
    for wrong in (Quantity(2.5, NUMBER), Quantity(1e20, NUMBER), "a", True, ()):
        with pytest.raises(CompileError):
            whole(wrong, SPAN)
    for wrong in (Quantity(1, NUMBER), "a", ()):
        with pytest.raises(CompileError):
            truth(wrong, SPAN)


LISTS = SCOPE.bind(Name("sizes", SPAN), tuple(Quantity(k, NUMBER) for k in (3, 5))).bind(
    Name("table", SPAN), (("a", "b"), (), (Quantity(2.0, TIME), True))
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("sizes[1]", Quantity(5, NUMBER)),
        ("sizes[n - 5] * 2", Quantity(6, NUMBER)),
        ("-sizes[0] ^ 2", Quantity(-9, NUMBER)),
        ("table[0][1]", "b"),
        ("table[2][0] * n", Quantity(10.0, TIME)),
        ("select(table[2][1], sizes[0], 0)", Quantity(3, NUMBER)),
        ("sizes[sizes[0] - 2]", Quantity(5, NUMBER)),
        ("table[1]", ()),
        ("[sizes[0], 1]", (Quantity(3, NUMBER), Quantity(1, NUMBER))),
    ],
)
def test_items_of_lists(written: str, expected: Constant) -> None:
    assert value(written, LISTS) == expected


@pytest.mark.parametrize(
    ("written", "code", "message", "marked"),
    [
        ("sizes[2]", "E022", "`sizes` has no item 2", "2"),
        ("sizes[-1]", "E022", "`sizes` has no item -1", "-1"),
        ("table[1][0]", "E022", "`table[1]` has no item 0", "0"),
        ("sizes[0.5]", "E020", "expected a whole number, got 0.5", "0.5"),
        ("sizes[1 ms]", "E021", "time", "1 ms"),
        ("n[0]", "E020", "`n` is a plain number, and only a list has items", "n[0]"),
        ("sizes[0][0]", "E020", "`sizes[0]` is a plain number", "sizes[0][0]"),
        ("size[0]", "E010", "no constant `size`", "size"),
        ("sizes[m]", "E010", "no constant `m`", "m"),
    ],
)
def test_items_that_there_are_not(written: str, code: str, message: str, marked: str) -> None:
    diagnostic = refused(code, value, written, LISTS)
    assert message in diagnostic.message
    assert diagnostic.span is not None
    assert written[diagnostic.span.start : diagnostic.span.end] == marked


NAMED = LISTS.bind(Name("layer", SPAN), "h1")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"w{n}.npy"', "w5.npy"),
        ('"{layer}/{n}{n}"', "h1/55"),
        ('"{{n}} {n}"', "{n} 5"),
        ('"plain"', "plain"),
        ('""', ""),
    ],
)
def test_texts_have_values(written: str, expected: str) -> None:
    assert value(written, NAMED) == expected


@pytest.mark.parametrize(
    ("written", "code", "message", "marked"),
    [
        ('"w{k}.npy"', "E010", "no constant `k`", "{k}"),
        ('"w{tau}"', "E020", "texts; `tau` is a time", "{tau}"),
        ('"w{sizes}"', "E020", "texts; `sizes` is a list", "{sizes}"),
        ('"w{n"', "E022", "`{` in a text", "{"),
        ('"w}"', "E022", "`}` in a text", "}"),
        ('"{}"', "E022", "`{` in a text", "{"),
        ('"{n + 1}"', "E022", "`{` in a text", "{"),
    ],
)
def test_texts_that_cannot_have_them(written: str, code: str, message: str, marked: str) -> None:
    diagnostic = refused(code, value, written, NAMED)
    assert message in diagnostic.message
    assert diagnostic.span is not None
    assert written[diagnostic.span.start : diagnostic.span.end] == marked


def test_a_share_is_no_part_of_a_text() -> None:
    half = NAMED.bind(Name("half", SPAN), Quantity(0.5, NUMBER))
    diagnostic = refused("E020", value, '"w{half}"', half)
    assert "`half` is 0.5" in diagnostic.message
