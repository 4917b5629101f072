from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snncc.frontend.limits import LIMITS
from snncc.frontend.syntax.lexer import tokenize, words
from snncc.ir.diagnostics import CompileError, Source


def kinds(text: str) -> list[str]:
    tokens, _ = tokenize(words(Source("t.snn", text)))
    return [f"{t.type}:{t.text}" for t in tokens]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20 mV", ["QUANTITY:20 mV"]),
        ("20mV", ["QUANTITY:20mV"]),
        ("1e-3 ms", ["QUANTITY:1e-3 ms"]),
        ("3 msx", ["NUMBER:3", "NAME:msx"]),
        ("x = 3 s = 4", ["NAME:x", "_EQ:=", "NUMBER:3", "NAME:s", "_EQ:=", "NUMBER:4"]),
        ("3 s == 4", ["QUANTITY:3 s", "OPERATOR:==", "NUMBER:4"]),
        ("3 s -> t", ["NUMBER:3", "NAME:s", "_ARROW:->", "NAME:t"]),
        ("3\nms", ["NUMBER:3", "NAME:ms"]),
        ("0..4", ["NUMBER:0", "_RANGE:..", "NUMBER:4"]),
        ("1.5..2", ["NUMBER:1.5", "_RANGE:..", "NUMBER:2"]),
        ("delay 1", ["DELAY:delay", "NUMBER:1"]),
        ("delay = 1", ["NAME:delay", "_EQ:=", "NUMBER:1"]),
        ("delay == 1", ["DELAY:delay", "OPERATOR:==", "NUMBER:1"]),
        ('"a # b" # c', ['STRING:"a # b"']),
        ("a-->b", ["NAME:a", "MINUS:-", "_ARROW:->", "NAME:b"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


def test_wrong_characters_are_reported_once_each_and_skipped() -> None:
    tokens, mistakes = tokenize(words(Source("t.snn", 'a $ b\n"open')))
    assert [t.text for t in tokens] == ["a", "b"]
    assert [(d.code, d.span.start) for d in mistakes if d.span] == [("E002", 2), ("E001", 6)]


def test_a_text_has_so_many_words_and_signs() -> None:
    text = "ab #\n" * (LIMITS.words // 2) + "here"
    with pytest.raises(CompileError) as refused:
        words(Source("t.snn", text))
    (mistake,) = refused.value.diagnostics
    assert mistake.code == "E005"
    assert str(LIMITS.words) in mistake.message
    assert mistake.span is not None
    assert text[mistake.span.start :] == "\nhere"
    assert "file(path" in mistake.help


@given(st.text())
def test_words_cover_the_text(text: str) -> None:
    """Whatever is no blank belongs to a word, and words stand where they say."""
    covered = set[int]()
    for token in words(Source("t.snn", text)):
        _, start, end = token.span
        assert text[start:end] == token.text
        covered.update(range(start, end))
    rest = {c for k, c in enumerate(text) if k not in covered}
    assert rest <= set(" \t\r\n")
