"""The space between two words of a line, as `snncc fmt` writes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..syntax.builder import quantity_parts
from ..syntax.lexer import Token

_OPERATORS = frozenset({"OPERATOR", "MINUS", "SLASH", "NOT"})
_VALUE_ENDS = frozenset(
    {"NAME", "NUMBER", "QUANTITY", "STRING", "TRUE", "FALSE", "REFRACTORY", "_RPAR", "RSQB"}
    | {"FIXED", "TRAINABLE", "_RBRACE", "ON"}
)
_STATEMENT_STARTS = frozenset(
    {"NAME", "IMPORT", "NEURON", "MODULE", "NETWORK", "TRAIN", "PARAM", "STATE", "ON", "SPIKE"}
    | {"EMIT", "REFRACTORY", "INPUT", "POPULATION", "OUTPUT", "INSTANCE", "PORT", "FOR", "LET"}
)
_CLAUSES = frozenset({"_METHOD", "DELAY", "FIXED", "TRAINABLE", "AS"})
_DECLARATIONS = frozenset({"PARAM", "STATE", "INPUT"})


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a token beyond its neighbours."""

    parentheses: int  # open round brackets before it
    opening: str  # the word with which its statement begins
    is_unit: bool  # between the colon of a declaration and its `=`
    starts_statement: bool


def contexts(tokens: Sequence[Token], entries: frozenset[int]) -> list[Context]:
    """The context of every token; `entries` are the places where entries of `train` begin."""
    found: list[Context] = []
    parentheses, opening, is_unit = 0, "", False
    for position, token in enumerate(tokens):
        follows_start = bool(found) and found[-1].starts_statement
        starts = parentheses == 0 and _starts_statement(tokens, position, entries, follows_start)
        if starts:
            opening, is_unit = token.type, False
        if token.type in ("_RPAR", "RSQB"):
            parentheses -= token.type == "_RPAR"
        if token.type == "_EQ" or token.type == "_COMMA":
            is_unit = False
        found.append(Context(parentheses, opening, is_unit, starts))
        if token.type == "_COLON" and (parentheses or opening in _DECLARATIONS):
            is_unit = True
        parentheses += token.type == "_LPAR"
    return found


def _starts_statement(
    tokens: Sequence[Token], position: int, entries: frozenset[int], follows_start: bool
) -> bool:
    token = tokens[position]
    if position == 0 or token.start in entries:
        return True
    before = tokens[position - 1]
    if token.type not in _STATEMENT_STARTS:
        return False
    if before.type in ("_LBRACE", "_RBRACE"):
        return True
    # `data digits`, `on input`, `refractory tau`, `port out y`: the second word starts nothing.
    if before.start in entries or (follows_start and before.type in ("ON", "REFRACTORY")):
        return False
    if before.text == "out" and tokens[position - 2].type == "PORT":
        return False
    return before.type in _VALUE_ENDS


def word(token: Token) -> str:
    """The token as it is written: a unit stands one space after its number."""
    if token.type != "QUANTITY":
        return token.text
    return " ".join(quantity_parts(token))


def gap(left: Token, right: Token, at_left: Context, at_right: Context, is_sign: bool) -> str:
    """The space between two tokens. `is_sign`: the left one is a minus before a value."""
    if at_right.starts_statement:
        return " " if left.type == "_LBRACE" else "  "
    if right.type in _CLAUSES and not at_right.parentheses and at_right.opening != "PARAM":
        return "  "
    hugs = is_sign or _hugs_right(left, at_left) or _hugs_left(left, right, at_right)
    return "" if hugs and not _would_join(left, right) else " "


def _would_join(left: Token, right: Token) -> bool:
    """Whether the two would be one word without a space: `not` and `int`."""
    return left.text[-1] in _NAME and right.text[0] in _NAME


def _hugs_right(left: Token, context: Context) -> bool:
    """Whether nothing stands after this token."""
    if left.type in ("_LPAR", "LSQB", "_DOT", "_RANGE") or left.text == "^":
        return True
    return _is_tight_operator(left, context)


def _hugs_left(left: Token, right: Token, context: Context) -> bool:
    """Whether nothing stands before this token."""
    if right.type in ("_RPAR", "RSQB", "_DOT", "_RANGE", "_COMMA") or right.text == "^":
        return True
    if right.type == "_COLON":
        return bool(context.parentheses) or context.opening in _DECLARATIONS
    if right.type == "_LPAR":
        return left.type in ("NAME", "TRAINABLE")
    if right.type == "LSQB":
        return left.type in ("NAME", "RSQB")
    return _is_tight_operator(right, context)


def _is_tight_operator(token: Token, context: Context) -> bool:
    """Operators of units, `mV/ms`, and the stroke of a derivative, `dv/dt`."""
    if token.type == "SLASH" and context.opening == "NAME":
        return _is_derivative(token)
    return context.is_unit and token.type in _OPERATORS and not token.text.isalpha()


def _is_derivative(stroke: Token) -> bool:
    """Whether `=` follows the name after the stroke: only a derivative reads so."""
    rest = stroke.source.text[stroke.end : stroke.end + 200].lstrip()
    name = rest[: len(rest) - len(rest.lstrip(_NAME))]
    after = rest[len(name) :].lstrip()
    return after.startswith("=") and not after.startswith("==")


_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"


def signs(tokens: Iterable[Token]) -> list[bool]:
    """For every token whether it is a minus that belongs to the value after it."""
    found: list[bool] = []
    before = ""
    for token in tokens:
        is_sign = token.type == "MINUS" and before not in _VALUE_ENDS
        found.append(is_sign)
        before = token.type
    return found
