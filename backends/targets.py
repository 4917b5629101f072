"""The targets that `--target` names: one row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..ir.graph import TrainSpec
from ..ir.model import Model
from .cpu.simulator import CpuSimulator
from .cuda import launch
from .cuda.found import available as gpu_available
from .cuda.resources import LIMITS
from .cuda.simulator import CudaSimulator
from .emission import Emission, adopt_nothing, emit_nothing, report_nothing
from .protocols import Simulator, Trainer
from .trainers.cpu import CpuTrainer
from .trainers.cuda import CudaTrainer
from .trainers.cuda_kernels import emit


@dataclass(frozen=True, slots=True)
class Target:
    """A backend. `available` is None where it runs on this machine, else says why not and what to
    type. The factories take (model after the pipeline, …, threads or None, kernel folder).

    `emit` takes (model, train block or None, architecture or None, kernel folder) and gives
    what the target adds to a package; `adopt` takes such members and a kernel folder and gives the
    kernel folder for their model; `report` is what they say of themselves. `archs` are the
    architectures that `emit` knows. `is_device`: samples are presented in a memory of its own.
    """

    name: str
    summary: str
    available: Callable[[], str | None]
    simulator: Callable[[Model, int | None, Path], Simulator]
    trainer: Callable[[Model, TrainSpec, int | None, Path], Trainer]
    emit: Callable[[Model, TrainSpec | None, str | None, Path], Emission] = emit_nothing
    adopt: Callable[[Mapping[str, bytes], Path], Path] = adopt_nothing
    report: Callable[[Mapping[str, bytes]], dict[str, Any] | None] = report_nothing
    archs: tuple[str, ...] = ()
    is_device: bool = False


TARGETS: dict[str, Target] = {
    "cpu": Target(
        "cpu",
        "event-driven simulation and training by Numba, on all cores",
        lambda: None,
        CpuSimulator,
        CpuTrainer,
    ),
    "gpu": Target(
        "gpu",
        "the same on an NVIDIA GPU by Numba-CUDA; compiles to PTX without one",
        gpu_available,
        CudaSimulator,
        CudaTrainer,
        emit,
        launch.adopt,
        launch.report,
        tuple(LIMITS),
        is_device=True,
    ),
}
