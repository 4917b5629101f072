"""Networks timed on a target: alone against the machine's floor, or in turns with another engine.

Works that are to be compared are run in turns; of several repeats the best, the median, and the
least processor time are kept. The learning rate is so small that the spikes stay those that were
counted; the work is the same. Kernels are compiled before the clock starts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product
from typing import Any, Protocol

import numpy as np
from cost import (
    ADAM,
    FORWARD,
    Activity,
    Cost,
    Network,
    activity_of,
    backward_costs,
    floor_ms,
    forward_costs,
    network_of,
    trained_weights,
)
from machine import Machine
from nets import CONSTANT, INPUTS, compile_net, samples_of, trainer_of
from programs import NETS, SEED

from snncc.backends.protocols import Samples, State, Trainer
from snncc.ir.diagnostics import CompileError
from snncc.ir.graph import TrainSpec
from snncc.ir.model import draw_model

Show = Callable[[str], None]
STILL = 1e-7  # learning rate while the clock runs
LEARNING_RATE = 1e-3


@dataclass(frozen=True, slots=True)
class Case:
    """What is timed. `inputs` is one of INPUTS; `threads` 0: all that the target has."""

    net: str
    steps: int
    inputs: str
    batch: int
    threads: int = 0


@dataclass(frozen=True, slots=True)
class Options:
    """What to time, the most important first. `fewest`: samples of a repeat, if the batch is no
    larger; `learnt`: real samples to learn beforehand; `presented`: samples whose spikes are
    counted; `seconds`: of a case, after which no repeat begins; `until`: [s, monotonic clock] no
    case begins after it."""

    nets: tuple[str, ...] = tuple(NETS)
    steps: tuple[int, ...] = (400,)
    inputs: tuple[str, ...] = INPUTS
    batches: tuple[int, ...] = (1, 32, 128)
    threads: tuple[int, ...] = (0,)
    hidden: int = 400
    fewest: int = 32
    learnt: int = 256
    presented: int = 8
    repeats: int = 7
    seconds: float = 1.5
    until: float = float("inf")


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds a sample: wall time of the best and of the median repeat, and the least
    processor time, summed over the threads."""

    best: float
    median: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Row:
    """A case timed and counted. `rates`: percent of the steps with a spike, by population. Costs
    and floors [ms] are a sample's; those of `train` hold the forward pass too."""

    case: Case
    rates: dict[str, float]
    forward: Timing
    train: Timing
    forward_costs: tuple[Cost, ...]
    train_costs: tuple[Cost, ...]
    forward_floor: float
    train_floor: float


class Engine(Protocol):
    """What ours is compared with: the same network in another engine."""

    precision: str

    def present(self, samples: Samples, batch: int) -> object:
        """Present the samples without learning."""

    def train(self, samples: Samples, batch: int) -> object:
        """Learn from the samples."""

    def rates(self, samples: Samples, batch: int) -> dict[str, float]:
        """Percent of the steps with a spike, by population; of the first batch."""

    def forget(self) -> None:
        """Give back the memory that the cases took."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Ours and another engine, run in turns. `precision`: what it multiplies in."""

    case: Case
    precision: str
    rates: dict[str, float]
    rates_baseline: dict[str, float]
    forward: Timing
    forward_baseline: Timing
    train: Timing
    train_baseline: Timing

    @property
    def ratio(self) -> float:
        """How many times faster ours trains."""
        return self.train_baseline.best / self.train.best


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A trainer of a target, and what the counting reads."""

    trainer: Trainer
    network: Network
    spec: TrainSpec
    weights: State
    fresh: State


Work = Callable[[], object]
Counting = Callable[[Network, Activity, int], tuple[Cost, ...]]
MakeEngines = Callable[[Subject], Iterable[Engine]]


def make_subject(target: str, net: str, steps: int, hidden: int = 400, threads: int = 0) -> Subject:
    """A row of NETS with fresh weights on a target."""
    program = compile_net(net, steps, hidden)
    assert program.train is not None
    model = draw_model(program.graph, SEED)
    trainer = trainer_of(target, program, model, threads)
    network = network_of(program.graph, program.train, steps, SEED)
    return Subject(trainer, network, program.train, trainer.weights(), trainer.state())


def speed(
    target: str, options: Options, machine: Machine, show: Show, counting: Counting
) -> Iterator[Row]:
    """Every case on the target, timed and counted."""
    for case, subject, samples in cases(target, options, show):
        activity = count_spikes(subject, samples, options.presented)
        few = samples.part(0, repeat_of(case.batch, options))
        works = tuple(our_works(subject, few, case.batch))
        times = unless_full(works, len(few.ids), options, show)
        if times is None:
            continue
        costs = counting(subject.network, activity, case.batch)
        first = tuple(c for c in costs if c.stage in FORWARD)
        threads = max(1, case.threads)
        floors = floor_ms(first, machine, threads), floor_ms(costs, machine, threads)
        forward, train = times
        yield Row(case, activity.rates(subject.network), forward, train, first, costs, *floors)


def compare(target: str, options: Options, make_engines: MakeEngines, show: Show) -> Iterator[Pair]:
    """Every case on the target and in other engines, in turns."""
    subjects: list[Subject] = []
    engines: tuple[Engine, ...] = ()
    for case, subject, samples in cases(target, options, show):
        if subjects != [subject]:
            subjects, engines = [subject], tuple(make_engines(subject))
        few = samples.part(0, repeat_of(case.batch, options))
        presented = min(options.presented, len(few.ids))
        rates = count_spikes(subject, few, presented).rates(subject.network)
        for engine in engines:
            pair = time_pair(case, rates, subject, engine, few, options, show)
            engine.forget()
            if pair is not None:
                yield pair


def time_pair(
    case: Case,
    rates: dict[str, float],
    subject: Subject,
    engine: Engine,
    few: Samples,
    options: Options,
    show: Show,
) -> Pair | None:
    """One case, ours and the engine's in turns; None where one has too little memory."""
    forward, train = our_works(subject, few, case.batch)
    present, learn = (partial(w, few, case.batch) for w in (engine.present, engine.train))
    times = unless_full((forward, present, train, learn), len(few.ids), options, show)
    if times is None:
        return None
    return Pair(case, engine.precision, rates, engine.rates(few, case.batch), *times)


