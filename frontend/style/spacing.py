"""The space between two words of a line, as `snncc fmt` writes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from ..syntax.builder import quantity_parts
from ..syntax.lexer import KEYWORDS, PUNCTUATION, Token

_OPERATORS = frozenset({"OPERATOR", "MINUS", "SLASH", "NOT"})
_VALUE_ENDS = frozenset(
    {"NAME", "NUMBER", "QUANTITY", "STRING", "TRUE", "FALSE", "REFRACTORY", "_RPAR", "RSQB"}
    | {"FIXED", "TRAINABLE", "_RBRACE", "ON"}
)
_STATEMENT_STARTS = frozenset(
    {
        "NAME",
        "IMPORT",
        "NEURON",
        "SYNAPSE",
        "MODULE",
        "NETWORK",
        "TRAIN",
        "DEPLOY",
        "RUN",
        "PARAM",
        "STATE",
        "ON",
    }
    | {
        "RECORD",
        "SPIKE",
        "EMIT",
        "REFRACTORY",
        "INPUT",
        "POPULATION",
        "SOURCE",
        "OUTPUT",
        "INSTANCE",
        "PORT",
        "FOR",
        "LET",
    }
)
_CLAUSES = frozenset({"METHOD", "DELAY", "FIXED", "TRAINABLE", "AS", "VIA"})
_DECLARATIONS = frozenset({"PARAM", "STATE", "INPUT"})


class Entries(NamedTuple):
    """Where entries of plans begin, and where their names stand: behind two ends and an arrow, or
    `record`, if the entry begins with these."""

    starts: frozenset[int]
    names: frozenset[int]


class Context(NamedTuple):
    """What is known of a token beyond its neighbours."""

    is_inside: bool  # of round brackets
    opening: str  # the word with which its statement begins
    is_unit: bool  # between the colon of a declaration and its `=`
    starts_statement: bool


def contexts(tokens: Sequence[Token], entries: Entries) -> list[Context]:
    """The context of every token."""
    found: list[Context] = []
    known: dict[tuple[bool, str, bool, bool], Context] = {}  # equal contexts are one object
    parentheses, opening, is_unit, starts = 0, "", False, False
    for position, token in enumerate(tokens):
        kind = token.type
        starts = parentheses == 0 and _starts_statement(tokens, position, entries, starts)
        if starts:
            opening, is_unit = kind, False
        elif kind == "_RPAR":
            parentheses -= 1
        elif kind == "_EQ" or kind == "_COMMA":
            is_unit = False
        said = parentheses > 0, opening, is_unit, starts
        found.append(known.get(said) or known.setdefault(said, Context(*said)))
        if kind == "_COLON" and (parentheses or opening in _DECLARATIONS):
            is_unit = True
        elif kind == "_LPAR":
            parentheses += 1
    return found


def _starts_statement(
    tokens: Sequence[Token], position: int, entries: Entries, follows_start: bool
) -> bool:
    token = tokens[position]
    if position == 0 or token.span.start in entries.starts:
        return True
    if token.span.start in entries.names:
        return False
    before = tokens[position - 1]
    if token.type not in _STATEMENT_STARTS:
        return False
    if before.type in ("_LBRACE", "_RBRACE"):
        return True
    # `data digits`, `on input`, `refractory tau`, `port out y`: the second word starts nothing.
    if before.span.start in entries.names or (
        follows_start and before.type in ("ON", "REFRACTORY")
    ):
        return False
    if before.text == "out" and tokens[position - 2].type == "PORT":
        return False
    return before.type in _VALUE_ENDS


def written(word: str) -> str:
    """A word or comment as it is written: a unit stands one space after its number."""
    if word[0] == "#":
        return word.rstrip()
    is_quantity = word[0].isdigit() and word[-1].isalpha()
    return " ".join(quantity_parts(word)) if is_quantity else word


def spaces(tokens: Sequence[Token], at: Sequence[Context], entries: Entries) -> list[str]:
    """The space before every token; `at` are their contexts."""
    looks = [_look(token, context) for token, context in zip(tokens, at, strict=True)]
    pairs = zip(looks, looks[1:], at, at[1:], signs(tokens, entries.names), strict=False)
    return ["", *(_gap(*pair) for pair in pairs)]


def _look(token: Token, context: Context) -> str:
    """What the spaces around a token depend on: its sign, its kind, or that it is the stroke of a
    derivative."""
    if token.type == "SLASH" and context.opening == "NAME":
        return _STROKE if _is_derivative(token) else token.type
    return token.text if token.type in _OPERATORS else token.type


_STROKE = "d/dt"
_SIGNS = frozenset(sign for sign, kind in PUNCTUATION.items() if kind in _OPERATORS)
# What would be one word with its neighbour without a space between them, `not` and `int`.
_LETTERED = frozenset({"NAME", "NUMBER", "QUANTITY", *KEYWORDS, *KEYWORDS.values()})


@lru_cache(maxsize=4096)
def _gap(left: str, right: str, at_left: Context, at_right: Context, is_sign: bool) -> str:
    """The space between two tokens. `is_sign`: the left one is a minus before a value."""
    if at_right.starts_statement:
        return " " if left == "_LBRACE" else "  "
    if right in _CLAUSES and not at_right.is_inside and at_right.opening != "PARAM":
        return "  "
    is_weight = right == "_COLON" and at_left.starts_statement  # `weight: nS` of a synapse
    hugs = is_sign or _hugs_right(left, at_left) or _hugs_left(left, right, at_right) or is_weight
    return "" if hugs and not (left in _LETTERED and right in _LETTERED) else " "


def _hugs_right(left: str, context: Context) -> bool:
    """Whether nothing stands after this token."""
    if left in ("_LPAR", "LSQB", "_DOT", "_RANGE", "^"):
        return True
    return _is_tight_operator(left, context)


def _hugs_left(left: str, right: str, context: Context) -> bool:
    """Whether nothing stands before this token."""
    if right in ("_RPAR", "RSQB", "_DOT", "_RANGE", "_COMMA", "^"):
        return True
    if right == "_COLON":
        return context.is_inside or (context.opening in _DECLARATIONS and left != "RSQB")
    if right == "_LPAR":
        return left in ("NAME", "TRAINABLE", "RSQB")
    if right == "LSQB":
        return left in ("NAME", "RSQB")
    return _is_tight_operator(right, context)


def _is_tight_operator(look: str, context: Context) -> bool:
    """Operators of units, `mV/ms`, and the stroke of a derivative, `dv/dt`."""
    return look == _STROKE or (context.is_unit and look in _SIGNS)


def _is_derivative(stroke: Token) -> bool:
    """Whether `=` follows the name after the stroke: only a derivative reads so."""
    text, end = stroke.span.source.text, stroke.span.end
    rest = text[end : end + 200].lstrip()
    name = rest[: len(rest) - len(rest.lstrip(_NAME))]
    after = rest[len(name) :].lstrip()
    return after.startswith("=") and not after.startswith("==")


_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"


def signs(tokens: Iterable[Token], names: frozenset[int]) -> list[bool]:
    """For every token whether it is a minus that belongs to the value after it; `names` are those
    of entries, behind which a value begins."""
    found: list[bool] = []
    before = ""
    for token in tokens:
        is_sign = token.type == "MINUS" and before not in _VALUE_ENDS
        found.append(is_sign)
        before = "" if token.span.start in names else token.type
    return found
