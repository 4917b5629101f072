"""Our training on a target, alone and beside the PyTorch baseline, against the card's floor.

The floor takes the counts of `cost.py` with what a card can do without: states stay in registers,
a batch has no accumulators beside its one gradient, weights are kept in one order, and everything
that is gone through again lies in L2. It knows no waiting, so a single sample, whose T steps
follow each other, can't come near it. Low, never high, as on the CPU.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from cost import (
    ADAM,
    Activity,
    Cost,
    Network,
    activity_of,
    backward_costs,
    floor_ms,
    forward_costs,
    trained_weights,
)
from machine import Machine
from nets import compile_net
from programs import SEED
from train import CONSTANT, INPUTS, LEARNING_RATE, STILL

from snncc.backends.compiled.network import wirings_of
from snncc.backends.compiled.plan import make_plan
from snncc.backends.protocols import Samples, State, Trainer
from snncc.backends.rules.spike_train.tables import make_rule
from snncc.backends.targets import TARGETS
from snncc.ir.diagnostics import CompileError
from snncc.ir.graph import TrainSpec
from snncc.runtime.loading import draw_weights
from snncc.runtime.settings import settings_from

if TYPE_CHECKING:
    from torch_baseline import Baseline

    from snncc.backends.trainers.cpu import CpuTrainer

Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Case:
    """What is timed. `inputs` names a row of `train.INPUTS`."""

    net: str
    steps: int
    inputs: str
    batch: int


@dataclass(frozen=True, slots=True)
class Options:
    """What to time, the most important first. `fewest`: samples of a repeat, if the batch is no
    larger; `learnt`: real samples to learn beforehand; `presented`: samples whose spikes are
    counted; `seconds`: of a case, after which no repeat begins; `until`: [s, monotonic clock] no
    case begins after it."""

    nets: tuple[str, ...] = ("active liquid", "active dense", "sleepy liquid")
    steps: tuple[int, ...] = (400,)
    inputs: tuple[str, ...] = tuple(reversed(INPUTS))
    batches: tuple[int, ...] = (1, 32, 128, 1024, 4096)
    hidden: int = 400
    fewest: int = 64
    learnt: int = 256
    presented: int = 8
    repeats: int = 7
    seconds: float = 1.5
    until: float = float("inf")


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds a sample of the best and of the median repeat."""

    best: float
    median: float


@dataclass(frozen=True, slots=True)
class Row:
    """A case timed and counted: operations, bytes and floors [ms] of a sample; those of `train`
    hold the forward pass too. `rates`: percent of the steps with a spike, by population."""

    case: Case
    forward: Timing
    train: Timing
    rates: dict[str, float]
    forward_operations: float
    forward_bytes: float
    train_operations: float
    train_bytes: float
    forward_floor: float
    train_floor: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Ours and the baseline's, run in turns. `precision` is that of the baseline's products; the
    rates are percent of the steps with a spike, by population."""

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


def make_subject(target: str, net: str, steps: int, hidden: int = 400) -> Subject:
    """A row of NETS with fresh weights on a target."""
    program = compile_net(net, steps, hidden)
    spec = program.train
    assert spec is not None
    weights = draw_weights(program.graph, SEED)
    folder = settings_from(os.environ).kernel_folder
    trainer = TARGETS[target].trainer(program.graph, spec, weights, SEED, None, folder)
    wirings = wirings_of(program.graph, SEED)
    plan = make_plan(program.graph, wirings)
    rule = make_rule(program.graph, spec, plan, wirings)
    network = Network(program.graph, plan, rule, spec.optimizer.kind == "adam")
    return Subject(trainer, network, spec, weights, trainer.state())


def samples_of(subject: Subject, inputs: str, count: int) -> Samples | None:
    """Samples of a row of INPUTS; None where they are not on this machine."""
    # They read `graph` and `plan` alone, and those a network has.
    return INPUTS[inputs](cast("CpuTrainer", subject.network), count)


def speed(target: str, options: Options, machine: Machine, show: Show) -> Iterator[Row]:
    """Every case on the target, until the time is up."""
    for net, steps in product(options.nets, options.steps):
        subject = make_subject(target, net, steps, options.hidden)
        for inputs in options.inputs:
            samples = prepared(subject, inputs, options)
            if samples is None:
                show(f"{inputs}: not on this machine")
                continue
            activity = count_spikes(subject, samples, options.presented)
            for batch in options.batches:
                case = Case(net, steps, inputs, batch)
                if time.monotonic() > options.until:
                    show(f"no time left for {case}")
                    continue
                show(f"{case}")
                try:
                    row = time_case(case, subject, samples, activity, machine, options)
                except CompileError as error:  # the card has too little memory
                    show(f"not timed: {error}")
                    continue
                yield row


def prepared(subject: Subject, inputs: str, options: Options) -> Samples | None:
    """The samples for all batches; the trainer has fresh weights, or learnt some real samples."""
    samples = samples_of(subject, inputs, max(most(options), options.learnt))
    subject.trainer.restore(subject.fresh)
    if samples is not None and inputs != CONSTANT and options.learnt:
        subject.trainer.train(samples.part(0, options.learnt), 1, LEARNING_RATE)
    return samples


def most(options: Options) -> int:
    """The samples that the largest repeat takes."""
    return max(repeat_of(batch, options) for batch in options.batches)


def repeat_of(batch: int, options: Options) -> int:
    """The samples of a repeat: whole batches."""
    return batch * max(1, -(-options.fewest // batch))


def count_spikes(subject: Subject, samples: Samples, presented: int) -> Activity:
    """The activity of the first samples on the target."""
    rasters = np.stack([subject.trainer.raster(samples, k) for k in range(presented)])
    drawn = float((samples.values[samples.rows[:presented]] > 0).sum(axis=1).mean())
    return activity_of(subject.network.plan, rasters, drawn)


def time_case(
    case: Case,
    subject: Subject,
    samples: Samples,
    activity: Activity,
    machine: Machine,
    options: Options,
) -> Row:
    """One case, timed and counted."""
    few = samples.part(0, repeat_of(case.batch, options))
    forward, train = timings(
        (
            lambda: simulate(subject.trainer, few, case.batch),
            lambda: subject.trainer.train(few, case.batch, STILL),
        ),
        len(few.ids),
        options,
    )
    costs = card_costs(subject.network, activity, case.batch)
    first = tuple(c for c in costs if c.stage in ("encode", "drive", "step"))
    return Row(
        case,
        forward,
        train,
        activity.rates(subject.network.graph, case.steps),
        *totals(first),
        *totals(costs),
        floor_ms(first, machine, 1),
        floor_ms(costs, machine, 1),
    )


def simulate(trainer: Trainer, samples: Samples, batch: int) -> None:
    """Present the samples, a call of `run` for each batch of them."""
    for first in range(0, len(samples.ids), batch):
        trainer.run(samples.part(first, first + batch))


def timings(
    works: tuple[Callable[[], object], ...], samples: int, options: Options
) -> tuple[Timing, ...]:
    """Milliseconds a sample of each, run in turns after once to warm up."""
    for work in works:
        work()
    found: list[list[float]] = [[] for _ in works]
    end = time.monotonic() + options.seconds
    while len(found[0]) < 2 or (len(found[0]) < options.repeats and time.monotonic() < end):
        for times, work in zip(found, works, strict=True):
            times.append(milliseconds(work) / samples)
    return tuple(Timing(min(times), statistics.median(times)) for times in found)


def milliseconds(work: Callable[[], object]) -> float:
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


def card_events() -> tuple[Any, Any] | None:
    """Two events, where PyTorch finds a card."""
    try:
        import torch
    except ModuleNotFoundError:
        return None
    if not torch.cuda.is_available():
        return None
    return torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)


def card_costs(network: Network, activity: Activity, batch: int) -> tuple[Cost, ...]:
    """What a sample must cost on a card; see the head of this file."""
    every = (*forward_costs(network, activity), *backward_costs(network, activity, batch))
    kept = [c for c in every if c.stage not in ("update", "write-back")]
    stages = [replace(c, update=0.0) if c.stage == "step" else c for c in kept]
    return (*stages, update_cost(network, batch))


def update_cost(network: Network, batch: int) -> Cost:
    """Adam's pass over weights and moments, shared by the batch; gradients are added up first."""
    trains = network.rule.trains
    weights = sum(trained_weights(network, j) for j in range(len(trains)) if trains[j])
    added = weights if batch > 1 else 0
    return Cost(
        "update",
        added + ADAM * weights / batch,
        update=24 * weights / batch,
        working_set=16 * weights,
    )


