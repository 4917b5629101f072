"""What the device needs beside the rule's tables: how its threads share the weights."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....compiled.kinds import LIST, PAIRS, WINDOW
from ....compiled.plan import Plan, bounds
from ...row import WHOLE

Array = npt.NDArray[Any]


class Learning(NamedTuple):
    """J projections. Their weights are updated in lines, those of a pre neuron; shared ones are a
    line, which no pre neuron has to itself."""

    lines: Array  # i64[J]
    line: Array  # i64[J] weights of the longest
    rows: Array  # i64[J] parts that a regularizer looks at: post neurons of all pairs, or the whole
    first_row: Array  # i64[J]
    part: int  # WHOLE, FIND or APPLY: of every update, what a call does


def make_learning(plan: Plan) -> Learning:
    """The tables of a plan."""
    pres, posts = (np.diff(plan.neurons)[x] for x in (plan.pre, plan.post))
    weights = np.diff(plan.weight)
    shared = plan.kind == WINDOW
    line = np.where(shared, weights, posts)
    for j in np.flatnonzero(plan.kind == LIST):
        ends = plan.csr_ptr[plan.row[j] : plan.row[j] + pres[j] + 1]
        line[j] = np.diff(ends).max(initial=0)
    rows = np.where(plan.kind == PAIRS, posts, 1)
    return Learning(np.where(shared, 1, pres), line, rows, bounds(rows)[:-1], WHOLE)
