"""A trainer's state in logical form: the same on every backend, so that one resumes another's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Graph
from ...ir.model import Model
from ..protocols import State
from .kinds import PAIRS
from .network import unflatten
from .plan import Plan

Array = npt.NDArray[Any]


def require_fit(mine: State, other: State) -> None:
    """CompileError(E060) where another state's names, shapes or types are not those of this one.

    What the weights are is not judged: a run that has come to NaN resumes as what it was.
    """
    problems = misfits(mine, other)
    if problems:
        raise CompileError(Diagnostic("E060", f"the state does not fit: {p}") for p in problems)


def misfits(mine: State, other: State) -> list[str]:
    """What keeps another state from taking the place of this one."""
    problems = [f"`{name}` belongs to no part of it" for name in other if name not in mine]
    for name, array in mine.items():
        if name not in other:
            problems.append(f"`{name}` is missing")
        elif (other[name].shape, other[name].dtype) != (array.shape, array.dtype):
            problems.append(f"`{name}` is {_kind(other[name])} and should be {_kind(array)}")
        elif name == "optimizer/updates" and other[name][0] < 0:
            problems.append(f"`{name}` is below 0")
    return problems


def _kind(array: Array) -> str:
    return f"{array.dtype}{list(array.shape)}"


def copy_rows(plan: Plan, flat: Array, rows: Array) -> None:
    """The post-major copy of every all-pairs projection's weights."""
    rows[:] = transposed(plan, flat, plan.kind == PAIRS, to_post=True)


def transposed(plan: Plan, flat: Array, marked: Array, to_post: bool) -> Array:
    """A copy of what every weight has, the all-pairs projections `marked` bool[J] turned from
    pre-major to post-major, or back."""
    made = flat.copy()
    for j in np.flatnonzero(marked):
        sizes = [plan.neurons[p + 1] - plan.neurons[p] for p in (plan.pre[j], plan.post[j])]
        block = slice(plan.weight[j], plan.weight[j + 1])
        made[block] = flat[block].reshape(sizes if to_post else sizes[::-1]).T.ravel()
    return made


def state_of(
    model: Model,
    plan: Plan,
    weights: Array,
    moments: Mapping[str, Array],
    turned: Array,
    updates: int,
) -> State:
    """What a trainer holds, by the names of values and in their own shapes: "weights/<projection>",
    "optimizer/<moment>/<projection>", "optimizer/updates". `weights` f32[W] are in graph order, and
    so are the moments, those of the projections `turned` bool[J] post-major."""
    parts = {"weights": weights}
    for name, flat in moments.items():
        parts[f"optimizer/{name}"] = transposed(plan, flat, turned, to_post=False)
    state: State = {
        f"{part}/{name}": array
        for part, flat in parts.items()
        for name, array in unflatten(model.graph, plan, model.wirings, flat).items()
    }
    return {**state, "optimizer/updates": np.array([updates], np.int64)}


def weights_in(state: State, graph: Graph) -> Array:
    """All weights of a state in one array, projections in graph order."""
    return _joined(state, graph, "weights")


def moment_in(state: State, graph: Graph, plan: Plan, name: str, turned: Array) -> Array:
    """A moment of all weights in one array, as `state_of` took it."""
    return transposed(plan, _joined(state, graph, f"optimizer/{name}"), turned, to_post=True)


def _joined(state: State, graph: Graph, part: str) -> Array:
    parts = [state[f"{part}/{p.name}"].ravel() for p in graph.projections]
    return np.concatenate([np.zeros(0, np.float32), *parts])
