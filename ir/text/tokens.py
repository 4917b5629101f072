"""The tokens of a text, and a cursor over them that knows where it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from math import isfinite
from typing import TypeVar

from ..diagnostics import CompileError, Diagnostic, Source, Span
from .spelling import NAME

_TOKEN = re.compile(
    rf"""(?: [ \t\r\n]+ | \#[^\n]* )*+
    (?: (?P<name>{NAME})
    | (?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)
    | (?P<string>"(?:[^"\\\n]|\\.)*")
    | (?P<symbol>->|<=|>=|==|!=|[-+*/<>=(){{}},:@])
    | (?P<end>\Z)
    | (?P<bad>.) )""",
    re.VERBOSE,
)

LONGEST_NUMBER = 400

Item = TypeVar("Item")


def damaged(source: Source, start: int, length: int, message: str) -> CompileError:
    """The error, to be raised, that the text is no graph of ours."""
    return CompileError(
        Diagnostic(
            "E060",
            f"this is not the text of a graph: {message}",
            Span(source, start, start + length),
            help="write it anew with `snncc compile`",
        )
    )


class Cursor:
    """A place among the tokens; every `take_…` moves past what it returns."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.kinds: list[str] = []  # name, number, string, symbol, and one "end"
        self.texts: list[str] = []
        self.starts: list[int] = []
        self.place = 0
        self._read()

    def _read(self) -> None:
        for match in _TOKEN.finditer(self.source.text):
            kind = match.lastgroup
            assert kind is not None
            self.kinds.append(kind)
            self.texts.append(match.group(kind))
            self.starts.append(match.start(kind))
            if kind == "bad":
                raise damaged(self.source, self.starts[-1], 1, f"unexpected {self.texts[-1]!r}")

    @property
    def text(self) -> str:
        """The text of the next token; a string is not unquoted, so it equals no symbol or word."""
        return self.texts[self.place]

    @property
    def kind(self) -> str:
        """The kind of the next token."""
        return self.kinds[self.place]

    def refuse(self, message: str) -> CompileError:
        """The error, to be raised, at the next token."""
        length = max(1, len(self.text))
        return damaged(self.source, self.starts[self.place], length, message)

    def take(self) -> str:
        """The text of the next token, whatever it is."""
        text = self.texts[self.place]
        if self.kinds[self.place] != "end":
            self.place += 1
        return text

    def found(self, text: str) -> bool:
        """True, and past it, if the next token is this symbol or word."""
        if self.texts[self.place] != text:
            return False
        self.place += 1
        return True

    def expect(self, text: str) -> None:
        """Past this symbol or word; an error if it is not next."""
        if not self.found(text):
            raise self.refuse(f"expected `{text}`")

    def take_name(self) -> str:
        """A name, bare or in quotes."""
        kind = self.kinds[self.place]
        if kind == "name":
            return self.take()
        if kind == "string":
            return self.take_string()
        raise self.refuse("expected a name")

    def take_string(self) -> str:
        """A text in quotes."""
        if self.kind != "string":
            raise self.refuse("expected a text in quotes")
        try:
            text = json.loads(self.text)
        except ValueError as error:
            raise self.refuse("this text is not well quoted") from error
        self.place += 1
        return str(text)

    def take_number(self) -> float | int:
        """A number, with its sign: an int where it has neither point nor exponent."""
        sign = -1 if self.found("-") else 1
        text = self.text
        if self.kind != "number" or len(text) > LONGEST_NUMBER:
            raise self.refuse("expected a number")
        value = float(text)
        if not isfinite(value):
            raise self.refuse("this number is too large")
        self.place += 1
        return sign * (int(text) if text.isdigit() else value)

    def take_int(self) -> int:
        """A whole number."""
        value = self.take_number()
        if isinstance(value, int):
            return value
        self.place -= 1
        raise self.refuse("expected a whole number")

    def take_float(self) -> float:
        """A number with a point or an exponent."""
        value = self.take_number()
        if isinstance(value, float):
            return value
        self.place -= 1
        raise self.refuse("expected a number with a point")

    def take_list(self, item: Callable[[], Item]) -> tuple[Item, ...]:
        """`(item, item, …)`."""
        self.expect("(")
        items: list[Item] = []
        while not self.found(")"):
            if items:
                self.expect(",")
            items.append(item())
        return tuple(items)
