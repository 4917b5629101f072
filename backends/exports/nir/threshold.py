"""When a neuron fires, and what that does to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ....ir.analysis.affine import affine_terms
from ....ir.neuron import NeuronModel, NeuronStep, margin
from ....ir.nir.said import Comparison, Reset
from .model import Floats, Known, Row, row_of, value_of
from .trouble import UnsaidError

NONE: Floats = np.zeros(())
SLACK = 2e-6  # between a threshold and what a reset takes away, that is there against rounding
READS = "in NIR a neuron fires where its potential is above a threshold"
RESETS = "in NIR a spike sets the potential to v_reset, or takes the threshold from it"


class Firing(NamedTuple):
    """`voltage` is what is tested, or sent by a neuron that never fires; `fields` v_threshold and
    v_reset, of one that does. `row` is that of what is tested, `level` where. `also`: states that a
    spike changes beside, and `slack` is what the threshold lies below what a reset takes away."""

    voltage: str
    fields: Mapping[str, Floats]
    row: Row
    level: Floats = NONE
    comparison: Comparison | None = None
    reset: Reset | None = None
    also: tuple[str, ...] = ()
    slack: float = 0.0


def firing_of(neuron: NeuronModel, step: NeuronStep | None, known: Known) -> Firing:
    """The threshold and the reset; of a neuron without, what it sends. UnsaidError for others."""
    if neuron.spike is None:
        return _sent(neuron, known)
    if neuron.emit is not None:
        raise UnsaidError("it fires and sends numbers", "let it do one of both")
    found = margin(neuron.spike)
    row = None if found is None else row_of(found.value, neuron, known)
    read = [] if row is None else [name for name in row if name]
    if found is None or row is None or len(read) != 1 or np.any(row[read[0]] <= 0.0):
        raise UnsaidError("its condition to fire is no threshold of one potential", READS)
    level = np.asarray(-row.get("", NONE) / row[read[0]])
    comparison = Comparison.ABOVE if found.is_strict else Comparison.AT_LEAST
    if step is None:
        return Firing("", {}, row, level, comparison)
    return _reset(Firing(read[0], {}, row, level, comparison), step, known)


def _sent(neuron: NeuronModel, known: Known) -> Firing:
    assert neuron.emit is not None, "a model that never fires sends something"
    row = row_of(neuron.emit, neuron, known)
    read = [] if row is None else [s.name for s in neuron.states if s.name in row]
    if row is None or len(row) != 1 or len(read) != 1 or np.any(row[read[0]] != 1.0):
        raise UnsaidError(
            "what it sends is not its potential",
            "in NIR a neuron without a threshold sends its potential in every step; "
            "a score of them, such as the highest or the mean, is not of the graph",
        )
    return Firing(read[0], {}, row)


def _reset(firing: Firing, step: NeuronStep, known: Known) -> Firing:
    terms = affine_terms(step, step.reset)
    changed = {a.target for a in step.reset}
    also = tuple(s.name for s in step.states if s.name in changed and s.name != firing.voltage)
    own = terms.get(firing.voltage) if firing.voltage in changed else None
    row = None if own is None else {n: value_of(e, known) for n, e in own.items()}
    row = None if row is None else {n: value for n, value in row.items() if np.any(value)}
    if row is None or not set(row) <= {firing.voltage, ""}:
        raise UnsaidError(f"its spike does not reset `{firing.voltage}`", RESETS)
    rest = row.get("", NONE)
    if firing.voltage not in row:
        fields = {"v_threshold": firing.level, "v_reset": rest}
        return firing._replace(fields=fields, reset=Reset.ZERO, also=also)
    slack = np.max(np.abs(-rest - firing.level))
    if np.any(row[firing.voltage] != 1.0) or slack > SLACK:
        raise UnsaidError("its spike takes something else than the threshold", RESETS)
    fields = {"v_threshold": -rest, "v_reset": NONE}
    return firing._replace(fields=fields, reset=Reset.SUBTRACT, also=also, slack=float(slack))
