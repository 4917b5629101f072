"""How a mistake is drawn."""

import pytest

from snncc.ir.codes import CODES
from snncc.ir.diagnostics import CompileError, Diagnostic, Note, Source, Span, render, to_json

SOURCE = Source("net.snn", "dt = 1 ms\n\tneuron cell = lif()\n")


def span(text: str) -> Span:
    start = SOURCE.text.index(text)
    return Span(SOURCE, start, start + len(text))


def test_carets_stand_under_their_text() -> None:
    mistake = Diagnostic(
        "E010",
        "unknown name `lif`",
        span("lif"),
        label="not declared",
        related=(Note(span("1 ms"), "declared here"),),
        help="did you mean `if`?",
    )
    assert render(mistake).splitlines() == [
        "error[E010]: unknown name `lif`",
        "  --> net.snn:2:16",
        "2 | \tneuron cell = lif()",
        "    \t              ^^^ not declared",
        "  --> net.snn:1:6",
        "1 | dt = 1 ms",
        "         ---- declared here",
        "help: did you mean `if`?",
    ]
    assert to_json(mistake)["place"] == {
        "file": "net.snn",
        "line": 2,
        "column": 16,
        "end_line": 2,
        "end_column": 19,
    }


def test_places_at_the_ends_of_a_text() -> None:
    for text, start in (("", 0), ("a", 1), ("a\n", 2)):
        source = Source("s", text)
        assert "-->" in render(Diagnostic("E001", "expected more", Span(source, start, start)))


def test_all_mistakes_are_in_the_error() -> None:
    error = CompileError([Diagnostic("E001", "first"), Diagnostic("E002", "second")])
    assert str(error) == "error[E001]: first\nerror[E002]: second"
    assert to_json(error.diagnostics[0])["place"] is None


def test_a_warning_is_called_one() -> None:
    warning = Diagnostic("W050", "no spike")
    assert render(warning) == "warning[W050]: no spike"
    assert to_json(warning)["severity"] == "warning"
    assert to_json(Diagnostic("E050", "no rule"))["severity"] == "error"


def test_unknown_codes_are_a_bug() -> None:
    with pytest.raises(AssertionError):
        Diagnostic("E999", "no such code")
    assert all(len(code) == 4 and code[0] in "EW" and title for code, title in CODES.items())
