"""The targets that `--target` names: one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..ir.graph import Graph, TrainSpec
from .cpu.simulator import CpuSimulator
from .cpu.trainer import CpuTrainer
from .target import Simulator, Trainer, Weights


@dataclass(frozen=True, slots=True)
class Target:
    """A backend. `available` is None where it runs on this machine, else says why not and what to
    type. The factories take (graph after the pipeline, …, seed, threads or None, kernel folder)."""

    name: str
    summary: str
    available: Callable[[], str | None]
    simulator: Callable[[Graph, Weights, int, int | None, Path], Simulator]
    trainer: Callable[[Graph, TrainSpec, Weights, int, int | None, Path], Trainer]


TARGETS: dict[str, Target] = {
    "cpu": Target(
        "cpu",
        "event-driven simulation and training by Numba, on all cores",
        lambda: None,
        CpuSimulator,
        CpuTrainer,
    ),
}
