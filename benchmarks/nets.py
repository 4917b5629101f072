"""The networks and the samples that the training benchmark presents."""

from __future__ import annotations

import os

import numpy as np
from programs import DENSITY, NETS, SEED

from snncc.backends.protocols import Samples, Trainer
from snncc.backends.targets import TARGETS
from snncc.frontend.program import Program, compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Call, Graph
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.runtime.datasets.fetch import find
from snncc.runtime.datasets.table import DATASETS, load
from snncc.runtime.samples import present
from snncc.runtime.settings import settings_from

CONSTANT = "10 %"
INPUTS = (CONSTANT, "Fashion-MNIST")


def compile_net(net: str, steps: int, hidden: int = 400) -> Program:
    """A row of NETS after all passes, with its training plan."""
    source = Source(f"{net}.snn", NETS[net].text)
    program = compile_text(source, {"duration": f"{steps} ms", "hidden": str(hidden)})
    return Program(run_pipeline(program.graph), program.train)


def make_trainer(net: str, steps: int, threads: int) -> Trainer:
    """A trainer on the CPU with fresh weights."""
    program = compile_net(net, steps)
    return trainer_of("cpu", program, draw_model(program.graph, SEED), threads)


def trainer_of(target: str, program: Program, model: Model, threads: int) -> Trainer:
    """A trainer of a target with the model's weights; `threads` 0: all that it has."""
    assert program.train is not None
    folder = settings_from(os.environ).kernel_folder
    make = TARGETS[target].train
    assert make is not None
    return make(model, program.train, threads or None, folder)


def samples_of(graph: Graph, inputs: str, count: int) -> Samples | None:
    """So many samples of one of INPUTS; None where they are not on this machine."""
    return constant(graph, count) if inputs == CONSTANT else fashion(graph, count)


def constant_samples(trainer: Trainer, count: int) -> Samples:
    """Those of `constant` for a trainer's network."""
    return constant(trainer.graph, count)


def constant(graph: Graph, count: int) -> Samples:
    """Images of one grey, every pixel firing with probability DENSITY a step; labels 0 … 9."""
    (image,) = (p for p in graph.populations if p.encoding is not None)
    assert image.encoding is not None
    highest = float(str(image.encoding["rate"])) * graph.dt / 1000  # spikes a step of an input of 1
    values = np.full((count, image.neurons), DENSITY / highest, np.float32)
    rows = np.arange(count)
    ids, labels = rows.astype(np.uint64), (rows % 10).astype(np.int32)
    return Samples(values, rows, ids, labels, np.ones(count, np.float32))


def fashion(graph: Graph, count: int) -> Samples | None:
    """The first training images of Fashion-MNIST; None where they are not on this machine."""
    settings = settings_from(os.environ)
    row = DATASETS["fashion_mnist"]
    if any(find(file, row.folder, settings) is None for file in row.files):
        return None
    data = load(Call("fashion_mnist"), "train", settings)
    return present(graph, data.first(count), "train").pick(np.arange(count))
