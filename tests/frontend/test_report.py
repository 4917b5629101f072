from __future__ import annotations

import pytest

from snncc.frontend.report import Report, in_text_order, listing, nearest, unknown
from snncc.ir.diagnostics import CompileError, Diagnostic, Source, Span

SOURCE = Source("t.snn", "abcdef")


def mistake(start: int, message: str = "m") -> Diagnostic:
    return Diagnostic("E010", message, Span(SOURCE, start, start + 1))


def fail(*diagnostics: Diagnostic) -> None:
    raise CompileError(diagnostics)


def test_a_report_keeps_each_mistake_once_and_raises_them_in_order() -> None:
    report = Report()
    assert report.attempt(fail, mistake(3), mistake(1)) is None
    assert report.attempt(fail, mistake(3)) is None
    assert report.attempt(int, "7") == 7
    assert report.failures == 2
    with pytest.raises(CompileError) as error:
        report.close()
    assert error.value.diagnostics == (mistake(1), mistake(3))


def test_an_empty_report_raises_nothing() -> None:
    Report().close()


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


def test_listing_is_cut() -> None:
    assert listing([]) == ""
    assert listing(["a", "b", "c"]) == "`a`, `b` and `c`"
    assert listing(map(str, range(20)), most=2) == "`0`, `1`, …"


def test_unknown_names_the_choices_when_nothing_is_near() -> None:
    span = Span(SOURCE, 0, 1)
    assert unknown("unit", "x", span, ["ms", "mV"]).help == "there are `ms` and `mV`"
    assert unknown("unit", "x", span, ["ms"]).help == "there is only `ms`"
