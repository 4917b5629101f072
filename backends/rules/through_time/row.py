"""Learning through time as rows of the table of rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Graph, TrainSpec
from ....ir.model import Model
from ....ir.passes.settle import Settle
from ....ir.verify.durations import steps_of
from ...losses.indistinct import indistinct
from ...losses.table import loss_of
from ..reach import within_blocks
from ..row import CURRENTS, EVENTS, CpuKernels, CudaKernels, Rule
from .cpu.scratch import make_sweep, together
from .cpu.text import scans_source
from .cuda.program import learn_program, make_through_layout, sweep_of
from .oracle import SampleGradients, sample_gradients
from .readable import require_readable, undecided_by_first
from .sources import CPU
from .tables import (
    Through,
    is_cut,
    make_tables,
    require_learnable,
    sample_bytes,
    scan_of,
)


def check(model: Model, spec: TrainSpec) -> tuple[Diagnostic, ...]:
    """Why the rule cannot train a network."""
    try:
        require_learnable(model.graph, spec)
        require_readable(model.graph, spec)
    except CompileError as error:
        return error.diagnostics
    return ()


def loss_warnings(graph: Graph, spec: TrainSpec) -> tuple[Diagnostic, ...]:
    """W050 where the same counts are right for the label's neuron and for the others, or what is
    learnt is not what decides."""
    if all(p.encoding is None for p in graph.populations):
        return ()
    found = indistinct(loss_of(spec), steps_of(graph), spec)
    return (*found, *undecided_by_first(graph, spec))


def oracle(
    model: Model,
    emitted: Mapping[str, npt.NDArray[Any]],
    label: int,
    spec: TrainSpec,
    importance: float,
    factors: Mapping[str, npt.NDArray[np.float64]] | None = None,
) -> SampleGradients:
    """The gradients of one sample in float64, what its populations send multiplied by `factors`."""
    rule, settled = spec.call("rule"), Settle().run(model).graph
    adjoints = {p.name: scan_of(p, rule) for p in settled.populations if p.step is not None}
    cut = within_blocks(model.graph) if is_cut(rule) else frozenset[str]()
    loss = loss_of(spec)
    return sample_gradients(model, emitted, label, loss, adjoints, importance, cut, factors=factors)


def _features(through: Through, at_once: bool) -> Mapping[str, bool]:
    return {"AT_ONCE": at_once, "SEGMENTED": through.segments > 1}


THROUGH_TIME = Rule(
    check=check,
    warnings=loss_warnings,
    keeps=(EVENTS, CURRENTS),
    tables=make_tables,
    cpu=CpuKernels(
        *(CPU, _features, make_sweep, scans_source, together, lambda t: t.segment),
        presented=lambda tables: tables._replace(kept=tables.kept + 1),
        is_turned=False,
    ),
    cuda=CudaKernels(make_through_layout, learn_program, sweep_of, is_turned=False),
    oracle=oracle,
    sample_bytes=sample_bytes,
)
