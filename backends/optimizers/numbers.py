"""The numbers of an optimizer and a regularizer, as every training backend takes them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from ...ir.calls import number
from ...ir.graph import Call, TrainSpec

ADAM, DESCENT = 0, 1


class Method(NamedTuple):
    """How a gradient moves a weight; `kind` is ADAM or DESCENT, whose `beta1` is its momentum."""

    kind: int
    beta1: float
    beta2: float
    eps: float

    def step(self, rate: float, update: int) -> tuple[float, float]:
        """(step size, eps) of an update, counted from 1, Adam's bias corrections folded in."""
        if self.kind != ADAM:
            return rate, 0.0
        first = 1.0 - math.pow(self.beta1, update)
        second = math.sqrt(1.0 - math.pow(self.beta2, update))
        return rate * second / first, self.eps * second


class Pull(NamedTuple):
    """The exponential regularizer; strength 0 without one."""

    strength: float = 0.0
    beta: float = 0.0
    limit: float = 1.0


METHODS: dict[str, Callable[[Call], Method]] = {
    "adam": lambda call: Method(ADAM, *(number(call, n) for n in ("beta1", "beta2", "eps"))),
    "sgd": lambda call: Method(DESCENT, number(call, "momentum"), 0.0, 0.0),
}


def method_of(spec: TrainSpec) -> Method:
    """The numbers of the spec's optimizer."""
    return METHODS[spec.optimizer.kind](spec.optimizer)


def pull_of(spec: TrainSpec) -> Pull:
    """Those of its regularizer."""
    if spec.regularizer is None:
        return Pull()
    return Pull(*(number(spec.regularizer, name) for name in Pull._fields))
