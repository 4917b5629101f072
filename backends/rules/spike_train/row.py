"""The spike-train-level rules as a row of the table of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import TrainSpec
from ....ir.model import Model
from ....ir.verify.dropout import require_complete
from ...compiled.plan import Plan
from ...losses.table import count_loss_of, loss_of
from ..row import EVENTS, CpuKernels, CudaKernels, Rule
from .check import require_alike, require_trainable
from .cpu.scratch import Backward, make_backward
from .cuda.program import backward_of, learn_program, make_rule_layout
from .oracle.network import NetworkGradients, network_gradients
from .response import spike_response
from .sources import CPU, cpu_features
from .tables import make_rule
from .teacher import teacher_warnings

WAY_OUT = "leave `dropout` out, or learn by `rule surrogate`"


def check(model: Model, spec: TrainSpec) -> tuple[Diagnostic, ...]:
    """Why the rules cannot train a network, each thing by itself."""
    return tuple(d for attempt in _attempts(model, spec) for d in _mistakes(attempt))


def _attempts(model: Model, spec: TrainSpec) -> Iterator[Callable[[], object]]:
    yield lambda: require_trainable(model.graph, spec.call("rule"))
    yield lambda: require_alike(model)
    yield lambda: count_loss_of(spec)
    yield lambda: require_complete(
        spec, f"`{spec.call('rule').kind}`, which learns by whole spike trains,", WAY_OUT
    )
    for population in model.graph.populations:
        if population.step is not None:
            yield partial(spike_response, population)


def _mistakes(attempt: Callable[[], object]) -> tuple[Diagnostic, ...]:
    try:
        attempt()
    except CompileError as error:
        return error.diagnostics
    return ()


def oracle(
    model: Model,
    spikes: Mapping[str, npt.NDArray[np.bool_]],
    label: int,
    spec: TrainSpec,
    importance: float,
) -> NetworkGradients:
    """The gradients of one sample as the engines have them."""
    rule, loss = spec.call("rule"), loss_of(spec)
    return network_gradients(model, spikes, label, rule, importance, loss=loss, has_window=False)


def _scratch(plan: Plan, rule: Any, workers: int) -> Backward:
    return make_backward(plan, rule.slots, workers)


SPIKE_TRAIN = Rule(
    check=check,
    warnings=teacher_warnings,
    keeps=(EVENTS,),
    tables=make_rule,
    cpu=CpuKernels(CPU, cpu_features, _scratch),
    cuda=CudaKernels(make_rule_layout, learn_program, backward_of),
    oracle=oracle,
)