def totals(costs: tuple[Cost, ...]) -> tuple[float, float]:
    """(operations, bytes)."""
    return sum(c.operations for c in costs), sum(c.read + c.update for c in costs)


def compare(
    target: str, options: Options, device: str, precisions: tuple[str, ...], show: Show
) -> Iterator[Pair]:
    """Every case on the target and in PyTorch on the same card, real images if there are any."""
    from torch_baseline import Baseline

    for net, steps in product(options.nets, options.steps):
        subject = make_subject(target, net, steps, options.hidden)
        found = ((name, prepared(subject, name, options)) for name in options.inputs)
        inputs, samples = next((name, s) for name, s in found if s is not None)
        for precision in precisions:
            baseline = Baseline(
                subject.network.graph,
                subject.spec,
                subject.weights,
                SEED,
                device,
                precision,
                STILL,
            )
            for batch in options.batches:
                case = Case(net, steps, inputs, batch)
                if time.monotonic() > options.until:
                    show(f"no time left for {case}, {precision}")
                    continue
                show(f"{case}, {precision}")
                work = partial(time_pair, case, precision, subject, baseline, samples, options)
                pair = unless_full(work, show)
                baseline.forget()
                if pair is not None:
                    yield pair


def unless_full(work: Callable[[], Pair], show: Show) -> Pair | None:
    """The pair; None where either side asks for more memory than the card has."""
    from torch import OutOfMemoryError

    try:
        return work()
    except (OutOfMemoryError, CompileError) as error:
        show(f"not timed: {str(error).partition(chr(10))[0]}")
        return None


def time_pair(
    case: Case,
    precision: str,
    subject: Subject,
    baseline: Baseline,
    samples: Samples,
    options: Options,
) -> Pair:
    """One case, ours and the baseline's in turns."""
    few, batch = samples.part(0, repeat_of(case.batch, options)), case.batch
    works = (
        lambda: simulate(subject.trainer, few, batch),
        lambda: baseline.present(few, batch),
        lambda: subject.trainer.train(few, batch, STILL),
        lambda: baseline.train(few, batch),
    )
    times = timings(works, len(few.ids), options)
    activity = count_spikes(subject, few, min(options.presented, len(few.ids)))
    ours = activity.rates(subject.network.graph, case.steps)
    return Pair(case, precision, ours, baseline.rates(few, batch), *times)
