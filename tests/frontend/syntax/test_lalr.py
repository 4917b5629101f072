from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
from lark import Lark, logger

from snncc.frontend.syntax import lalr
from snncc.frontend.syntax.lalr import GRAMMAR, Machine, Unexpected, grammar
from snncc.frontend.syntax.lexer import END, KEYWORDS, PUNCTUATION, Token, tokenize, words
from snncc.ir.diagnostics import Source, Span


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    """lark settles a shift/reduce conflict silently, by shifting."""
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG, logger=logger.name):
            Lark(GRAMMAR.read_text(), parser="lalr", start=["file", "expression"], debug=True)
    finally:
        logger.setLevel(level)
    assert [r.getMessage() for r in caplog.records if "onflict" in r.getMessage()] == []


def test_another_lark_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lalr, "Lark", lambda *args, **options: SimpleNamespace(parser=object()))
    with pytest.raises(ImportError, match="snncc needs lark from"):
        grammar.__wrapped__()


PROGRAM = Source("n.snn", "network n { input x[3]\n x -> y : all(weight = -2 * 3 mV) }")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(lalr._kept, "folder", tmp_path / "grammar")
    return tmp_path / "grammar" / "grammar.lalr"


def test_a_kept_analysis_is_not_made_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = grammar.__wrapped__()
    assert folder.exists()
    monkeypatch.setattr(lalr, "_analyse", lambda *_: pytest.fail("analysed again"))
    found = grammar.__wrapped__()
    assert (found.starts, found.ends) == (made.starts, made.ends)
    assert found.table.keys() == made.table.keys()


def test_a_kept_analysis_reads_the_same_tree(folder: Path) -> None:
    trees = []
    for _ in range(2):
        machine = Machine(grammar.__wrapped__(), "file")
        tokens, _ = tokenize(words(PROGRAM))
        trees.append(machine.read([*tokens, Token(END, "", Span(PROGRAM, 0, 0))]))
    assert trees[0] == trees[1]


@pytest.mark.parametrize("content", [b"", b"no analysis", None])
def test_a_damaged_analysis_is_made_anew(folder: Path, content: bytes | None) -> None:
    grammar.__wrapped__()
    whole = folder.read_bytes()
    damaged = whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:] if content is None else content
    folder.write_bytes(damaged)
    assert grammar.__wrapped__().table
    assert folder.read_bytes() != damaged


def test_a_folder_that_cannot_be_written_is_no_fault(folder: Path) -> None:
    folder.parent.write_text("a file in place of the folder")
    assert grammar.__wrapped__().table


def test_every_word_is_a_terminal_of_the_grammar() -> None:
    terminals = {kind for actions in grammar().table.values() for kind in actions}
    assert set(PUNCTUATION.values()) <= terminals
    assert set(KEYWORDS.values()) <= terminals


def test_accepted_says_what_can_follow() -> None:
    tokens, _ = tokenize(words(Source("t.snn", "network n { let a")))
    machine = Machine(grammar(), "file")
    assert END in machine.accepted()
    for position, token in enumerate(tokens):
        assert token.type in machine.accepted()
        assert machine.read(tokens[: position + 1]) is None
    assert machine.accepted() == {"_EQ"}
    with pytest.raises(Unexpected):
        machine.read([*tokens, tokens[0]])
    assert machine.accepted(depth=1) == Machine(grammar(), "file").accepted()
