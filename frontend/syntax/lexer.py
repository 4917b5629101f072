"""Text to tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from string import ascii_letters, digits
from typing import NamedTuple

from ...ir.diagnostics import CompileError, Diagnostic, Source, Span
from ..limits import LIMITS
from ..units import UNITS


class Token(NamedTuple):
    """A word of the text: its terminal in grammar.lark, its characters, and where they stand."""

    type: str
    text: str
    span: Span


END = "$END"

# A keyword followed by a single `=` is an ordinary name: `population(input = 3)`.
KEYWORDS: dict[str, str] = {
    "import": "IMPORT",
    "neuron": "NEURON",
    "synapse": "SYNAPSE",
    "module": "MODULE",
    "network": "NETWORK",
    "train": "TRAIN",
    "deploy": "DEPLOY",
    "run": "RUN",
    "record": "RECORD",
    "of": "OF",
    "every": "EVERY",
    "param": "PARAM",
    "state": "STATE",
    "on": "ON",
    "spike": "SPIKE",
    "when": "WHEN",
    "refractory": "REFRACTORY",
    "emit": "EMIT",
    "input": "INPUT",
    "population": "POPULATION",
    "source": "SOURCE",
    "output": "OUTPUT",
    "encode": "_ENCODE",
    "method": "METHOD",
    "instance": "INSTANCE",
    "port": "PORT",
    "for": "FOR",
    "in": "IN",
    "let": "LET",
    "then": "_THEN",
    "via": "VIA",
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

_BLANKS = " \t\r\n"
_NUMBER = r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
# After a value no `=` or `->` can follow, so a word before one is a name and not a unit.
_NOT_A_UNIT = r"(?![A-Za-z0-9_])(?!\s*(?:=(?!=)|->))"
# Blanks, and the word after them: a name, a number with or without its unit, a sign, a text that is
# closed or not, a comment, anything else.
_WORDS = re.compile(
    rf"([{_BLANKS}]*)("
    r"[A-Za-z_][A-Za-z0-9_]*"
    rf"|{_NUMBER}(?:[ \t]*(?:{_UNIT}){_NOT_A_UNIT})?"
    rf"|{'|'.join(map(re.escape, PUNCTUATION))}"
    r"|\"[^\"\n]*\"?"
    r"|\#[^\n]*"
    rf"|[^{_BLANKS}])"
)
_ASSIGNED = re.compile(r"\s*=(?!=)")
# What a word is that is no sign, by its first letter.
_KINDS = {
    **dict.fromkeys(ascii_letters + "_", "NAME"),
    **dict.fromkeys(digits, "NUMBER"),
    '"': "STRING",
    "#": "COMMENT",
}
# These take half of the time of Token(…) and Span(…).
_token = partial(tuple.__new__, Token)
_span = partial(tuple.__new__, Span)


def tokenize(everything: Iterable[Token]) -> tuple[list[Token], list[Diagnostic]]:
    """Of the words of a text the tokens, without comments, and what is no token."""
    tokens = [token for token in everything if token.type not in _ASIDE]
    wrong = [token for token in everything if token.type in _MISTAKES]
    return tokens, [_mistake(token) for token in wrong[: LIMITS.syntax_errors]]


def words(source: Source) -> list[Token]:
    """Every word of the text, comments and mistakes too. E005 if it is too long."""
    text, end, found = source.text, 0, []
    kinds = _Kinds(PUNCTUATION | KEYWORDS)
    for blanks, word in _bounded(source):
        start = end + len(blanks)
        end = start + len(word)
        kind = kinds[word]
        if word in KEYWORDS and _ASSIGNED.match(text, end):
            kind = "NAME"
        found.append(_token((kind, word, _span((source, start, end)))))
    return found


def _bounded(source: Source) -> list[tuple[str, str]]:
    if len(source.text) > LIMITS.characters:
        raise too_long(f"{LIMITS.characters} characters", Span(source, 0, 0))
    found = spelled(source.text)
    if len(found) > LIMITS.words:
        end = sum(len(blanks) + len(word) for blanks, word in found[: LIMITS.words])
        raise too_long(f"{LIMITS.words} words and signs", Span(source, end, end))
    return found


def too_long(what: str, place: Span) -> CompileError:
    """E005: a text has more of something than is read."""
    message = f"the text has more than {what}"
    way_out = (
        "keep long lists of numbers in files, for `file(path = …)`, and parts in files to import"
    )
    return CompileError(Diagnostic("E005", message, place, help=way_out))


def spelled(text: str) -> list[tuple[str, str]]:
    """Every word of a text, comments and mistakes too, each after the blanks before it."""
    # Blanks that no word follows would be tried from each of them on.
    return _WORDS.findall(text.rstrip(_BLANKS))


def between(left: Token, right: Token) -> str:
    """The text between two tokens."""
    return left.span.source.text[left.span.end : right.span.start]


class _Kinds(dict[str, str]):
    """What each word of a text is, as far as it is known without the words around it."""

    def __missing__(self, word: str) -> str:
        kind = _KINDS.get(word[0], "WRONG")
        if kind == "NUMBER" and word[-1].isalpha():
            kind = "QUANTITY"
        elif kind == "STRING" and (len(word) == 1 or word[-1] != '"'):
            kind = "OPEN_STRING"
        self[word] = kind
        return kind


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


_ASIDE = {"COMMENT", *_MISTAKES}


def _mistake(token: Token) -> Diagnostic:
    code, message, way_out = _MISTAKES[token.type]
    way_out = _ADVICE.get(token.text, way_out)
    return Diagnostic(code, message.format(token.text), token.span, help=way_out)
