"""Examples that are simulated, spike by spike and second by second beside Brian2.

    python -m venv .brian && .brian/bin/pip install 'brian2==2.9.0' 'numpy<2' 'sympy<1.13' \
        'setuptools<81'
    python benchmarks/brian.py --brian .brian/bin/python [--check] [--models …] [--turns 5]

Brian2 runs in an environment of its own (`brian_models.py`), from the wiring, the weights and the
first values that ours drew, in double precision.

With `--check` ours is the reference, in double precision too, and the first spike that is not the
same in both is told. Else the processor's engine on one thread and Brian2's C++ standalone mode
(and cython, `--modes`) take turns; of both the processor time of a run alone, after everything was
compiled.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tables import Grid, add_outputs, publish

from snncc import load
from snncc.ir.calls import number
from snncc.ir.graph import Graph
from snncc.ir.noise import noise_of, noises
from snncc.ir.sources import fired
from snncc.ir.wiring import delays_of
from snncc.runtime.simulation import alone

EXAMPLES = Path(__file__).parents[1] / "examples"
PEER = Path(__file__).with_name("brian_models.py")
Arrays = dict[str, Any]
INPUTS = 40
MOST_DRAWN = 2**25  # steps and neurons of a source that Brian2 is given; else it draws its own


@dataclass(frozen=True, slots=True)
class Model:
    """An example; `later` steps is a spike in Brian2 behind ours, `sooner` by so many steps less
    its delays (see docs/conventions.md). `checked` and `timed` [ms] is how long it is run."""

    checked: float
    timed: float | None = None
    sooner: int = 1
    parameters: tuple[tuple[str, Any], ...] = ()


MODELS = {
    "hodgkin_huxley": Model(100.0),
    "adex": Model(500.0),
    "vogels_abbott": Model(1000.0, timed=1000.0),
    "cortex": Model(400.0),
    "synfire": Model(150.0),
    "synapses": Model(1000.0, sooner=0),
    "brunel": Model(0.0, timed=1000.0, sooner=0),
    "microcircuit": Model(0.0, timed=1000.0, sooner=0, parameters=(("scale", 0.1),)),
}


def program(name: str) -> Path:
    """An example, or a program beside this file."""
    own = PEER.with_name(f"{name}.snn")
    return own if own.exists() else EXAMPLES / own.name


def trains(steps: int) -> Any:
    """Spikes of the 40 inputs of `synapses.snn`, some 10 to 20 a second of each."""
    share = 0.0015 * np.linspace(0.5, 1.5, INPUTS)
    return np.random.default_rng(5).random((1, steps, INPUTS)) < share


def arrays_of(name: str, model: Model, milliseconds: float) -> tuple[Any, Arrays]:
    """(our network, what Brian2 is given of it)."""
    net = load(program(name), target="reference", **dict(model.parameters))
    drawn = net._package.model
    given: Arrays = {"dt": net.dt, "steps": round(milliseconds / net.dt)}
    for projection in drawn.graph.projections:
        wiring = drawn.wirings[projection.name]
        pre, post = wiring.pairs()
        delays = delays_of(projection, wiring) - model.sooner
        ends = {"pre": pre, "post": post, "weight": net.weights[projection.name].ravel()}
        given |= {f"{projection.name}/{end}": array for end, array in ends.items()}
        if projection.delays is not None or delays.any():
            given[f"{projection.name}/delay"] = delays
    own = {k: v.array for k, v in drawn.values.items() if not k.startswith("weights/")}
    return net, given | _constants(drawn.graph, net) | own | _drawn(drawn, given["steps"])


def _drawn(model: Any, steps: int) -> Arrays:
    """The random numbers of a run: what sources fire, and the noise of equations."""
    found: Arrays = {}
    sample = int(alone(1).ids[0])
    for p in model.graph.populations:
        if p.source is not None and p.neurons * steps < MOST_DRAWN:
            every = range(p.neurons)
            found[f"{p.name}/fired"] = fired(p, model.graph, model.seed, sample, steps, every)
        found[f"{p.name}/neurons"] = p.neurons
        if p.role == "input":
            found[f"{p.name}/fired"] = np.argwhere(trains(steps)[0])
        for _, port in noises(p):
            noise = noise_of(p, port, model.graph, model.seed, sample, steps)
            found[f"{p.name}/noise"] = noise.astype(np.float64)
    return found


def _constants(graph: Graph, net: Any) -> Arrays:
    """Parameters of populations, and of sources with one target each (number, rate [Hz], weight):
    that many at 8 Hz are one of the rate of all."""
    found: Arrays = {}
    for population in graph.populations:
        if population.role != "source":
            found |= {f"{population.name}/{k}": v for k, v in population.parameters}
        elif population.source is not None and population.source.kind == "poisson":
            out = next(p.name for p in graph.projections if p.pre == population.name)
            rate, weight = (
                float(number(population.source, "rate")),
                float(net.weights[out].ravel()[0]),
            )
            found[population.name] = np.array([round(rate / 8.0), 8.0, weight])
    return found


def peer(python: Path, name: str, given: Arrays, mode: str, runs: int, folder: Path) -> Arrays:
    """What Brian2 found."""
    np.savez(folder / "given.npz", **given)
    found = folder / f"found_{mode}.npz"
    command = [python, PEER, name, folder / "given.npz", found, "--mode", mode, "--runs", str(runs)]
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, env=own, check=False
    )
    if done.returncode:
        raise SystemExit(f"Brian2 did not run {name}:\n{done.stderr[-2000:]}")
    with np.load(found) as file:
        return {key: file[key] for key in file.files}


def first_difference(ours: Mapping[str, Any], theirs: Arrays) -> tuple[int | None, int]:
    """(the first step in which the spikes differ, None: in none; how many ours are)."""
    steps, count = list[int](), 0
    for population, rows in ours.items():
        mine = set(map(tuple, rows[:, 1:].tolist()))
        other = zip(theirs[f"{population}/step"], theirs[f"{population}/neuron"], strict=True)
        steps += [int(step) for step, _ in mine ^ {(int(t), int(n)) for t, n in other}]
        count += len(mine)
    return min(steps, default=None), count


def check(python: Path, names: list[str]) -> Iterator[dict[str, Any]]:
    """Every spike of the reference against Brian2's, in double precision."""
    for name in names:
        model = MODELS[name]
        if not model.checked:
            continue
        net, given = arrays_of(name, model, model.checked)
        with tempfile.TemporaryDirectory() as folder:
            theirs = peer(python, name, given, "numpy", 1, Path(folder))
        populations = {key.partition("/")[0] for key in theirs if key.endswith("/step")}
        if any(p.role == "input" for p in net._package.model.graph.populations):
            found = net.run(trains(given["steps"]), states=True)
        else:
            found = net.run(duration=f"{model.checked} ms")
        weights = max(
            (
                np.abs(held["weight"][0, -1] - theirs[f"{projection}/weight"]).max()
                for projection, held in found.synapses.items()
                if "weight" in held
            ),
            default=0.0,
        )
        ours = {name: rows for name, rows in found.spikes.items() if name in populations}
        first, spikes = first_difference(ours, theirs)
        yield {"model": name, "ms": model.checked, "spikes": spikes, "first_difference": first,
               "weights": float(weights)}  # fmt: skip


