"""The kernels of a network as what `--target gpu` adds to a package."""

from __future__ import annotations

from pathlib import Path

from ...ir.graph import Graph, TrainSpec
from ..cuda.build import KernelProgram
from ..cuda.launch import LEARN, RUN, emission
from ..cuda.program import make_layout, run_program
from ..emission import Emission
from ..rules.spike_train.cuda.program import learn_program, make_rule_layout


def emit(
    graph: Graph, spec: TrainSpec | None, seed: int, arch: str | None, folder: Path
) -> Emission:
    """kernels.ptx, train.ptx where there is something to learn, and launch.json; needs no GPU."""
    programs = {RUN: lambda: kernel_program(graph, None, seed)}
    if spec is not None:
        programs[LEARN] = lambda: kernel_program(graph, spec, seed)
    return emission(programs, arch, folder)


def kernel_program(
    graph: Graph, spec: TrainSpec | None, seed: int, threads: int | None = None
) -> KernelProgram:
    """The kernel `learn` of a graph with a train block, `run` of one without."""
    layout = make_layout(graph, seed)
    if spec is None:
        return run_program(layout, threads)
    return learn_program(layout, make_rule_layout(layout, spec), spec, threads)
