"""How large the numbers of a step can be, from what its states came to in training samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from ..expr import Apply, Expr, evaluate, names
from ..neuron import NeuronStep
from .tables import SIZES
from .terms import Known

Numbers = npt.NDArray[np.float64]
ROOM = 2.0  # times the largest that was seen: where a state is clipped


def wants_ranges(step: NeuronStep, known: Known) -> bool:
    """Whether the step multiplies two numbers that move, or takes a function of one."""
    return any(_wants_range(e, known) for root in step.expressions for e in _applied(root))


def _applied(expr: Expr) -> Iterator[Apply]:
    if isinstance(expr, Apply):
        yield expr
        for argument in expr.args:
            yield from _applied(argument)


def _wants_range(expr: Apply, known: Known) -> bool:
    is_wanted = expr.op == "mul" or expr.op in SIZES
    return is_wanted and all(names(e) & known.variables for e in expr.args)


def size_of(expr: Expr, known: Known, sizes: Mapping[str, Numbers]) -> Numbers | None:
    """The largest size of an expression, [] or [neurons], where names are of these `sizes`; None of
    one with an operator whose ends are not those of its arguments."""
    if not names(expr) & known.variables:
        return abs(np.asarray(evaluate(expr, known.values, np.float64), np.float64))
    if not isinstance(expr, Apply):
        (name,) = names(expr)
        return sizes.get(name)
    rule = _RULES.get(expr.op)
    found = [
        size_of(e, known, sizes) for e in (expr.args[1:] if expr.op == "select" else expr.args)
    ]
    known_sizes = [each for each in found if each is not None]
    return None if rule is None or len(known_sizes) < len(found) else rule(*known_sizes)


_RULES: dict[str, Callable[..., Numbers]] = {
    **SIZES,
    "add": np.add,
    "sub": np.add,
    "mul": np.multiply,
    "min": np.maximum,
    "max": np.maximum,
    "neg": np.abs,
    "abs": np.abs,
    "select": np.maximum,
}
