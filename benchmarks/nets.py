"""The networks and the samples that the training benchmark presents."""

from __future__ import annotations

import os

import numpy as np
from programs import DENSITY, NETS, SEED

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


def compile_net(net: str, steps: int, hidden: int = 400) -> Program:
    """A row of NETS after all passes, with its training plan."""
    source = Source(f"{net}.snn", NETS[net].text)
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
    graph = trainer.graph
    (image,) = (p for p in graph.populations if p.encoding is not None)
    assert image.encoding is not None
    highest = float(str(image.encoding["rate"])) * graph.dt / 1000  # spikes a step of an input of 1
    values = np.full((count, image.neurons), DENSITY / highest, np.float32)
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
