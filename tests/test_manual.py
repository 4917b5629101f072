"""What README.md and CONTRIBUTING.md promise: commands, programs and links that hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from snncc.frontend.format import format_text
from snncc.frontend.program import check_text
from snncc.ir.diagnostics import Source

ROOT = Path(__file__).resolve().parent.parent
PAGES = ["README.md", "CONTRIBUTING.md"]
FILE = r"`((?:ir|frontend|backends|runtime|tests|docs|examples|benchmarks)/[\w./]*)`"
README = (ROOT / "README.md").read_text()


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


@pytest.mark.parametrize("page", [*PAGES, "docs/design.md"])
def test_named_files_are_there(page: str) -> None:
    named = re.findall(FILE, (ROOT / page).read_text())
    assert [n for n in named if not (ROOT / n).exists()] == []


def test_named_programs_are_there() -> None:
    named = {
        n for page in PAGES for n in re.findall(r"examples/\w+\.snn", (ROOT / page).read_text())
    }
    assert [n for n in sorted(named) if not (ROOT / n).exists()] == []


@pytest.mark.parametrize("example", sorted(p.name for p in (ROOT / "examples").glob("*.snn")))
def test_examples_are_right_and_formatted(example: str) -> None:
    path = ROOT / "examples" / example
    source = Source(str(path), path.read_text())
    assert check_text(source) == ()
    assert format_text(source) == source.text
