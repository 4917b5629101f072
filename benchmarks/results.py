"""What the training benchmark finds."""

from __future__ import annotations

from dataclasses import dataclass

from cost import Cost
from machine import Machine


@dataclass(frozen=True, slots=True)
class Case:
    """What is timed. `inputs` names a row of `train.INPUTS`."""

    net: str
    steps: int
    inputs: str
    batch: int
    threads: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds a sample: wall time of the best and of the median repeat, and the least
    processor time, summed over the threads."""

    best: float
    median: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Result:
    """A case timed and counted. The costs and floors [ms] are a sample's; those of `train` hold the
    forward pass too. `spikes` by population are the mean of a sample."""

    case: Case
    forward: Timing
    train: Timing
    spikes: dict[str, float]
    forward_costs: tuple[Cost, ...]
    train_costs: tuple[Cost, ...]
    forward_floor: float
    train_floor: float


@dataclass(frozen=True, slots=True)
class Profile:
    """Milliseconds a sample of each stage on one thread, beside its cost and its floor."""

    case: Case
    costs: tuple[Cost, ...]
    floors: dict[str, float]
    times: dict[str, float]


@dataclass(frozen=True, slots=True)
class About:
    """What the figures must be read with. `load`: processes that wanted a core, mean of the last
    minute, when the benchmark began; anything near the cores spoils wall times."""

    commit: str
    versions: dict[str, str]
    load: float
    repeats: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything."""

    about: About
    machine: Machine
    results: tuple[Result, ...]
    profiles: tuple[Profile, ...]
