"""A network that is run without learning: how long, with what input, what of it is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..backends.artifact.model import Package
from ..backends.memory import recording, require_memory
from ..backends.protocols import Simulator
from ..ir.diagnostics import CompileError, Diagnostic
from ..ir.graph import Graph
from ..ir.running import Probe, RunSpec, all_of, lasting, run_problem, with_ends
from ..ir.verify.durations import problem_of
from .host import memory_bytes
from .samples import FIRST_ID, Presentation

Array = npt.NDArray[Any]


def timed(package: Package, duration: float | None) -> Package:
    """The package for a run of so many ms, or else of as many as its program says."""
    said = None if package.run is None else package.run.duration
    asked = said if duration is None else duration
    if asked is None:
        return package
    wrong = problem_of(asked, package.model.graph.dt)
    if wrong is not None:
        raise CompileError(wrong)
    graph = lasting(package.model.graph, asked)
    return replace(package, model=replace(package.model, graph=graph))


def probes_of(package: Package, has_states: bool) -> tuple[Probe, ...]:
    """What a run records: what its program says, or every spike; with `has_states` every spike and
    every state in each step, beside what it says. CompileError(E044) where a state that it names
    is none of a compiled network."""
    graph, run = package.model.graph, package.run or RunSpec()
    wrong = run_problem(graph, run)
    if wrong:
        raise CompileError(Diagnostic("E044", wrong, run.span, help="record another state"))
    probes = run.probes
    if has_states or not probes:
        probes = all_of(graph, has_states)
        known = {(probe.what, probe.population) for probe in probes}
        probes += tuple(p for p in run.probes if (p.what, p.population) not in known)
    return with_ends(probes, package.model)


def has_inputs(graph: Graph) -> bool:
    """Whether anything is presented to the network."""
    return any(p.role == "input" for p in graph.populations)


def alone(count: int) -> Presentation:
    """So many runs of a network to which nothing is presented: alike, since what is drawn of it is
    drawn once, but for sources and noise, which are drawn for each."""
    ids = np.arange(count, dtype=np.uint64) + np.uint64(FIRST_ID["test"])
    values, rows = np.zeros((1, 0), np.float32), np.zeros(count, np.int64)
    return Presentation(values, np.zeros(count, np.int32), ids, rows=rows)


def record(
    simulator: Simulator, samples: Presentation, probes: Sequence[Probe]
) -> tuple[Array, ...]:
    """What the probes see of all samples; CompileError(E074) where memory is too small for it."""
    needs = recording(probes, len(samples), simulator.steps)
    require_memory(simulator.graph, needs, memory_bytes())
    return simulator.record(samples.pick(np.arange(len(samples))), probes)
