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


def test_a_long_line_is_cut_around_its_mistake() -> None:
    text = "let a = " + "1 + " * 750_000 + "x"
    drawn = render(Diagnostic("E010", "m", Span(Source("s", text), len(text) - 1, len(text))))
    line, mark = drawn.splitlines()[2:]
    assert line == "1 | …" + "1 + " * 15 + "x"
    assert mark.index("^") == line.index("x")
    drawn = render(Diagnostic("E010", "m", Span(Source("s", text), 8, len(text)), "all of it"))
    line, mark = drawn.splitlines()[2:]
    assert line == "1 | let a = " + "1 + " * 25 + "…"
    assert mark == " " * 12 + "^" * 100 + " all of it"


def test_what_does_not_print_is_drawn_as_an_escape() -> None:
    text = '"\x1b[31m\u202e\tä字" x'
    place = Span(Source("a\x07b", text), len(text) - 1, len(text))
    drawn = render(Diagnostic("E010", "a\x1b[2J\nb", place, "\u2066c", help="\x9b"))
    assert drawn.splitlines() == [
        r"error[E010]: a\x1b[2J\nb",
        r"  --> a\x07b:1:13",
        '1 | "\\x1b[31m\\u202e\tä字" x',
        "    " + " " * 15 + "\t" + " " * 5 + "^ \\u2066c",
        r"help: \x9b",
    ]


def test_a_long_message_is_cut() -> None:
    mistake = Diagnostic("E010", "x" * 3_000_000, help="y" * 3_000_000)
    assert len(render(mistake)) < 2100
    assert len(str(to_json(mistake))) < 2300
