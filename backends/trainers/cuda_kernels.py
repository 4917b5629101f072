"""The kernels of a network as what `--target gpu` adds to a package."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...ir.graph import TrainSpec
from ...ir.model import Model
from ..cuda.build import KernelProgram
from ..cuda.launch import LEARN, RUN, emission
from ..cuda.program import make_layout, run_program
from ..protocols import Emission
from ..rules.table import RULES, on_gpu, rule_of


def emit(model: Model, spec: TrainSpec | None, arch: str | None, folder: Path) -> Emission:
    """kernels.ptx, train.ptx where there is something to learn, and launch.json; needs no GPU.

    Of a rule that has no kernels for a GPU only what presents is there, and a note says so.
    """
    programs = {RUN: lambda: kernel_program(model, None)}
    if spec is None:
        return emission(programs, arch, folder)
    kind = spec.call("rule").kind
    if RULES[kind].cuda is None:
        made = emission(programs, arch, folder)
        note = f"`{kind}` does not train on a GPU: the kernels present samples, and do not learn"
        return replace(made, notes=(*made.notes, note))
    programs[LEARN] = lambda: kernel_program(model, spec)
    return emission(programs, arch, folder)


def kernel_program(
    model: Model, spec: TrainSpec | None, threads: int | None = None
) -> KernelProgram:
    """The kernel `learn` of a model with a train block, `run` of one without."""
    if spec is None:
        return run_program(make_layout(model), threads)
    rule_of(model, spec)
    layout, rule = make_layout(model), on_gpu(spec)
    return rule.program(layout, rule.layout(layout, spec), spec, threads)
