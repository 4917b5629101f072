"""A chain as source text: of all its steps one function, with the device's decorator."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from textwrap import dedent
from typing import Any

from .table import ROW, WEIGHT, WHOLE, Chain, Link

NAMES = """\
f32 = np.float32
ONE = f32(1.0)
ZERO = f32(0.0)
FAINT = f32(1e-30)
"""
PACE = "size, eps, rate"


def formulas(chain: Chain, decorator: str) -> str:
    """The formulas of the chain, decorated, and `change` and `pull` that put them together.

    change(w, g, m, v, k, size, eps, rate, n0, …) -> (w, m, v); pull(squares, synapses, n0, …) -> k,
    the sum of all; clip(length, n0, …) -> the factor of the whole gradient. n0, … are the numbers.
    """
    functions = dict.fromkeys(link.step.formula for link in chain.links)
    parts = [*(dedent(inspect.getsource(f)) for f in functions), *_together(chain)]
    return "\n".join(f"{decorator}\n{part}" for part in parts)


def _together(chain: Chain) -> Iterable[str]:
    lines = ["g = g + k * w"] if chain.of(ROW) else []
    lines += [f"w, g, m, v = {_call(k, f'w, g, m, v, {PACE}')}" for k in chain.of(WEIGHT)]
    yield _function(f"change(w, g, m, v, k, {PACE}, {names(chain)})", [*lines, "return w, m, v"])
    for name, scope, given, sign in (
        ("pull", ROW, "squares, synapses", " + "),
        ("clip", WHOLE, "length", " * "),
    ):
        calls = sign.join(_call(link, given) for link in chain.of(scope))
        if calls:
            yield _function(f"{name}({given}, {names(chain)})", [f"return {calls}"])


def _call(link: Link, given: str) -> str:
    numbers = [f"n{link.start + k}" for k in range(len(link.step.numbers))]
    return f"{_name(link.step.formula)}({', '.join([given, *numbers])})"


def _name(formula: Callable[..., Any]) -> str:
    return formula.__name__


def _function(head: str, lines: Iterable[str]) -> str:
    return "\n".join([f"def {head}:", *(f"    {line}" for line in lines), ""])


def names(chain: Chain) -> str:
    """n0, n1, …: the chain's numbers as arguments."""
    return ", ".join(f"n{k}" for k in range(len(chain.numbers)))
