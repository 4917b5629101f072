"""Wrong programs: every mistake is found, at its line, and no other."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from snncc.frontend.program import check_file, load_program
from snncc.ir.diagnostics import CompileError, Diagnostic, render
from snncc.ir.passes.pipeline import run_pipeline

FOLDER = Path(__file__).parent.parent / "errors"
FILES = sorted(FOLDER.glob("*.snn"))
MARK = re.compile(r"# E(\^?): ((?:E\d{3} ?)+)")

# Codes that belong to other rooms: damaged artifacts, data sets, targets, rules of a backend.
ELSEWHERE = {"E050", "E060", "E061", "E062", "E070", "E071", "E072", "E073"}


def expected(path: Path) -> Counter[tuple[int, str]]:
    found: Counter[tuple[int, str]] = Counter()
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        for up, codes in MARK.findall(line):
            found.update((number - bool(up), code) for code in codes.split())
    return found


def mistakes(path: Path) -> tuple[Diagnostic, ...]:
    found = check_file(path)
    if found:
        return found
    try:
        run_pipeline(load_program(path).graph)
    except CompileError as error:
        return error.diagnostics
    return ()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_mistake_is_found_at_its_line(path: Path) -> None:
    found = mistakes(path)
    places = Counter((d.span.source.position(d.span.start)[0], d.code) for d in found if d.span)
    assert places == expected(path), "\n\n".join(render(d) for d in found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_diagnostics_are_drawn(path: Path) -> None:
    for diagnostic in mistakes(path):
        text = render(diagnostic)
        assert "^" in text
        assert "lark" not in text
        assert not re.search(r"\b_[A-Z]{3,}|\b(?:LSQB|RSQB|OPERATOR|QUANTITY)\b", text)
