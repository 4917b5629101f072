"""What the manual promises: commands, programs, codes, ranges and links that hold."""

from __future__ import annotations

import re
from math import isfinite
from pathlib import Path

import pytest

from snncc.frontend.program import compile_text, survey_text
from snncc.frontend.style.format import format_text
from snncc.ir.arguments import Row
from snncc.ir.chips.table import CHIPS, Form
from snncc.ir.codes import CODES
from snncc.ir.deploy.entries import DEPLOY_ENTRIES
from snncc.ir.diagnostics import CompileError, Diagnostic, Source
from snncc.ir.ranges import Range
from snncc.ir.rules import TRAIN_ENTRIES
from snncc.runtime.checker import check_program
from snncc.runtime.loading import Options

ROOT = Path(__file__).resolve().parent.parent
PAGES = ["README.md", "CONTRIBUTING.md"]
FILE = r"`((?:ir|frontend|backends|runtime|tests|docs|examples|benchmarks)/[\w./]*)`"
README = (ROOT / "README.md").read_text()
SECTIONS = re.findall(
    r"^## ([EW]\d{3}) (.*?)\n(.*?)(?=^## |\Z)",
    (ROOT / "docs/errors.md").read_text(),
    re.MULTILINE | re.DOTALL,
)


def fences(text: str, language: str) -> list[str]:
    """The contents of the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_readmes_program_is_the_example() -> None:
    assert fences(README, "snn") == [(ROOT / "examples/digits.snn").read_text()]


@pytest.mark.parametrize("name", ["main", "tests"])
def test_a_command_is_one_line(name: str) -> None:
    """`.ci/stages` takes the first line of the fence that follows the mark."""
    mark = f"<!-- command: {name} -->"
    assert README.count(mark) == 1
    (command,) = fences(README.partition(mark)[2].split("```\n", 1)[0] + "```\n", "sh")
    assert len(command.splitlines()) == 1
    assert command.startswith("python3 -m venv ")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text())
    assert [t for t in targets if not (ROOT / t).exists()] == []


@pytest.mark.parametrize("page", [*PAGES, "docs/design.md", "docs/hardening.md"])
def test_named_files_are_there(page: str) -> None:
    named = re.findall(FILE, (ROOT / page).read_text())
    assert [n for n in named if not (ROOT / n).exists()] == []


def test_what_hardening_quotes_is_what_tests_hold() -> None:
    """Messages as they read now, which a test compares, and tests that are there."""
    tests = list(ROOT.glob("tests/**/*.py"))
    code, names = "".join(path.read_text() for path in tests), {path.name for path in tests}
    rows = re.findall(r"^\|(.*)\|$", (ROOT / "docs/hardening.md").read_text(), re.MULTILINE)
    outcomes = [re.split(r"(?<!\\)\|", row)[2] for row in rows]
    quoted = [text for cell in outcomes for text in re.findall(r'"([^"]+)"', cell)]
    assert len(quoted) > 4
    assert [text for text in quoted if text not in code] == []
    assert set(re.findall(r"\btest_\w+\.py", "".join(rows))) <= names


def test_named_programs_are_there() -> None:
    named = {
        n for page in PAGES for n in re.findall(r"examples/\w+\.snn", (ROOT / page).read_text())
    }
    assert [n for n in sorted(named) if not (ROOT / n).exists()] == []


@pytest.mark.parametrize("example", sorted(p.name for p in (ROOT / "examples").glob("*.snn")))
def test_examples_are_right_and_formatted(example: str) -> None:
    path = ROOT / "examples" / example
    source = Source(str(path), path.read_text())
    assert survey_text(source).diagnostics == ()
    assert format_text(source) == source.text


def found(text: str, folder: Path) -> tuple[Diagnostic, ...]:
    """All that there is to say of a program."""
    path = folder / "manual.snn"
    path.write_text(text)
    mistakes = check_program(path, Options())
    if mistakes or "network" not in text:
        return mistakes
    try:
        compile_text(Source(str(path), text))
    except CompileError as error:
        return error.diagnostics
    return ()


def test_every_code_has_a_section() -> None:
    assert {code: title for code, title, _ in SECTIONS} == CODES


@pytest.mark.parametrize(
    ("code", "program"),
    [(code, program) for code, _, text in SECTIONS for program in fences(text, "snn")],
)
def test_an_example_of_a_code_gets_it(code: str, program: str, tmp_path: Path) -> None:
    assert code in {diagnostic.code for diagnostic in found(program, tmp_path)}


@pytest.mark.parametrize("program", fences((ROOT / "docs/language.md").read_text(), "snn"))
def test_programs_of_the_manual_are_right(program: str, tmp_path: Path) -> None:
    assert found(program, tmp_path) == ()


@pytest.mark.parametrize("table", [e.table for e in TRAIN_ENTRIES.values() if e.table])
def test_the_manual_lists_every_range(table: dict[str, Row]) -> None:
    text = (ROOT / "docs/training.md").read_text()
    lines = text.partition("## Ranges")[2].partition("## ")[0].splitlines()
    for row in table.values():
        for argument in row.arguments:
            if argument.range is not None:
                given = "" if argument.default is None else f" {argument.default:g}"
                start = f"`{argument.name}`{given}"
                assert [n for n in lines if start in n and str(argument.range) in n], start


@pytest.mark.parametrize("name", DEPLOY_ENTRIES)
def test_the_manual_lists_every_line_of_a_deployment(name: str) -> None:
    entry = DEPLOY_ENTRIES[name]
    lines = (ROOT / "docs/language.md").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(f"| `{name}` | {entry.summary} |")]
    assert f"| `{entry.default}` |" in line or f"| {entry.otherwise} |" in line
    assert all(f"`{row}`" in line for row in entry.rows or ())
    assert entry.rows or entry.is_quantity or f"| {entry.range} |" in line
    assert f"{entry.option(name)} " in (ROOT / "docs/cli.md").read_text()


@pytest.mark.parametrize("name", CHIPS)
def test_the_manual_says_what_each_chip_has(name: str) -> None:
    chip, text = CHIPS[name], (ROOT / "docs/chips.md").read_text()
    assert f"- `{name}`: {chip.summary}. By {chip.source}.\n" in text
    assert all(f"    - {each}\n" in text for each in chip.beside)
    for table in (chip.limits, chip.forms):
        for row in table:
            (line,) = [line for line in text.splitlines() if line.startswith(f"| `{row}` |")]
            cell = line.split("|")[2 + list(CHIPS).index(name)]
            words = set(re.findall(r"[\w.-]+", cell))
            assert words - {"or", "to", "none", "any", "proved"} == facts(table[row])


def facts(of: object) -> set[str]:
    """The words and numbers of a limit or a form."""
    if isinstance(of, Form):
        return facts(of.own) | facts(of.also)
    if isinstance(of, Range):
        return {f"{end:g}" for end in (of.low, of.high) if isfinite(end)}
    if isinstance(of, tuple):
        return {word for each in of for word in facts(each)}
    return {f"{of:g}" if isinstance(of, float) else str(of)} - {"None"}
