"""Ranges of values that become 0..1."""

from __future__ import annotations

import numpy as np

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Value
from .data import Array, damaged
from .split import Part


def is_given(arguments: dict[str, Value]) -> bool:
    """Whether the arguments say a range, by `low` or `high`."""
    return arguments["low"] != () or arguments["high"] != ()


def given_range(arguments: dict[str, Value], train: Part) -> tuple[Array, Array]:
    """The lowest and the highest value [columns] as `low` and `high` say; [] for one of all."""
    low, high = (_end(arguments[name], name, train) for name in ("low", "high"))
    below = np.flatnonzero(high < low)
    if len(below):
        where = f" in {place(train, (int(below[0]),))}" if np.ndim(low) else ""
        raise CompileError(Diagnostic("E022", f"`high` is below `low`{where}"))
    return low, high


def place(part: Part, within: tuple[int, ...]) -> str:
    """Where in a sample a value stands, in the user's words."""
    if part.columns is not None:
        return part.columns.called(part.columns.values[within[0]])
    if len(within) == 1:
        return f"column {within[0]} (from 0)"
    return f"place {list(within)} (from 0)"


def _end(value: Value, name: str, train: Part) -> Array:
    columns = train.values.shape[1]
    ends = np.asarray(value, np.float64)
    if ends.size == 0:
        other = "high" if name == "low" else "low"
        message = f"the data have `{other}` but no `{name}`"
        raise CompileError(Diagnostic("E013", message, help="give both ends of the range"))
    if ends.ndim and (len(ends) != columns or train.values.ndim != 2):
        problem = f"has {columns} columns of values, but `{name}` has {len(ends)} numbers"
        raise damaged(train.path, problem)
    return np.broadcast_to(ends, (columns,)) if train.values.ndim == 2 else ends


def refuse_outside(part: Part, low: Array | float, high: Array | float, way_out: str) -> None:
    """CompileError(E061) for the first value that is not from `low` to `high`."""
    # A comparison with NaN is false.
    inside = (part.values >= low) & (part.values <= high)
    if inside.all():
        return
    bad, *within = (int(k) for k in np.argwhere(~inside)[0])
    value, sample = part.values[bad, *within], bad if part.rows is None else part.rows[bad]
    problem = f"has the value {value:g} in sample {sample}, {place(part, tuple(within))}"
    if not np.isfinite(value):
        raise damaged(part.path, problem, "leave the sample out, or give it a number")
    raise damaged(part.path, f"{problem}, outside {np.min(low):g}..{np.max(high):g}", way_out)
