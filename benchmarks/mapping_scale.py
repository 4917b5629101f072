"""A network of many synapses from its axons to a verified image: seconds and bytes of each stage.

    python benchmarks/mapping_scale.py [--neurons 1e6] [--fan-out 100] [--effort 0]

Neurons lie along a ring and are named at random. Of each nine of ten synapses end within 500
places, the others anywhere. A core has 1024 neurons and no other limit; the mesh is as large as it
must be. The bytes of the synapses are those of the model, 9 each: two ends and a code. Memory is
the most that the process had in RAM from the first stage to the end of one, on Linux; what the
model and the kernels take before stands in the first row, and last how much more than that it was,
over the bytes of the synapses.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tables import Grid, add_outputs, publish

from snncc.backends.layout.build import build
from snncc.backends.layout.recount import faults, is_of
from snncc.backends.layout.senders import axons
from snncc.backends.mapping.limits import CoreLimits, Mesh
from snncc.backends.mapping.load import Kernels, load_kernels
from snncc.backends.mapping.partition import partition
from snncc.backends.mapping.place import place
from snncc.backends.mapping.route import traffic
from snncc.frontend.program import compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.model import Model, draw_model, weights_name
from snncc.ir.passes.pipeline import run_model_passes, run_pipeline
from snncc.ir.tensors import Tensor
from snncc.ir.types import Fixed
from snncc.ir.wiring.kinds import Listed
from snncc.runtime.settings import settings_from

TEXT = """
network ring {{
  dt = 1 ms
  input x[1] encode spikes(duration = 10 ms)
  population a[{neurons}] : lif
  output y[1] : lif
  x -> y : one_to_one
  a -> a : fixed_fan_in(k = 1) delay 1 ms
}}
"""
NEAR, SHARE = 500, 0.9  # places on both sides, and synapses that end there
A_CORE = 1024
ROWS = 20_000  # neurons whose synapses are drawn at once
Seconds = tuple[float, float]


def wired(neurons: int, fan_out: int, seed: int = 0) -> Listed:
    """The synapses, in the order of their ends; a pair that is drawn twice is one."""
    draw = np.random.default_rng(seed)
    place = draw.permutation(neurons)
    name = np.argsort(place)
    pre, post = list[Any](), list[Any]()
    for low in range(0, neurons, ROWS):
        rows = np.arange(low, min(low + ROWS, neurons))
        own = place[rows][:, None]
        near = (own + draw.integers(-NEAR, NEAR + 1, (len(rows), round(SHARE * fan_out)))) % neurons
        far = draw.integers(0, neurons, (len(rows), fan_out - near.shape[1]))
        ends = np.sort(name[np.concatenate((near, far), axis=1)], axis=1)
        is_new = np.diff(ends, axis=1, prepend=-1) > 0
        pre.append(np.repeat(rows, is_new.sum(axis=1)).astype(np.int32))
        post.append(ends[is_new].astype(np.int32))
    return Listed(neurons, neurons, np.concatenate(pre), np.concatenate(post))


def model_of(neurons: int, fan_out: int) -> Model:
    """A model of codes of 8 bits with these synapses among its neurons."""
    graph = run_pipeline(compile_text(Source("ring.snn", TEXT.format(neurons=neurons))).graph)
    made = run_model_passes(draw_model(graph, 1))
    ring = next(p.name for p in made.graph.projections if p.pre == p.post)
    listed = wired(neurons, fan_out)
    values = {
        name: Tensor(np.ones(value.array.shape, np.int8), Fixed(8, 0))
        if name.startswith("weights/")
        else value
        for name, value in made.values.items()
    }
    values[weights_name(ring)] = Tensor(np.ones(listed.synapses, np.int8), Fixed(8, 0))
    return replace(made, wirings={**made.wirings, ring: listed}, values=values)


def staged(model: Model, effort: int, kernels: Kernels) -> Iterator[tuple[str, Seconds, str]]:
    """(stage, seconds, what came of it)."""
    spent = Spent()
    neurons = sum(p.neurons for p in model.graph.populations if p.step is not None)
    senders = sum(p.neurons for p in model.graph.populations)
    found = axons(model, np.ones(senders))
    yield "axons", spent(), f"{found.pins} pins"
    cores = -(-round(1.02 * neurons) // A_CORE)
    side = int(np.ceil(np.sqrt(cores)))
    mesh, limits = Mesh(side, side), CoreLimits(A_CORE)
    part = partition(found, limits, cores, kernels=kernels, effort=effort)
    yield "partition", spent(), f"{cores} cores"
    slots = place(found, part, mesh, kernels, effort=effort)
    yield "place", spent(), f"{side} x {side}"
    sent = traffic(found, part, slots, mesh, kernels)
    yield "traffic", spent(), f"{sent.packets:.4g} packets, {sent.weighted_hops:.4g} hops a step"
    del found
    layout = build(model, "ring", mesh, part, slots)
    yield "build", spent(), f"{len(layout.sender)} axons"
    assert not list(faults(layout))
    assert is_of(layout, model)
    yield "verify", spent(), "the image is whole"


class Spent:
    """Seconds since it was called last, by the clock and of the processor."""

    def __init__(self) -> None:
        self.last = time.perf_counter(), time.process_time()

    def __call__(self) -> Seconds:
        """Both since then."""
        before, self.last = self.last, (time.perf_counter(), time.process_time())
        return self.last[0] - before[0], self.last[1] - before[1]


def peak() -> float:
    """The most that the process had in RAM since `forget_peak` [GB]."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024 / 1e9


def forget_peak() -> None:
    """Count from what it has now."""
    Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--neurons", type=float, default=1e6)
    parser.add_argument("--fan-out", type=int, default=100)
    parser.add_argument("--effort", type=int, default=0)
    add_outputs(parser)
    given = parser.parse_args()
    kernels = load_kernels(settings_from(os.environ).kernel_folder)
    for _ in staged(model_of(3000, 10), given.effort, kernels):
        pass
    model = model_of(int(given.neurons), given.fan_out)
    synapses = max(w.synapses for w in model.wirings.values())
    forget_peak()
    before = peak()
    rows = list[tuple[str, ...]]([("model", "", "", f"{peak():.2f}", f"{synapses} synapses")])
    document = list[Any]()
    whole = np.zeros(2)
    for stage, seconds, said in staged(model, given.effort, kernels):
        whole += seconds
        rows.append((stage, *(f"{s:.1f}" for s in seconds), f"{peak():.2f}", said))
        told = {"seconds": seconds[0], "processor": seconds[1], "peak_gb": peak()}
        document.append({"stage": stage, **told, "said": said})
        print(rows[-1], flush=True)
    size = f"{9 * synapses / 1e9:.3f} GB synapses, x {(peak() - before) / 9e-9 / synapses:.2f}"
    rows.append(("in all", *(f"{s:.1f}" for s in whole), f"{peak():.2f}", size))
    title = f"{int(given.neurons)} neurons, {synapses} synapses, effort {given.effort}"
    headers = ("stage", "time [s]", "processor [s]", "peak [GB]", "")
    publish({"mapping_scale": Grid(title, headers, tuple(rows), labels=1)}, document, given)


if __name__ == "__main__":
    main()
