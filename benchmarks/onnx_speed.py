"""A network of integers in onnxruntime beside the processor's own engine, in turns, on one thread.

    python benchmarks/onnx_speed.py [--turns 40] [--rate 0.1]

784-400-10 of `lif`, 8 bits, T = 100, random spikes. A figure is processor time for one sample: the
least of all turns, and the median. `nodes` are those of the body of each Scan.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
from onnx import ModelProto
from tables import Grid, add_outputs, publish, rates_text

from snncc.backends.cpu.simulator import CpuSimulator
from snncc.backends.exports.onnx.scan import scan_model
from snncc.backends.exports.onnx.step import step_model
from snncc.backends.protocols import Samples
from snncc.frontend.program import compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.integers.precision import Precision
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes, run_pipeline
from snncc.ir.passes.quantize import Quantize
from snncc.runtime.settings import settings_from

STEPS, INPUTS, MANY = 100, 784, 32
TEXT = """\
network n {
  dt = 1 ms
  input x[784] encode spikes(duration = 100 ms)
  population h[400] : lif
  output y[10] : lif
  x -> h : dense(init = uniform(-0.3, 0.5))
  h -> y : dense(init = uniform(-0.5, 1))
}
"""
Run = Callable[[], Any]


def integers() -> Model:
    """The network with drawn weights, in integers."""
    graph = run_pipeline(compile_text(Source("n.snn", TEXT)).graph)
    model = run_model_passes(draw_model(graph, 1))
    return run_model_passes(model, (Quantize(Precision(guard=4)),))


def session(model: ModelProto) -> onnxruntime.InferenceSession:
    """The model on one thread; memory from malloc, which is faster than the arena for so small
    values."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def stepping(model: Model, trains: np.ndarray[Any, Any]) -> Run:
    """A sample by the model of one step, all states of which start at 0."""
    running = session(step_model(model, ""))
    kept = [each for each in running.get_inputs() if each.name != "spikes"]
    names = ["y.spikes", *(f"{each.name}.next" for each in kept)]
    zero = {each.name: np.zeros((1, each.shape[1]), np.int32) for each in kept}

    def run() -> Any:
        fed, counts = dict(zero), np.zeros((1, 10), np.int32)
        for spikes in trains:
            fired, *states = running.run(names, fed | {"spikes": spikes})
            fed = dict(zip(zero, states, strict=True))
            counts += fired
        return counts

    return run


def engine(model: Model, trains: np.ndarray[Any, Any]) -> tuple[Run, dict[str, float]]:
    """A sample by the processor's engine, and how many percent of the steps have a spike."""
    none = np.zeros(1, np.int64)
    samples = Samples(
        trains.transpose(1, 0, 2), none, none.astype(np.uint64), none.astype(np.int32),
        np.ones(1, np.float32),
    )  # fmt: skip
    simulator = CpuSimulator(model, 1, settings_from(os.environ).kernel_folder)
    spikes = simulator.trace(samples, False).spikes
    rates = {name: 100 * float(fired.mean()) for name, fired in spikes.items()}
    return lambda: simulator.run(samples).counts, rates


def seconds(run: Run) -> float:
    """The processor time of one call."""
    started = time.process_time()
    run()
    return time.process_time() - started


def measure(turns: int, rate: float) -> dict[str, Any]:
    """All of them in turns, with the same counts."""
    model = integers()
    trains = (np.random.default_rng(0).random((STEPS, 1, INPUTS)) < rate).astype(np.uint8)
    made = scan_model(model, "")
    loading = [seconds(lambda: session(made)) for _ in range(5)]
    whole = session(made)
    many = np.repeat(trains, MANY, axis=1)
    own, rates = engine(model, trains)
    runs: dict[str, tuple[Run, int]] = {
        "cpu engine": (own, 1),
        "ONNX over time": (lambda: whole.run(["counts"], {"spikes": trains})[0], 1),
        f"ONNX over time, batch {MANY}": (
            lambda: whole.run(["counts"], {"spikes": many})[0][:1],
            MANY,
        ),
        "ONNX step by step": (stepping(model, trains), 1),
    }
    counts = [run() for run, _ in runs.values()]
    assert all((found == counts[0]).all() for found in counts), counts
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(turns):
        for name, (run, samples) in runs.items():
            found[name].append(seconds(run) / samples)
    weights = sum(model.weights(p.name).nbytes for p in model.graph.projections)
    return {
        "rates": rates,
        "nodes": [len(n.attribute[0].g.node) for n in made.graph.node if n.op_type == "Scan"],
        "bytes": made.ByteSize(),
        "weight_bytes": weights,
        "load_ms": 1e3 * min(loading),
        "ms": {name: 1e3 * min(times) for name, times in found.items()},
        "median_ms": {name: 1e3 * float(np.median(times)) for name, times in found.items()},
    }


def grid_of(found: dict[str, Any]) -> Grid:
    """The table."""
    title = (
        f"784-400-10 in integers, T = {STEPS}, one thread, rates {rates_text(found['rates'])} %; "
        f"a model of {found['bytes']} bytes ({found['weight_bytes']} of weights), "
        f"{' + '.join(map(str, found['nodes']))} nodes a step, loads in {found['load_ms']:.1f} ms"
    )
    rows = tuple(
        (name, f"{least:.2f}", f"{found['median_ms'][name]:.2f}")
        for name, least in found["ms"].items()
    )
    return Grid(title, ("by", "ms a sample", "median"), rows)


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="A network of integers in onnxruntime.")
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--rate", type=float, default=0.1, help="of the inputs' spikes a step")
    add_outputs(parser)
    given = parser.parse_args()
    found = measure(given.turns, given.rate)
    publish({"onnx": grid_of(found)}, found, given)


if __name__ == "__main__":
    main()
