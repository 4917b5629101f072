"""The manual is true: its programs compile, its wrong ones are wrong in the way it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from snncc.frontend.format import format_text
from snncc.frontend.parser import parse
from snncc.frontend.program import check_text, compile_text
from snncc.frontend.syntax import Network
from snncc.ir.codes import CODES
from snncc.ir.diagnostics import CompileError, Source
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.wiring import CONNECTIVITIES, INITS

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(r"^```snn\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECTION = re.compile(r"^## (E\d{3}) (.*?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
ERRORS = (DOCS / "errors.md").read_text()
SECTIONS = {code: (title, body) for code, title, body in SECTION.findall(ERRORS)}
PROGRAMS = BLOCK.findall((DOCS / "language.md").read_text())

# Mistakes that no program text makes.
WITHOUT_PROGRAM = {"E004", "E050", "E060", "E061", "E062", "E070", "E071"}


@pytest.mark.parametrize("text", PROGRAMS, ids=lambda text: text.split()[1])
def test_programs_of_the_manual_compile(text: str) -> None:
    source = Source("manual.snn", text)
    assert check_text(source) == ()
    tree, _ = parse(source)
    assert tree is not None
    if any(isinstance(item, Network) for item in tree.items):
        run_pipeline(compile_text(source).graph)
    format_text(source)


def test_every_code_is_documented_under_its_title() -> None:
    assert {code: title for code, (title, _) in SECTIONS.items()} == CODES


@pytest.mark.parametrize("code", sorted(SECTIONS))
def test_every_example_gets_its_code(code: str) -> None:
    examples = BLOCK.findall(SECTIONS[code][1])
    assert bool(examples) == (code not in WITHOUT_PROGRAM)
    for text in examples:
        assert _codes(Source("manual.snn", text)) == {code}


def _codes(source: Source) -> set[str]:
    found = check_text(source)
    if not found:
        with pytest.raises(CompileError) as error:
            run_pipeline(compile_text(source).graph)
        found = error.value.diagnostics
    return {diagnostic.code for diagnostic in found}


def test_every_connectivity_and_init_is_explained() -> None:
    text = (DOCS / "language.md").read_text()
    for name in [*CONNECTIVITIES, *INITS]:
        assert f"`{name}" in text or name == "given", name
