"""`snncc fmt`: one way to write a program. Line breaks and comments are the author's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ...ir.diagnostics import CompileError, Source
from ..collection import no_collection
from ..syntax.lexer import Token, words
from ..syntax.parser import parse
from ..syntax.tree import File, Train
from .columns import Line, align
from .spacing import Context, contexts, gap, signs, word

INDENT = 2
CONTINUATION = 4

# Before these words a new cell of an aligned line begins.
_CELLS: dict[str, frozenset[str]] = {
    "projection": frozenset({"_ARROW", "_COLON"}),
    "population": frozenset({"NAME", "_COLON", "_ENCODE"}),
}
_POPULATIONS = frozenset({"INPUT", "POPULATION", "OUTPUT", "INSTANCE"})


@dataclass(frozen=True, slots=True)
class _Word:
    """A token with what its spacing depends on."""

    token: Token
    context: Context
    is_sign: bool


def format_text(source: Source) -> str:
    """The program in its standard form: the same tree, the same comments, formatting it again
    changes nothing. CompileError if it is no program."""
    with no_collection():
        tree = _parsed(source)
        everything = list(words(source))
        lines = _drop_edges(list(_lines(source, everything, tree)))
        text = "\n".join(align(lines))
        formatted = text + "\n" if text else ""
        _require_same(everything, Source(source.name, formatted))
        return formatted


def _parsed(source: Source) -> File:
    tree, mistakes = parse(source)
    if mistakes:
        raise CompileError(mistakes)
    return tree


def _require_same(everything: Iterable[Token], formatted: Source) -> None:
    """RuntimeError, for a mistake of ours, unless the formatted text has the same words and
    comments in the same order, and so the same tree."""
    pairs = zip_longest(map(_said, everything), map(_said, words(formatted)))
    if any(before != after for before, after in pairs):
        raise RuntimeError(f"formatting would change what {formatted.name} says")


def _said(token: Token) -> tuple[str, str]:
    """What a token says, however it is spaced."""
    return token.type, token.text.rstrip() if token.type == "COMMENT" else word(token)


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
    known = zip(tokens, contexts(tokens, _entries(tree)), signs(tokens), strict=True)
    rows: list[tuple[list[_Word], str]] = [([], "") for _ in source.starts]
    for token, context, is_sign in known:
        rows[source.position(token.start)[0] - 1][0].append(_Word(token, context, is_sign))
    for token in everything:
        if token.type == "COMMENT":
            line = source.position(token.start)[0] - 1
            rows[line] = (rows[line][0], token.text.rstrip())
    return rows


def _entries(tree: File) -> frozenset[int]:
    trains = [item for item in tree.items if isinstance(item, Train)]
    return frozenset(entry.name.span.start for train in trains for entry in train.entries)


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
    for each in row:
        depth += {"_LBRACE": 1, "_RBRACE": -1}.get(each.token.type, 0)
        parentheses += {"_LPAR": 1, "LSQB": 1, "_RPAR": -1, "RSQB": -1}.get(each.token.type, 0)
    return depth, parentheses


def _line(row: Sequence[_Word], comment: str, indent: int, is_partial: bool) -> Line:
    kind = "" if is_partial else _kind(row)
    starts = _CELLS.get(kind, frozenset())
    cells: list[tuple[str, list[str]]] = []
    for position, each in enumerate(row):
        space = _space(row, position)
        is_cell = each.token.type in starts and not each.context.parentheses
        if kind == "population" and each.token.type == "NAME":
            is_cell = position == 1
        if position == 0 or is_cell:
            cells.append((space, [word(each.token)]))
        else:
            cells[-1][1].extend((space, word(each.token)))
    return Line(indent, tuple((space, "".join(texts)) for space, texts in cells), comment, kind)


def _space(row: Sequence[_Word], position: int) -> str:
    if position == 0:
        return ""
    left, right = row[position - 1], row[position]
    return gap(left.token, right.token, left.context, right.context, left.is_sign)


def _kind(row: Sequence[_Word]) -> str:
    """What the line is aligned as; only a line that is one whole statement is."""
    starts = [each.context.starts_statement for each in row]
    types = {each.token.type for each in row}
    if sum(starts) != 1 or not starts[0] or types & {"_LBRACE", "_RBRACE"}:
        return ""
    if row[0].token.type == "INPUT" and "_ENCODE" not in types:
        return ""  # a port of a neuron
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
