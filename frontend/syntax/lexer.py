"""Text to tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ...ir.diagnostics import Diagnostic, Source, Span
from ..limits import LIMITS
from ..units import UNITS


class Token(NamedTuple):
    """A word of the text: its terminal in grammar.lark, its characters, and where they stand."""

    type: str
    text: str
    source: Source
    start: int
    end: int


END = "$END"

# A keyword followed by a single `=` is an ordinary name: `population(input = 3)`.
KEYWORDS: dict[str, str] = {
    "import": "IMPORT",
    "neuron": "NEURON",
    "module": "MODULE",
    "network": "NETWORK",
    "train": "TRAIN",
    "deploy": "DEPLOY",
    "param": "PARAM",
    "state": "STATE",
    "on": "ON",
    "spike": "SPIKE",
    "when": "WHEN",
    "refractory": "REFRACTORY",
    "emit": "EMIT",
    "input": "INPUT",
    "population": "POPULATION",
    "output": "OUTPUT",
    "encode": "_ENCODE",
    "method": "_METHOD",
    "instance": "INSTANCE",
    "port": "PORT",
    "for": "FOR",
    "in": "IN",
    "let": "LET",
    "delay": "DELAY",
    "fixed": "FIXED",
    "trainable": "TRAINABLE",
    "as": "AS",
    "and": "OPERATOR",
    "or": "OPERATOR",
    "not": "NOT",
    "true": "TRUE",
    "false": "FALSE",
}

PUNCTUATION: dict[str, str] = {
    "->": "_ARROW",
    "..": "_RANGE",
    "==": "OPERATOR",
    "!=": "OPERATOR",
    "<=": "OPERATOR",
    ">=": "OPERATOR",
    "<": "OPERATOR",
    ">": "OPERATOR",
    "+": "OPERATOR",
    "*": "OPERATOR",
    "%": "OPERATOR",
    "^": "OPERATOR",
    "-": "MINUS",
    "/": "SLASH",
    "=": "_EQ",
    "{": "_LBRACE",
    "}": "_RBRACE",
    "(": "_LPAR",
    ")": "_RPAR",
    "[": "LSQB",
    "]": "RSQB",
    ",": "_COMMA",
    ":": "_COLON",
    ".": "_DOT",
}

_NUMBER = r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
# After a value no `=` or `->` can follow, so a word before one is a name and not a unit.
_NOT_A_UNIT = r"(?![A-Za-z0-9_])(?!\s*(?:=(?!=)|->))"
_WORDS = re.compile(
    r"[ \t\r\n]+"
    r"|(?P<COMMENT>\#[^\n]*)"
    r"|(?P<NAME>[A-Za-z_][A-Za-z0-9_]*)"
    rf"|(?P<QUANTITY>{_NUMBER}[ \t]*(?:{_UNIT}){_NOT_A_UNIT})"
    rf"|(?P<NUMBER>{_NUMBER})"
    r"|(?P<STRING>\"[^\"\n]*\")"
    rf"|(?P<PUNCTUATION>{'|'.join(map(re.escape, PUNCTUATION))})"
    r"|(?P<OPEN_STRING>\"[^\n]*)"
    r"|(?P<WRONG>.)"
)
_ASSIGNED = re.compile(r"\s*=(?!=)")


def tokenize(source: Source) -> tuple[list[Token], list[Diagnostic]]:
    """The tokens of a text, without comments, and what in it is no token."""
    tokens: list[Token] = []
    mistakes: list[Diagnostic] = []
    for token in words(source):
        if token.type in _MISTAKES:
            if len(mistakes) < LIMITS.syntax_errors:
                mistakes.append(_mistake(token))
        elif token.type != "COMMENT":
            tokens.append(token)
    return tokens, mistakes


def words(source: Source) -> Iterator[Token]:
    """Every word of the text, comments and mistakes too."""
    text = source.text
    for match in _WORDS.finditer(text):
        kind = match.lastgroup
        if kind is None:
            continue
        word = match.group()
        if kind == "PUNCTUATION":
            kind = PUNCTUATION[word]
        elif kind == "NAME" and word in KEYWORDS and not _ASSIGNED.match(text, match.end()):
            kind = KEYWORDS[word]
        yield Token(kind, word, source, match.start(), match.end())


_MISTAKES: dict[str, tuple[str, str, str]] = {
    "WRONG": ("E002", "unexpected character {0!r}", ""),
    "OPEN_STRING": ("E001", "this text is not closed", 'end it with `"` on the same line'),
}
_ADVICE = {
    ";": "statements need no separator; start a new line",
    "'": 'texts stand in double quotes: `"…"`',
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`, or `!=`",
}


def _mistake(token: Token) -> Diagnostic:
    code, message, way_out = _MISTAKES[token.type]
    span = Span(token.source, token.start, token.end)
    return Diagnostic(code, message.format(token.text), span, help=_ADVICE.get(token.text, way_out))
