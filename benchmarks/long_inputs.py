"""Learning through long inputs: a sample kept whole beside one that is gone back over in segments.

    python benchmarks/long_inputs.py [--steps 20000 100000 400000] [--whole 100000]

Each measurement is a process of its own: the most memory that it had, and the processor time of one
step of descent on one sample, with the same gradients. 700-R256-20 with adaptive neurons.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np
from tables import Grid, add_outputs, publish, rates_text

from snncc.backends.protocols import Samples
from snncc.backends.rules.through_time import tables
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.frontend.program import compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.runtime.settings import settings_from

TEXT = """\
network long {{
  dt = 1 ms
  input x[700] encode poisson(duration = {steps} ms, rate = 20 Hz)
  population h[256] : alif(v_th = 1 mV)
  output y[20] : li
  x -> h : dense(init = uniform(-0.2, 0.22))
  h -> h : dense(init = uniform(-0.1, 0.1))  delay 1 ms
  h -> y : dense
}}
train long {{
  data digits
  rule surrogate(width = 1)
  loss cross_entropy
  optimizer sgd(lr = 1)
  batch 2
  boost off
}}
"""
POPULATIONS = {"x": slice(0, 700), "h": slice(700, 956)}


def measure(steps: int, is_whole: bool) -> dict[str, Any]:
    """One sample, in this process."""
    if is_whole:
        tables.MOST_BYTES = 1 << 62
    program = compile_text(Source("long.snn", TEXT.format(steps=steps)))
    model = draw_model(run_pipeline(program.graph), 1)
    assert program.train is not None
    trainer = CpuTrainer(model, program.train, 1, settings_from(os.environ).kernel_folder)
    values = np.random.default_rng(0).random((1, 700)).astype(np.float32)
    one = np.ones(1)
    ids, rows = one.astype(np.uint64), np.zeros(1, np.int64)
    sample = Samples(values, rows, ids, one.astype(np.int32), one.astype(np.float32))
    trainer.train(sample, 2, 0.0)  # compiles
    started = time.process_time()
    outcome = trainer.train(sample, 2, 1e-3)
    seconds = time.process_time() - started
    moved = [model.weights(name) - weights for name, weights in trainer.weights().items()]
    return {
        "steps": steps,
        "segment": int(trainer.rule.segment),
        "seconds": seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "rates": {
            n: 100 * float(outcome.activity[k].mean()) / steps for n, k in POPULATIONS.items()
        },
        "gradient": float(np.sqrt(sum(float((m.astype(np.float64) ** 2).sum()) for m in moved))),
    }


def apart(steps: int, is_whole: bool) -> dict[str, Any]:
    """The same in a process of its own, whose memory is nobody else's."""
    command = [sys.executable, __file__, "--one", str(steps), str(int(is_whole))]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def grid_of(findings: list[dict[str, Any]]) -> Grid:
    """The table."""
    headers = ("steps", "segment", "rates %", "peak MB", "s a sample", "norm of the gradient")
    rows = tuple(
        (
            str(f["steps"]),
            "whole" if f["segment"] == f["steps"] else str(f["segment"]),
            rates_text(f["rates"]),
            f"{f['peak_mb']:.0f}",
            f"{f['seconds']:.2f}",
            f"{f['gradient']:.7g}",
        )
        for f in findings
    )
    return Grid("A step of descent on one long sample, 700-R256-20, one thread", headers, rows, 3)


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="Learn from long inputs.")
    parser.add_argument("--steps", type=int, nargs="+", default=[20_000, 100_000, 400_000])
    parser.add_argument("--whole", type=int, default=100_000, help="the longest kept whole")
    parser.add_argument("--one", type=int, nargs=2, help=argparse.SUPPRESS)
    add_outputs(parser)
    given = parser.parse_args()
    if given.one is not None:
        print(json.dumps(measure(given.one[0], bool(given.one[1]))))
        return
    wanted = [(n, is_whole) for n in given.steps for is_whole in (True, False)]
    findings = [apart(n, w) for n, w in wanted if not w or n <= given.whole]
    publish({"long": grid_of(findings)}, findings, given)


if __name__ == "__main__":
    main()
