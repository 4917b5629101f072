"""Partitions of drawn networks on 40 cores: ours beside METIS and Mt-KaHyPar, one after the other.

    pip install -e '.[mapping]' && python benchmarks/mapping.py [--seeds 3] [--neurons 10000]

Packets are spikes for another core than the sender's, each neuron firing once; times are the
processor's, ours after a first partition, by which the kernels are compiled. METIS sees the graph
of pairs, Mt-KaHyPar (QUALITY, one thread) the hypergraph; all are given the same neurons a core.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from tables import Grid, add_outputs, publish

from snncc.backends.mapping.axons import Axons, axons_of
from snncc.backends.mapping.baselines import PARTITIONERS
from snncc.backends.mapping.limits import CoreLimits
from snncc.backends.mapping.load import Kernels, load_kernels
from snncc.backends.mapping.partition import partition
from snncc.backends.mapping.route import core_nets
from snncc.runtime.settings import settings_from

CORES, OUT = 40, 10  # synapses of a neuron
SPARE = 1.02  # neurons a core, over the mean


def random_net(neurons: int, draw: np.random.Generator) -> Any:
    """Every neuron reaches ten at random."""
    return draw.integers(0, neurons, neurons * OUT)


def clustered_net(neurons: int, draw: np.random.Generator) -> Any:
    """Nine of ten synapses end within a cluster of 100 neurons, which are numbered at random."""
    name = draw.permutation(neurons)
    pre = np.repeat(np.arange(neurons), OUT)
    near = pre // 100 * 100 + draw.integers(0, 100, len(pre))
    post = np.where(draw.random(len(pre)) < 0.9, near, draw.integers(0, neurons, len(pre)))
    found = np.empty_like(post)
    found[np.repeat(name * OUT, OUT) + np.tile(np.arange(OUT), neurons)] = name[post]
    return found


def layered_net(neurons: int, draw: np.random.Generator) -> Any:
    """Ten layers, each neuron near its own place in the next one."""
    width = neurons // 10
    pre = np.repeat(np.arange(neurons), OUT)
    place = (pre % width + draw.integers(-20, 21, len(pre))) % width
    return np.minimum((pre // width + 1) * width, neurons - width) + place


NETS: dict[str, Callable[[int, np.random.Generator], Any]] = {
    "random": random_net,
    "clustered": clustered_net,
    "layered": layered_net,
}


def packets(axons: Axons, part: Any, kernels: Kernels) -> float:
    """Spikes for other cores, a step."""
    nets = core_nets(axons, part, CORES, kernels)
    return float((nets.rate * np.diff(nets.first)).sum())


def measured(axons: Axons, limits: CoreLimits, seed: int, kernels: Kernels) -> dict[str, Any]:
    """Packets and seconds of each way that is installed."""
    ways = {
        f"effort {k}": partial(
            partition, axons, limits, CORES, kernels=kernels, seed=seed, effort=k
        )
        for k in (1, 2)
    }
    for name, divide in PARTITIONERS.items():
        ways[name] = partial(divide, axons, limits, CORES, CORES, seed)
    found: dict[str, Any] = {}
    for name, way in ways.items():
        started = time.process_time()
        try:
            part = np.asarray(way(), np.int32)
        except ImportError:
            continue
        spent = time.process_time() - started
        fullest = int(np.bincount(part, minlength=CORES).max())
        found[name] = {
            "packets": packets(axons, part, kernels),
            "seconds": spent,
            "fullest": fullest,
        }
    return found


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--neurons", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=3)
    add_outputs(parser)
    given = parser.parse_args()
    kernels = load_kernels(settings_from(os.environ).kernel_folder)
    limits = CoreLimits(int(np.ceil(SPARE * given.neurons / CORES)))
    partition(drawn("random", 400, 0), limits, CORES, kernels=kernels)
    rows, document = list[tuple[str, ...]](), list[dict[str, Any]]()
    for name in NETS:
        for seed in range(given.seeds):
            found = measured(drawn(name, given.neurons, seed), limits, seed, kernels)
            document += [
                {"net": name, "seed": seed, "by": by, **each} for by, each in found.items()
            ]
            rows += [
                (
                    name,
                    str(seed),
                    by,
                    f"{e['packets']:.0f}",
                    f"{e['seconds']:.2f}",
                    str(e["fullest"]),
                )
                for by, e in found.items()
            ]
    headers = ("net", "seed", "by", "packets", "time [s]", "fullest core")
    title = f"Partitions of {given.neurons} neurons, {limits.neurons} a core at most"
    publish({"mapping": Grid(title, headers, tuple(rows), labels=3)}, document, given)


def drawn(name: str, neurons: int, seed: int) -> Axons:
    """A network of that kind, every neuron firing in each step."""
    post = NETS[name](neurons, np.random.default_rng(seed))
    return axons_of(np.repeat(np.arange(neurons), OUT), post, neurons, np.ones(neurons))


if __name__ == "__main__":
    main()
