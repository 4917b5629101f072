"""Which mistakes are news: others only miss what a syntax error or a failed import left out."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from ..ir.diagnostics import Diagnostic, Span
from ..ir.report import in_text_order
from .library import LoadedFile
from .syntax.files import Import, Item, Plan

# Said of a model, a network, a training as a whole: what is missing from it may have been left out.
_ABSENCE = frozenset({"E013", "E030", "E044"})
# Said of a name that is not declared: in the same item, unless the message is one of these.
_UNKNOWN = frozenset({"E010", "E012"})
_ELSEWHERE = re.compile(
    "there is no (?:neuron model|synapse model|module|network|argument) |.* has no port "
)
_DECLARATION = re.compile(
    r"\b(?:network|module|neuron|synapse|param|state|input|population|output|instance|port\s+\w+|let|for)"
    r"\s+(\w*)"
)
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def news(found: Iterable[Diagnostic], files: Iterable[LoadedFile]) -> tuple[Diagnostic, ...]:
    """The diagnostics without echoes, in the order of the text."""
    damage = _Damage(tuple(files))
    return in_text_order(d for d in found if not damage.explains(d))


class _Damage:
    """What the files of a program lack: the words and lines of the text that was left out, the
    items (by file) in which it stood, and the names, perhaps garbled, that these were to declare.
    `is_torn`: whole items may be missing."""

    def __init__(self, files: tuple[LoadedFile, ...]) -> None:
        self.starts = {file.source.name: [*map(_start, file.tree.items)] for file in files}
        lost = [span for file in files for span in file.tree.lost]
        self.words = frozenset(word for span in lost for word in _WORD.findall(_text(span)))
        self.lines = {line for span in lost for line in _lines(span)}
        self.items = {self.item(span) for span in lost}
        self.torn = {file.source.name for file in files if not file.is_whole}
        self.garbled = [(self.item(span), name) for span in lost for name in _garbled(span)]

    def item(self, span: Span) -> tuple[str, int]:
        """The file and the number of the item, from 1, in which a span stands."""
        name = span.source.name
        return name, bisect_right(self.starts.get(name, []), span.start)

    def explains(self, diagnostic: Diagnostic) -> bool:
        """Whether it is no wonder, after what was left out."""
        code, span = diagnostic.code, diagnostic.span
        if code.startswith("E00") or span is None:
            return False
        if not self.lines.isdisjoint(_lines(span)):
            return True
        if code in _UNKNOWN:
            return self.lacks(
                _text(span), self.item(span), bool(_ELSEWHERE.match(diagnostic.message))
            )
        places = (span, *(note.span for note in diagnostic.related))
        if code in _ABSENCE:
            return bool(self.torn) or any(self.item(place) in self.items for place in places)
        return code == "W013" or (code == "E043" and "dt" in self.words)

    def lacks(self, name: str, item: tuple[str, int], is_elsewhere: bool) -> bool:
        """Whether the name may have been declared, elsewhere than in the item or in it."""
        is_torn = bool(self.torn) if is_elsewhere else item in self.items and item[0] in self.torn
        if is_torn or name in self.words:
            return True
        there = [declared for place, declared in self.garbled if is_elsewhere or place == item]
        return any(_may_be(declared, name) for declared in there)


def _garbled(span: Span) -> Iterator[str]:
    """The names that lines which are lost in part declare, and that stand nowhere else."""
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    declared = {match[1] for match in _DECLARATION.finditer(text, start, span.end)}
    if declared:
        yield from declared - {*_WORD.findall(text, 0, start), *_WORD.findall(text, span.end)}


def _may_be(garbled: str, name: str) -> bool:
    """Whether a name may have been meant by what is left of its declaration."""
    if not garbled.isidentifier() or garbled.startswith(name) or name.startswith(garbled):
        return True
    return bool(get_close_matches(name, [garbled]))


def _text(span: Span) -> str:
    return span.source.text[span.start : span.end]


def _lines(span: Span) -> Iterator[tuple[str, int]]:
    source = span.source
    last = source.position(max(span.start, span.end - 1))[0]
    return ((source.name, line) for line in range(source.position(span.start)[0], last + 1))


def _start(item: Item) -> int:
    if isinstance(item, Import):
        return item.path.span.start
    return (item.network if isinstance(item, Plan) else item.name).span.start
