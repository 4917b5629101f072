"""Synapses drawn, laid out for the processor's engine and presented with silence: time and memory.

    python benchmarks/wiring.py [--synapses 1e8] [--kinds dense sparse ...] [--threads 1]

Each row is a process of its own, which presents a small network of the same kernels before it
counts: what Python, the libraries and the compiler hold is no part of a synapse.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from tables import Grid, add_outputs, publish

from snncc.backends.cpu.simulator import CpuSimulator
from snncc.backends.protocols import Samples
from snncc.frontend.program import compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.runtime.settings import settings_from

TEXT = """\
network wired {{
  dt = 1 ms
  input x[{neurons}] encode bernoulli(duration = 2 ms)
  output y[{neurons}] : lif
  x -> y : {wiring}
}}
"""
FEW = 1000  # synapses of the small network
# kind: neurons at either end of so many synapses; what is written
KINDS: dict[str, tuple[Any, str]] = {
    "dense": (lambda s: round(s**0.5), "dense"),
    "sparse": (lambda s: max(40, s // 100), "sparse(p = {share})"),
    "fixed_fan_in": (lambda s: max(100, s // 90), "fixed_fan_in(k = {each})"),
    "fixed_fan_out": (lambda s: max(100, s // 90), "fixed_fan_out(k = {each})"),
    "fixed_total": (lambda s: max(40, s // 100), "fixed_total(n = {synapses})"),
}
BYTES = {"dense": 4}  # of a synapse: its weight; of a listed one 12, with both ends


def network(kind: str, synapses: int) -> str:
    """The program of a network with so many synapses, about."""
    sizes, wiring = KINDS[kind]
    neurons = sizes(synapses)
    each = max(1, synapses // neurons)
    said = wiring.format(share=synapses / neurons**2, each=each, synapses=synapses)
    return TEXT.format(neurons=neurons, wiring=said)


def peak() -> int:
    """The most bytes that this process had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def presented(text: str, threads: int, folder: Path) -> dict[str, float]:
    """Seconds until the network is drawn, until it is ready to run, and of two silent steps."""
    graph = run_pipeline(compile_text(Source("wired.snn", text)).graph)
    clock, worked = time.perf_counter(), time.process_time()
    model = draw_model(graph, 1, threads=threads)
    drawn = time.perf_counter()
    simulator = CpuSimulator(model, threads, folder)
    ready, cpu = time.perf_counter(), time.process_time()
    neurons = graph.populations[0].neurons
    ids = np.zeros(1, np.int64)
    silence = np.zeros((1, neurons), np.float32)
    labels, importance = np.zeros(1, np.int32), np.ones(1, np.float32)
    simulator.run(Samples(silence, ids, ids.astype(np.uint64), labels, importance))
    return {
        "synapses": sum(wiring.synapses for wiring in model.wirings.values()),
        "draw_s": drawn - clock,
        "ready_s": ready - clock,
        "processor_s": cpu - worked,
        "run_s": time.perf_counter() - ready,
    }


def measure(kind: str, synapses: int, threads: int) -> dict[str, Any]:
    """One kind, in this process."""
    folder = settings_from(os.environ).kernel_folder
    presented(network(kind, FEW), threads, folder)
    before = peak()
    found = presented(network(kind, synapses), threads, folder)
    taken = peak() - before
    return {"kind": kind, "threads": threads, **found, "base_bytes": before, "peak_bytes": taken}


def in_child(kind: str, synapses: int, threads: int) -> dict[str, Any]:
    """The same in a process of its own."""
    words = [sys.executable, __file__, "--child", kind, str(synapses), str(threads)]
    child = subprocess.run(words, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(child.stdout)
    return found


def grid_of(found: list[dict[str, Any]]) -> Grid:
    """A row a kind."""
    rows = tuple(
        (
            row["kind"],
            f"{row['synapses']:.3g}",
            f"{row['draw_s']:.1f}",
            f"{row['ready_s']:.1f}",
            f"{row['processor_s']:.1f}",
            f"{row['peak_bytes'] / 1e9:.2f}",
            f"{row['peak_bytes'] / row['synapses']:.2f}",
            str(BYTES.get(row["kind"], 12)),
        )
        for row in found
    )
    headers = (
        *("wiring", "synapses", "drawn [s]", "ready [s]", "processor [s]", "peak [GB]"),
        *("bytes a synapse", "that stay"),
    )
    return Grid("Synapses drawn and ready", headers, rows)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--synapses", type=float, default=1e8)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--threads", type=int, default=1)
    add_outputs(parser)
    given = parser.parse_args()
    found = [in_child(kind, int(given.synapses), given.threads) for kind in given.kinds]
    publish({"wiring": grid_of(found)}, found, given)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(measure(sys.argv[2], *map(int, sys.argv[3:5]))))
    else:
        main()
