"""What numbers that stand still in a neuron are for."""

from __future__ import annotations

from collections.abc import Iterator

from ....ir.expr import Apply, Ref, walk
from ....ir.neuron import NeuronStep, State

# By the operator that a number and a state are the arguments of.
ROLES = {
    **dict.fromkeys(("gt", "ge", "lt", "le"), "threshold"),
    **dict.fromkeys(("max", "min"), "floor"),
    "mulwide": "factor",
}


def meaning_of(step: NeuronStep, constant: State) -> tuple[str, str]:
    """What a number is, and of which state: a value of ROLES, else ("constant", "")."""
    return next(_found(step, constant.name), ("constant", ""))


def _found(step: NeuronStep, name: str) -> Iterator[tuple[str, str]]:
    moving = {s.name for s in step.states} - step.still
    for expr in step.expressions:
        for node in walk(expr):
            if not isinstance(node, Apply) or node.op not in ROLES:
                continue
            read = [each.name for each in node.args if isinstance(each, Ref)]
            others = [each for each in read if each in moving]
            if name in read and len(others) == 1:
                is_tested = step.threshold is not None and node in list(walk(step.threshold))
                role = ROLES[node.op]
                yield ("floor" if role == "threshold" and not is_tested else role), others[0]
