from __future__ import annotations

import pytest
from refusal import refusals

from snncc.ir.diagnostics import CompileError, Diagnostic, Source, Span
from snncc.ir.report import Poisoned, Report, in_text_order, listing, nearest, sound, unknown

SOURCE = Source("t.snn", "abcdef")


def mistake(start: int, message: str = "m") -> Diagnostic:
    return Diagnostic("E010", message, Span(SOURCE, start, start + 1))


def fail(*diagnostics: Diagnostic) -> None:
    raise CompileError(diagnostics)


def half(number: int) -> int:
    if number % 2:
        raise CompileError(mistake(3))
    return number // 2


def test_a_report_keeps_each_mistake_once_and_raises_them_in_order() -> None:
    report = Report()
    first = report.attempt(fail, mistake(3), mistake(1))
    assert isinstance(first, Poisoned)
    assert report.each(half, [1, 2, 3, 4]) == (1, 2)
    assert report.attempt(half, 14) == 7
    assert report.last is not first
    assert refusals(report.close) == (mistake(1), mistake(3))


def test_what_stands_for_a_value_says_its_mistake_again() -> None:
    report = Report()
    report.require_none_since(None)
    first = report.attempt(half, 3)
    report.attempt(sound, first)
    assert refusals(sound, first) == (mistake(3),)
    last = report.last
    report.require_none_since(last)
    with pytest.raises(CompileError):
        report.require_none_since(None)
    assert report.diagnostics == [mistake(3)]


def test_a_report_without_mistakes_raises_nothing() -> None:
    report = Report()
    report.close()
    report.extend([])
    report.close()
    report.extend([mistake(1)])
    assert refusals(report.close) == (mistake(1),)


def test_a_report_is_bounded() -> None:
    report = Report(limit=3)
    report.extend(mistake(0, str(k)) for k in range(10))
    assert len(report.diagnostics) == 3


def test_files_stay_together() -> None:
    other = Diagnostic("E010", "m", Span(Source("u.snn", "xyz"), 0, 1))
    assert in_text_order([mistake(3), other, mistake(1)]) == (mistake(1), mistake(3), other)


def test_the_nearest_name() -> None:
    assert nearest("tau_men", ["tau_syn", "tau_mem", "v"]) == "did you mean `tau_mem`?"
    assert nearest("x", ["tau_syn"]) == ""
    assert nearest("pi", ["i", "p"]) == ""
    assert nearest("MV", ["mV"]) == "did you mean `mV`?"


def test_listing_is_cut() -> None:
    assert listing([]) == ""
    assert listing(["a", "b", "c"]) == "`a`, `b` and `c`"
    assert listing(map(str, range(20)), most=2) == "`0`, `1`, …"


def test_unknown_names_the_choices_when_nothing_is_near() -> None:
    span = Span(SOURCE, 0, 1)
    assert unknown("unit", "x", span, ["ms", "mV"]).help == "there are `ms` and `mV`"
    assert unknown("unit", "x", span, ["ms"]).help == "there is only `ms`"


def test_after_the_last_mistake_that_is_told_nothing_is_attempted() -> None:
    report, tried = Report(limit=3), []

    def work(place: int) -> None:
        tried.append(place)
        fail(mistake(place))

    assert report.each(work, range(10)) == ()
    assert tried == [0, 1, 2]


def test_warnings_leave_room_for_errors() -> None:
    report = Report(limit=2)
    report.extend(Diagnostic("W013", str(k)) for k in range(5))
    report.extend(mistake(k) for k in range(5))
    assert [d.code for d in report.diagnostics] == ["W013"] * 2 + ["E010"] * 2
