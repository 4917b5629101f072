"""What a training rule is to everything outside its folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ...ir.diagnostics import Diagnostic
from ...ir.graph import Graph, TrainSpec
from ...ir.model import Model
from ..compiled.plan import Plan
from ..compiled.text.sources import Parts
from ..cuda.build import KernelProgram
from ..cuda.program import Layout
from ..cuda.scratch import Make

# What a rule can ask the forward pass to keep of a sample.
EVENTS = "events"  # every spike of every population
CURRENTS = "currents"  # what arrived at every port in every step

# What a call of a GPU's `learn` does of every update: all of it; but for the change of the weights,
# where the host has its part in the gradient; that change.
WHOLE, FIND, APPLY = 0, 1, 2


class CpuKernels(NamedTuple):
    """A rule's kernels on the CPU: `learn` presents samples and adds up their gradients, or updates
    at once; `update` takes a batch's. `features`: (tables, whether at once) -> which of those in
    the sources a network has. `scratch`: (plan, tables, workers) -> its arrays. `scans`: (graph,
    spec, whether another engine runs the samples) -> the text of a module that is made for a
    network's neurons, whose functions the tables hold by their names. `together`: samples that a
    worker has in flight. `kept`: (tables) -> steps of which it finds what arrived. `presented`:
    the tables where another engine runs the samples. `is_turned`: the moments of all-pairs
    projections are post-major."""

    sources: Parts
    features: Callable[[Any, bool], Mapping[str, bool]]
    scratch: Callable[[Plan, Any, int], Any]
    scans: Callable[[Graph, TrainSpec, bool], str] | None = None
    together: Callable[[Plan], int] = lambda plan: 1
    kept: Callable[[Any], int] = lambda tables: 0
    presented: Callable[[Any], Any] = lambda tables: tables
    is_turned: bool = True


class CudaKernels(NamedTuple):
    """A rule's kernel `learn` on a GPU. `layout`: (model, its layout, spec) -> what it reads;
    `program`: (layout, that, spec, threads) -> the kernel; `scratch`: (make, layout, that, samples
    in flight, blocks) -> its arrays. `is_turned`: the moments of all-pairs projections are
    post-major."""

    layout: Callable[[Model, Layout, TrainSpec], Any]
    program: Callable[[Layout, Any, TrainSpec, int | None], KernelProgram]
    scratch: Callable[[Make, Layout, Any, int, int], Any]
    is_turned: bool = True


class Rule(NamedTuple):
    """A family of rules.

    `check`: every reason (E050, E051) why it cannot train a network, () if it can; `warnings`: what
    will hardly do what is meant. `keeps`: what of the forward pass it needs, of EVENTS and
    CURRENTS. `tables`: what its kernels read beside the plan, opaque to everybody else. `oracle`:
    the same in float64 NumPy, slow and literal: (model, what is emitted by population, label, spec,
    importance) -> an object with `gradients` by projection, shaped like its weights, and `cost`.
    `sample_bytes`: (graph, spec) -> what a sample in flight takes beside its presentation, by
    population, where that is much.
    """

    check: Callable[[Model, TrainSpec], tuple[Diagnostic, ...]]
    warnings: Callable[[Graph, TrainSpec], tuple[Diagnostic, ...]]
    keeps: tuple[str, ...]
    tables: Callable[[Model, TrainSpec, Plan], Any]
    cpu: CpuKernels
    cuda: CudaKernels
    oracle: Callable[..., Any]
    sample_bytes: Callable[[Graph, TrainSpec], Mapping[str, int]] = lambda graph, spec: {}
