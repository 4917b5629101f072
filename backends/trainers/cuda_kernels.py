"""The kernels of a network as what `--target gpu` adds to a package."""

from __future__ import annotations

from pathlib import Path

from ...ir.graph import TrainSpec
from ...ir.model import Model
from ..cuda.build import KernelProgram
from ..cuda.launch import LEARN, RUN, emission
from ..cuda.program import make_layout, run_program
from ..protocols import Emission
from ..rules.row import CURRENTS
from ..rules.table import rule_of


def emit(model: Model, spec: TrainSpec | None, arch: str | None, folder: Path) -> Emission:
    """kernels.ptx, train.ptx where there is something to learn, and launch.json; needs no GPU."""
    programs = {RUN: lambda: kernel_program(model, None)}
    if spec is not None:
        programs[LEARN] = lambda: kernel_program(model, spec)
    return emission(programs, arch, folder)


def kernel_program(
    model: Model, spec: TrainSpec | None, threads: int | None = None
) -> KernelProgram:
    """The kernel `learn` of a model with a train block, `run` of one without."""
    if spec is None:
        return run_program(make_layout(model), threads)
    rule = rule_of(model, spec)
    layout = make_layout(model, CURRENTS in rule.keeps)
    return rule.cuda.program(layout, rule.cuda.layout(model, layout, spec), spec, threads)
