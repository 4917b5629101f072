"""A function's closure is all that makes it what it is, and no more."""

from __future__ import annotations

import ast
import re

import pytest

from snncc.backends.compiled.text.closures import CLOSURES, HOUSE, closures, named
from snncc.backends.compiled.text.sources import STAMP
from snncc.backends.cpu.codegen import kernel_source
from snncc.backends.rules.table import RULES

TEXT = '''\
"""Kernels.

from here on nothing counts = 1
"""
import numpy as np
from numba import njit, prange
FLAG = True; SIZE = 4
ONE, TWO = 1, 2


@njit
def leaf(x):
    """What other() returns."""
    return x + ONE  # or other


@njit(
    inline="always",
)
def middle(x):
    return leaf(x.other) if FLAG else leaf(
        x
    )


def other(k):
    return k * np.float32(SIZE)


def again(n):
    return ever(n - 1) if n else TWO


def ever(n):
    return again(n) + other(n)
'''


def changed(old: str, new: str) -> set[str]:
    """The names whose closure is another one with another text."""
    assert old in TEXT
    before, after = closures(TEXT), closures(TEXT.replace(old, new))
    return {name for name in before if before[name] != after.get(name)}


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("FLAG = True", "FLAG = False", {"FLAG", "middle"}),
        ("SIZE = 4", "SIZE = 5", {"SIZE", "other", "again", "ever"}),
        ("ONE, TWO = 1, 2", "ONE, TWO = 1, 3", {"ONE", "TWO", "leaf", "middle", "again", "ever"}),
        ("x + ONE", "x - ONE", {"leaf", "middle"}),
        ("return again(n) +", "return again(n) -", {"again", "ever"}),
        ("import numpy", "import numba", {"np", "other", "again", "ever"}),
        ("njit, prange", "njit, vectorize", {"prange"}),
        ('"always"', '"never"', {"middle"}),
        ("What other() returns", "What it returns", set()),
        ("# or other", "# or not", set()),
        ("counts = 1", "counts = 2", set()),
    ],
)
def test_what_a_change_changes(old: str, new: str, names: set[str]) -> None:
    assert changed(old, new) == names


def test_what_is_outside_belongs_to_all() -> None:
    one, two = closures(TEXT, "a"), closures(TEXT, "b")
    assert one.keys() == two.keys()
    assert not set(one.values()) & set(two.values())


@pytest.mark.parametrize("rule", sorted({row.cpu.sources for row in RULES.values()}))
def test_every_name_of_the_kernels_has_one(rule: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    text = kernel_source({}, rule)
    body = ast.parse(text).body
    expected = {n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            expected |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            expected |= {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            expected.add(node.target.id)
    assert closures(text).keys() == expected
    assert "#" not in "".join(re.findall(r"'[^'\n]*'", ast.unparse(ast.parse(text))))


def test_the_forward_pass_is_the_same_for_every_rule() -> None:
    features: dict[str, bool]
    for features in ({}, {"GRADED": False, "WIDE": False}):
        alone = closures(kernel_source(features))
        for row in RULES.values():
            made = closures(kernel_source(features, row.cpu.sources))
            assert {n for n in alone if made.get(n, alone[n]) != alone[n]} == set()


def test_a_function_bears_it() -> None:
    module: dict[str, object] = {"__name__": "assembled", CLOSURES: {"f": "abc"}}
    exec("def f():\n    pass\n\ndef g():\n    pass\n", module)  # noqa: S102 - this text
    f, g = named(module["f"]), named(module["g"])
    assert (f.__module__, f.__qualname__, getattr(f, STAMP)) == (HOUSE, "f_abc", "abc")
    assert (g.__module__, g.__qualname__, hasattr(g, STAMP)) == ("assembled", "g", False)