def timed(python: Path, names: list[str], turns: int, modes: list[str]) -> Iterator[dict[str, Any]]:
    """Both in turns: Brian2's runs stand between ours."""
    for name in names:
        model = MODELS[name]
        if model.timed is None:
            continue
        _, given = arrays_of(name, model, model.timed)
        started = time.perf_counter()
        own = load(program(name), **dict(model.parameters))
        rates = own.run(duration=f"{model.timed} ms")
        first = time.perf_counter() - started
        ours, theirs = list[float](), {mode: list[float]() for mode in modes}
        whole = dict[str, float]()  # of the first turn: later ones find what it compiled
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(turns):
                for mode in modes:
                    found = peer(python, name, given, mode, 3, Path(folder))
                    theirs[mode].append(min(found["runs"]))
                    whole.setdefault(mode, float(found["all"]))
                ours.append(min(_seconds(own, model.timed) for _ in range(3)))
        yield {
            "model": name, "ms": model.timed, "ours": ours, "first": first, "theirs": theirs,
            "whole": whole, "spikes": {p: len(rows) for p, rows in rates.spikes.items()},
            "rates": {p: rates.rate(p) for p in rates.spikes},
        }  # fmt: skip


def _seconds(net: Any, milliseconds: float) -> float:
    before = time.process_time()
    net.run(duration=f"{milliseconds} ms")
    return time.process_time() - before


def check_grid(rows: list[dict[str, Any]]) -> Grid:
    """The table of `--check`."""
    lines = tuple(
        (
            row["model"],
            f"{row['ms']:g} ms",
            str(row["spikes"]),
            "equal" if row["first_difference"] is None else f"step {row['first_difference']}",
            f"{row['weights']:.1g}" if row["weights"] else "",
        )
        for row in rows
    )
    headers = ("model", "simulated", "spikes", "Brian2 2.9", "weights that change, off by")
    return Grid("Spikes beside Brian2, both in double precision", headers, lines)


def time_grid(rows: list[dict[str, Any]]) -> Grid:
    """The table of the times."""
    lines = []
    for row in rows:
        ours = statistics.median(row["ours"])
        for mode, seconds in row["theirs"].items():
            theirs = statistics.median(seconds)
            rates = " / ".join(f"{rate:.3g}" for rate in row["rates"].values())
            lines.append(
                (
                    row["model"], f"{row['ms']:g} ms", rates, mode, f"{ours:.3f} s",
                    f"{theirs:.3f} s", f"{theirs / ours:.2f}", f"{row['first']:.1f} s",
                    f"{row['whole'][mode]:.1f} s",
                )
            )  # fmt: skip
    headers = (
        *("model", "simulated", "Hz", "mode", "ours", "Brian2", "ratio", "first result, ours"),
        "Brian2",
    )
    return Grid(
        "Processor time of a run on one thread beside Brian2, in turns", headers, tuple(lines)
    )


def main() -> None:
    """Print and write what was asked for; --check fails where a spike differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--brian", type=Path, required=True, help="Python with Brian2")
    parser.add_argument("--check", action="store_true", help="compare spikes, not times")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=[*MODELS])
    parser.add_argument("--modes", nargs="+", choices=("numpy", "cython", "cpp"), default=["cpp"])
    parser.add_argument("--turns", type=int, default=5)
    add_outputs(parser)
    given = parser.parse_args()
    if given.check:
        rows = list(check(given.brian, given.models))
        publish({"brian-spikes": check_grid(rows)}, rows, given)
        sys.exit(any(row["first_difference"] is not None for row in rows))
    rows = list(timed(given.brian, given.models, given.turns, given.modes))
    publish({"brian": time_grid(rows)}, rows, given)


if __name__ == "__main__":
    main()
