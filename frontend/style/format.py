"""`snncc fmt`: one way to write a program. Line breaks and comments are the author's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise, zip_longest
from typing import NamedTuple

from ...ir.diagnostics import CompileError, Source
from ..collection import no_collection
from ..syntax.files import ChoiceOf, Deploy, File, Record, RecordOf, Run, Train
from ..syntax.lexer import Token, spelled, words
from ..syntax.parser import parse
from .columns import Line, align
from .spacing import Context, Entries, contexts, spaces, written

INDENT = 2
CONTINUATION = 4

# Before these words a new cell of an aligned line begins.
_CELLS: dict[str, frozenset[str]] = {
    "projection": frozenset({"_ARROW", "_COLON"}),
    "population": frozenset({"_COLON", "_ENCODE"}),
}
_POPULATIONS = frozenset({"INPUT", "POPULATION", "OUTPUT", "INSTANCE", "SOURCE"})


class _Word(NamedTuple):
    """A token, what its spacing depends on, and the space before it within a line."""

    token: Token
    context: Context
    space: str


_word = partial(tuple.__new__, _Word)  # in half of the time of _Word(…)


@no_collection()
def format_text(source: Source) -> str:
    """The program in its standard form: the same tree, the same comments, formatting it again
    changes nothing. CompileError if it is no program."""
    formatted = _formatted(source)
    _require_same(source.text, formatted)
    return formatted


def _formatted(source: Source) -> str:
    everything = words(source)
    tree, mistakes = parse(source, everything)
    if mistakes:
        raise CompileError(mistakes)
    lines = _drop_edges(list(_lines(source, everything, tree)))
    text = "\n".join(align(lines))
    return text + "\n" if text else ""


def _require_same(text: str, formatted: str) -> None:
    """RuntimeError, for a mistake of ours, unless the formatted text has the same words and
    comments in the same order, and so the same tree."""
    pairs = zip_longest(spelled(text), spelled(formatted), fillvalue=("", ""))
    if any(old != new and written(old) != new for (_, old), (_, new) in pairs):
        raise RuntimeError("formatting would change what the program says")


def _lines(source: Source, everything: Sequence[Token], tree: File) -> Iterator[Line]:
    """Every line of the text with its indentation; of several blank lines one is kept."""
    rows = _rows(source, everything, tree)
    depth = parentheses = blanks = 0
    is_open = False
    for row, comment in rows:
        if not row and not comment:
            blanks += 1
            continue
        if blanks:
            yield Line(0)
            blanks = 0
        closing = _leading_braces(row)
        is_inside = bool(parentheses) or (is_open and _continues(row))
        indent = INDENT * (depth - closing) + (CONTINUATION if is_inside else 0)
        depth, parentheses = _after(row, depth, parentheses)
        yield _line(row, comment, max(indent, 0), is_inside or bool(parentheses))
        is_open = is_open or bool(row)


def _rows(source: Source, everything: Sequence[Token], tree: File) -> list[tuple[list[_Word], str]]:
    """The words of every line, and its comment."""
    tokens = [token for token in everything if token.type != "COMMENT"]
    entries = _entries(tree)
    at = contexts(tokens, entries)
    rows: list[list[_Word]] = [[] for _ in source.starts]
    ends, line = (*source.starts[1:], len(source.text) + 1), 0
    for each in map(_word, zip(tokens, at, spaces(tokens, at, entries), strict=False)):
        while each.token.span.start >= ends[line]:
            line += 1
        rows[line].append(each)
    comments = [""] * len(rows)
    for token in everything:
        if token.type == "COMMENT":
            comments[source.position(token.span.start)[0] - 1] = written(token.text)
    return list(zip(rows, comments, strict=True))


def _entries(tree: File) -> Entries:
    plans = [item for item in tree.items if isinstance(item, (Train, Deploy, Run))]
    starts, names = set[int](), set[int]()
    for entry in (entry for plan in plans for entry in plan.entries):
        if isinstance(entry, (Record, RecordOf)):
            names.add(entry.what.span.start)
            continue
        setting = entry.setting if isinstance(entry, ChoiceOf) else entry
        names.add(setting.name.span.start)
        starts.add((entry.span if isinstance(entry, ChoiceOf) else setting.name.span).start)
    return Entries(frozenset(starts), frozenset(names))


def _leading_braces(row: Sequence[_Word]) -> int:
    count = 0
    for each in row:
        if each.token.type != "_RBRACE":
            break
        count += 1
    return count


def _continues(row: Sequence[_Word]) -> bool:
    """Whether the line goes on with the statement of the line before."""
    return bool(row) and not (
        row[0].context.starts_statement or row[0].token.type in ("_RBRACE", "_LBRACE")
    )


def _after(row: Iterable[_Word], depth: int, parentheses: int) -> tuple[int, int]:
    """Open braces, and open round and square brackets, after the line."""
    count = [each.token.type for each in row].count
    depth += count("_LBRACE") - count("_RBRACE")
    return depth, parentheses + count("_LPAR") + count("LSQB") - count("_RPAR") - count("RSQB")


def _line(row: Sequence[_Word], comment: str, indent: int, is_partial: bool) -> Line:
    kind = "" if is_partial else _kind(row)
    starts = [0] if row else []
    if kind:
        starts += [k for k in range(1, len(row)) if _begins_cell(kind, row, k)]
    cells = tuple(_cell(row, *ends) for ends in pairwise((*starts, len(row))))
    return Line(indent, cells, comment, kind)


def _begins_cell(kind: str, row: Sequence[_Word], position: int) -> bool:
    """Whether a cell of an aligned line begins here: at the name of a population, at some words."""
    each = row[position]
    is_name = kind == "population" and position == 1
    return is_name or (each.token.type in _CELLS[kind] and not each.context.is_inside)


def _cell(row: Sequence[_Word], start: int, stop: int) -> tuple[str, str]:
    """The space before some words of a line, and the words."""
    first = row[start]
    texts = [written(first.token.text)]
    for each in row[start + 1 : stop]:
        texts += each.space, written(each.token.text)
    return first.space if start else "", "".join(texts)


def _kind(row: Sequence[_Word]) -> str:
    """What the line is aligned as; only a line that is one whole statement is."""
    if [k for k, each in enumerate(row) if each.context.starts_statement] != [0]:
        return ""
    types = {each.token.type for each in row}
    if "_LBRACE" in types or "_RBRACE" in types:
        return ""
    if row[0].token.type == "INPUT" and "_ENCODE" not in types:
        return ""  # a port of a neuron
    if row[0].token.type == "RECORD":
        return ""
    if row[0].token.type in _POPULATIONS:
        return "population"
    return "projection" if "_ARROW" in types else ""


def _drop_edges(lines: list[Line]) -> list[Line]:
    """The lines without blank ones at the ends of the file and of blocks."""
    kept: list[Line] = []
    for position, line in enumerate(lines):
        is_blank = not line.cells and not line.comment
        after = lines[position + 1] if position + 1 < len(lines) else None
        if is_blank and (not kept or after is None or _opens(kept[-1]) or _closes(after)):
            continue
        kept.append(line)
    return kept


def _opens(line: Line) -> bool:
    return line.code.endswith("{")


def _closes(line: Line) -> bool:
    return line.code.lstrip().startswith("}")
