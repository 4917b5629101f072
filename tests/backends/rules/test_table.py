"""The table of rules is all that the rest of the source knows of them."""

from __future__ import annotations

import re
from pathlib import Path

from snncc import __file__ as package
from snncc.backends.rules.table import RULES
from snncc.ir import rules

ROOT = Path(package).parent
NAMED = re.compile("|".join(f'["`]{name}["`]' for name in RULES))


def test_every_rule_of_the_language_is_there():
    assert set(RULES) == set(rules.RULES)


def test_a_rule_is_named_in_its_folder_and_in_the_tables_alone():
    """That no other file imports a folder of rules is a contract of import-linter's."""
    files = [
        path.relative_to(ROOT)
        for room in ("ir", "frontend", "backends", "runtime")
        for path in (ROOT / room).rglob("*.py")
        if NAMED.search(path.read_text(encoding="utf-8"))
    ]
    strays = [str(f) for f in files if not f.is_relative_to("backends/rules")]
    assert strays == ["ir/rules.py"]
