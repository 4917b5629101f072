"""The networks and the samples that the training benchmark presents."""

from __future__ import annotations

import os

import numpy as np

from snncc.backends.protocols import Samples
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.frontend.program import Program, compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Call
from snncc.ir.passes.pipeline import run_pipeline
from snncc.runtime.datasets.fetch import find
from snncc.runtime.datasets.table import DATASETS, load
from snncc.runtime.loading import draw_weights
from snncc.runtime.samples import present
from snncc.runtime.settings import settings_from

TEXT = """\
network bench(hidden: int = 400, duration: ms = 400 ms) {{
  dt = 1 ms
  delay = 1 ms
  neuron cell = lif(tau_mem = 64 ms, tau_syn = 8 ms, refractory = 2 ms)
  input      image[28, 28] encode poisson(duration = duration)
  population h1[hidden]    : cell(v_th = 20 mV)
  population h2[hidden]    : cell(v_th = 20 mV)
  output     digit[10]     : cell(v_th = 15 mV)
  image -> h1    : dense(init = uniform(-1, 1))
  h1    -> h2    : dense(init = uniform(-1, 1))
{recurrence}  h2    -> digit : dense(init = uniform(-1, 1))
  digit -> digit : lateral_inhibition(weight = -1)
}}
train bench {{
  data fashion_mnist
  rule st_rsbp(target = 35, other = 5)
  optimizer adam(lr = 1e-3)
}}
"""
RECURRENCE = "  h2    -> h2    : liquid(grid = [5, 5, hidden / 25], lambda = 2)\n"
NETS = {"784-400-400-10": "", "784-400-R400-10": RECURRENCE}
DENSITY = 0.1  # probability of a spike a step of every input
SEED = 1


def compile_net(net: str, steps: int, hidden: int = 400) -> Program:
    """A row of NETS after all passes, with its training plan."""
    source = Source(f"{net}.snn", TEXT.format(recurrence=NETS[net]))
    program = compile_text(source, {"duration": f"{steps} ms", "hidden": str(hidden)})
    return Program(run_pipeline(program.graph), program.train)


def make_trainer(net: str, steps: int, threads: int) -> CpuTrainer:
    """A trainer with fresh weights."""
    program = compile_net(net, steps)
    assert program.train is not None
    weights = draw_weights(program.graph, SEED)
    folder = settings_from(os.environ).kernel_folder
    return CpuTrainer(program.graph, program.train, weights, SEED, threads, folder)


def constant_samples(trainer: CpuTrainer, count: int) -> Samples:
    """Images of one grey, every pixel firing with probability DENSITY a step; labels 0 … 9."""
    inputs = int(np.diff(trainer.plan.neurons)[trainer.plan.inputs].sum())
    values = np.full((count, inputs), DENSITY / trainer.plan.rate[0], np.float32)
    rows = np.arange(count)
    ids, labels = rows.astype(np.uint64), (rows % 10).astype(np.int32)
    return Samples(values, rows, ids, labels, np.ones(count, np.float32))


def fashion_samples(trainer: CpuTrainer, count: int) -> Samples | None:
    """The first training images of Fashion-MNIST; None where they are not on this machine."""
    settings = settings_from(os.environ)
    row = DATASETS["fashion_mnist"]
    if any(find(file, row.folder, settings) is None for file in row.files):
        return None
    data = load(Call("fashion_mnist"), "train", settings)
    return present(trainer.graph, data.first(count), "train").pick(np.arange(count))
