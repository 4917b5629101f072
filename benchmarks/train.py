"""Training and simulation against what this machine allows.

    python benchmarks/train.py [--quick] [--profile] [--page docs/performance.md]

For every net, number of steps, batch and number of threads: milliseconds a sample, forward and
forward + backward with the update; the firing rates; the operations and bytes that they
cost (`cost.py`); the least time that these take by the measured roofline (`machine.py`), and the
fraction of it that is reached. `--profile` also times every stage of the kernels on one thread.

The learning rate is so small that the spikes stay those that were counted; the work is the same.
Kernels are compiled before the clock starts. Wall times want a quiet machine; the table says how
busy it was.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from cost import Activity, Network, activity_of, backward_costs, floor_ms, forward_costs
from machine import Machine, measure
from nets import constant_samples, fashion_samples, make_trainer
from programs import NETS
from results import About, Case, Profile, Report, Result, Timing, grids_of
from rich.console import Console
from stages import stage_times
from tables import fill_page, publish

from snncc.backends.protocols import Samples, State
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.runtime.host import git_commit, versions

Show = Callable[[str], None]
CONSTANT = "10 %"
INPUTS: dict[str, Callable[[CpuTrainer, int], Samples | None]] = {
    CONSTANT: constant_samples,
    "Fashion-MNIST": fashion_samples,
}
STILL = 1e-7  # learning rate while the clock runs
LEARNING_RATE = 1e-3
OUT = Path(__file__).parent / "out" / "train.json"


@dataclass(frozen=True, slots=True)
class Options:
    """What to time. `fewest`: samples of a repeat, unless the batch is larger; `learnt`: samples of
    real data to learn beforehand; `presented`: samples whose spikes are counted."""

    steps: tuple[int, ...]
    batches: tuple[int, ...]
    threads: tuple[int, ...]
    repeats: int
    fewest: int
    learnt: int
    presented: int
    nets: tuple[str, ...] = tuple(NETS)
    inputs: tuple[str, ...] = tuple(INPUTS)
    roofline: tuple[float, int] = (0.2, 5)  # seconds, repeats
    with_profile: bool = False


FULL = Options((400,), (1, 32, 128), (1, 2), 5, fewest=32, learnt=256, presented=8)
QUICK = Options(
    (100,), (1, 4), (2,), 1, fewest=8, learnt=0, presented=2, roofline=(0.02, 2)
)  # fmt: skip


def benchmark(options: Options, show: Show) -> Report:
    """Measure the machine, then every case."""
    about = describe(options.repeats)
    show("the machine")
    machine = measure(max(options.threads), *options.roofline)
    results = tuple(_results(options, machine, show))
    profiles = tuple(_profiles(options, machine, show)) if options.with_profile else ()
    return Report(about, machine, results, profiles)


def describe(repeats: int) -> About:
    """Commit, versions and load."""
    found = {name: v for name, v in versions().items() if name in ("python", "numpy", "numba")}
    commit = git_commit(Path(__file__).parent) or "unknown"
    return About(commit[:12], found, os.getloadavg()[0], repeats)


def _results(options: Options, machine: Machine, show: Show) -> Iterator[Result]:
    for net, steps, threads in product(options.nets, options.steps, options.threads):
        trainer = make_trainer(net, steps, threads)
        fresh = trainer.state()
        for inputs, batch in product(options.inputs, options.batches):
            samples = INPUTS[inputs](trainer, max(options.fewest, batch, options.learnt))
            if samples is None:
                show(f"{inputs}: not on this machine")
                continue
            case = Case(net, steps, inputs, batch, threads)
            show(f"{case}")
            prepare(trainer, samples, inputs, fresh, options.learnt)
            activity = count_spikes(trainer, samples, options.presented)
            few = samples.part(0, max(options.fewest, batch))
            yield time_case(case, trainer, few, activity, machine, options.repeats)


def prepare(trainer: CpuTrainer, samples: Samples, inputs: str, fresh: State, learnt: int) -> None:
    """Fresh weights, having learnt something where the data are real."""
    trainer.restore(fresh)
    if inputs != CONSTANT and learnt:
        trainer.train(samples.part(0, learnt), 1, LEARNING_RATE)


def count_spikes(trainer: CpuTrainer, samples: Samples, presented: int) -> Activity:
    """The activity of the first samples."""
    rasters = np.stack([trainer.raster(samples, k) for k in range(presented)])
    drawn = float((samples.values[samples.rows[:presented]] > 0).sum(axis=1).mean())
    return activity_of(trainer.plan, rasters, drawn)


def time_case(
    case: Case,
    trainer: CpuTrainer,
    samples: Samples,
    activity: Activity,
    machine: Machine,
    repeats: int,
) -> Result:
    """One case, timed and counted."""
    network = network_of(trainer)
    forward = forward_costs(network, activity)
    train = (*forward, *backward_costs(network, activity, case.batch))
    return Result(
        case,
        timing(lambda: simulate(trainer, samples, case.batch), len(samples.ids), repeats),
        timing(lambda: trainer.train(samples, case.batch, STILL), len(samples.ids), repeats),
        activity.rates(trainer.graph, trainer.steps),
        forward,
        train,
        floor_ms(forward, machine, case.threads),
        floor_ms(train, machine, case.threads),
    )


def network_of(trainer: CpuTrainer) -> Network:
    """What the counting reads of a trainer."""
    is_adam = trainer.spec.optimizer.kind == "adam"
    return Network(trainer.graph, trainer.plan, trainer.rule, is_adam)


def simulate(trainer: CpuTrainer, samples: Samples, batch: int) -> None:
    """Present the samples, a call of `run` for each batch of them."""
    for first in range(0, len(samples.ids), batch):
        trainer.run(samples.part(first, first + batch))


def timing(work: Callable[[], object], samples: int, repeats: int) -> Timing:
    """Milliseconds a sample of `work`, done once before the clock starts."""
    work()
    wall, processor = [], []
    for _ in range(repeats):
        start = time.perf_counter(), time.process_time()
        work()
        wall.append(1e3 * (time.perf_counter() - start[0]) / samples)
        processor.append(1e3 * (time.process_time() - start[1]) / samples)
    return Timing(min(wall), statistics.median(wall), min(processor))


def _profiles(options: Options, machine: Machine, show: Show) -> Iterator[Profile]:
    batches = sorted({min(options.batches), max(options.batches)})
    for net, steps in product(options.nets, options.steps):
        trainer = make_trainer(net, steps, 1)
        fresh = trainer.state()
        for inputs, batch in product(options.inputs, batches):
            needed = max(options.fewest, 3 * batch)
            samples = INPUTS[inputs](trainer, max(needed, options.learnt))
            if samples is None:
                continue
            case = Case(net, steps, inputs, batch, 1)
            show(f"stages of {case}")
            prepare(trainer, samples, inputs, fresh, options.learnt)
            yield profile_case(case, trainer, samples.part(0, needed), machine, options.presented)


def profile_case(
    case: Case, trainer: CpuTrainer, samples: Samples, machine: Machine, presented: int
) -> Profile:
    """One case, stage by stage."""
    activity, network = count_spikes(trainer, samples, presented), network_of(trainer)
    costs = (*forward_costs(network, activity), *backward_costs(network, activity, case.batch))
    floors = {cost.stage: cost.milliseconds(machine, 1) for cost in costs}
    rates = activity.rates(trainer.graph, trainer.steps)
    return Profile(case, rates, costs, floors, stage_times(trainer, samples, case.batch))


def parse_options() -> tuple[Options, argparse.Namespace]:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="Time training against the limits of the machine.")
    parser.add_argument("--nets", nargs="+", choices=list(NETS), default=list(NETS))
    parser.add_argument("--steps", nargs="+", type=int)
    parser.add_argument("--inputs", nargs="+", choices=list(INPUTS), default=list(INPUTS))
    parser.add_argument("--batches", nargs="+", type=int)
    parser.add_argument("--threads", nargs="+", type=int)
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--quick", action="store_true", help="few samples, rough figures")
    parser.add_argument("--profile", action="store_true", help="the time of every stage too")
    parser.add_argument("--json", type=Path, default=OUT, help="write the figures here")
    parser.add_argument("--page", type=Path, help="put the tables into this page of the manual")
    given = parser.parse_args()
    preset = QUICK if given.quick else FULL
    options = replace(
        preset,
        nets=tuple(given.nets),
        steps=tuple(given.steps or preset.steps),
        inputs=tuple(given.inputs),
        batches=tuple(given.batches or preset.batches),
        threads=tuple(given.threads or preset.threads),
        repeats=given.repeats or preset.repeats,
        with_profile=given.profile,
    )
    return options, given


def main() -> None:
    """Measure, print the tables, write the JSON and the page."""
    options, given = parse_options()
    with Console().status("") as status:
        report = benchmark(options, status.update)
    grids = grids_of(report)
    publish(grids, asdict(report), given.json)
    if given.page:
        given.page.write_text(fill_page(given.page.read_text(), grids))


if __name__ == "__main__":
    main()