def cases(target: str, options: Options, show: Show) -> Iterator[tuple[Case, Subject, Samples]]:
    """Every case with samples enough, until the time is up."""
    for net, steps, threads in product(options.nets, options.steps, options.threads):
        subject = make_subject(target, net, steps, options.hidden, threads)
        for inputs in options.inputs:
            samples = prepared(subject, inputs, options)
            if samples is None:
                show(f"{inputs}: not on this machine")
                continue
            for batch in options.batches:
                case = Case(net, steps, inputs, batch, threads)
                if time.monotonic() > options.until:
                    show(f"no time left for {case}")
                    continue
                show(f"{case}")
                yield case, subject, samples


def prepared(subject: Subject, inputs: str, options: Options) -> Samples | None:
    """The samples for all batches; the trainer has fresh weights, or learnt some real samples."""
    most = max(repeat_of(batch, options) for batch in options.batches)
    samples = samples_of(subject.network.graph, inputs, max(most, options.learnt))
    subject.trainer.restore(subject.fresh)
    if samples is not None and inputs != CONSTANT and options.learnt:
        subject.trainer.train(samples.part(0, options.learnt), 1, LEARNING_RATE)
    return samples


def repeat_of(batch: int, options: Options) -> int:
    """The samples of a repeat: whole batches."""
    return batch * max(1, -(-options.fewest // batch))


def count_spikes(subject: Subject, samples: Samples, presented: int) -> Activity:
    """The activity of the first samples on the target."""
    rasters = np.stack([subject.trainer.raster(samples, k) for k in range(presented)])
    drawn = float((samples.values[samples.rows[:presented]] > 0).sum(axis=1).mean())
    return activity_of(subject.network, rasters, drawn)


def our_works(subject: Subject, samples: Samples, batch: int) -> Iterator[Work]:
    """Presenting the samples, a call a batch, and learning them."""
    trainer, ends = subject.trainer, range(0, len(samples.ids), batch)
    yield lambda: [trainer.run(samples.part(k, k + batch)) for k in ends]
    yield lambda: trainer.train(samples, batch, STILL)


def unless_full(
    works: tuple[Work, ...], samples: int, options: Options, show: Show
) -> tuple[Timing, ...] | None:
    """The timings; None where one asks for more memory than a card has."""
    try:
        return timings(works, samples, options)
    except (CompileError, RuntimeError) as error:  # ours, and PyTorch's OutOfMemoryError
        if isinstance(error, RuntimeError) and "out of memory" not in str(error):
            raise
        show(f"not timed: {str(error).partition(chr(10))[0]}")
        return None


def timings(works: tuple[Work, ...], samples: int, options: Options) -> tuple[Timing, ...]:
    """Milliseconds a sample of each, run in turns after once to warm up."""
    for work in works:
        work()
    wall: list[list[float]] = [[] for _ in works]
    processor: list[list[float]] = [[] for _ in works]
    end = time.monotonic() + options.seconds
    while len(wall[0]) < 2 or (len(wall[0]) < options.repeats and time.monotonic() < end):
        for k, work in enumerate(works):
            start = time.process_time()
            wall[k].append(milliseconds(work) / samples)
            processor[k].append(1e3 * (time.process_time() - start) / samples)
    return tuple(
        Timing(min(w), statistics.median(w), min(p)) for w, p in zip(wall, processor, strict=True)
    )


def milliseconds(work: Work) -> float:
    """The time of a call that waits for its end: by the events of the card, if there is one."""
    events = card_events()
    if events is None:
        start = time.perf_counter()
        work()
        return 1e3 * (time.perf_counter() - start)
    before, after = events
    before.record()
    work()
    after.record()
    after.synchronize()
    return float(before.elapsed_time(after))


@cache
def card_events() -> tuple[Any, Any] | None:
    """Two events, where PyTorch finds a card."""
    try:
        import torch
    except ModuleNotFoundError:
        return None
    if not torch.cuda.is_available():
        return None
    return torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)


def cpu_costs(network: Network, activity: Activity, batch: int) -> tuple[Cost, ...]:
    """What a sample must cost on a processor."""
    return (*forward_costs(network, activity), *backward_costs(network, activity, batch))


def card_costs(network: Network, activity: Activity, batch: int) -> tuple[Cost, ...]:
    """What a sample must cost on a card, which can do without some: states stay in registers, a
    batch has one gradient and no accumulators beside it, weights are kept in one order."""
    every = cpu_costs(network, activity, batch)
    kept = [c for c in every if c.stage not in ("update", "write-back")]
    stages = [replace(c, update=0.0) if c.stage == "step" else c for c in kept]
    return (*stages, update_cost(network, batch))


def update_cost(network: Network, batch: int) -> Cost:
    """Adam's pass over weights and moments, shared by the batch; gradients are added up first."""
    weights = trained_weights(network)
    added = weights if batch > 1 else 0
    return Cost(
        "update",
        added + ADAM * weights / batch,
        update=24 * weights / batch,
        working_set=16 * weights,
    )
