"""The loss of CIFAR-10's CNN 1 while it learns, ours and PyTorch's from the same weights.

    python benchmarks/cifar_loss.py data_batch_1.bin [--images 2000] [--threads 1] [--json FILE]

Both learn from the same images of the binary file in the same order, in batches of 50, by
TSSL-BP, without augmentation; what they lose is the mean over the images as each batch first meets
them. Sums are rounded otherwise, spikes within rounding of a threshold fall either way, and so the
two runs drift apart as any two do. `pip install torch` first.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from convolution_torch import TsslCifar
from tables import Grid, add_outputs, publish, rates_text

from snncc.backends.protocols import Samples, Trainer
from snncc.backends.targets import TARGETS
from snncc.frontend.program import Program, compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Call
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.runtime.datasets.table import load
from snncc.runtime.samples import Presentation, present
from snncc.runtime.settings import settings_from

EXAMPLE = Path(__file__).parents[1] / "examples" / "cifar_cnn.snn"
BATCH, RATE, SEED, SHOWN = 50, 2e-4, 1, 10  # SHOWN: batches a row of the table
MEAN = np.array([0.4914, 0.4822, 0.4465], np.float32)[:, None, None]
SD = np.array([0.2023, 0.1994, 0.2010], np.float32)[:, None, None]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some images: the mean losses of both, and both's seconds."""

    last: int
    ours: float
    peer: float
    seconds: float
    seconds_of_peer: float
    rates: dict[str, float]


def program_of() -> Program:
    """The example's network and plan, without augmentation and dropout."""
    program = compile_text(Source("cifar_cnn.snn", EXAMPLE.read_text(encoding="utf-8")))
    assert program.train is not None
    return Program(run_pipeline(program.graph), program.train.but(dropout=()))


def samples_of(program: Program, path: str, images: int) -> Presentation:
    """The first images of the file."""
    data = load(Call("cifar", (("path", path),)), "train", settings_from(os.environ))
    return present(program.graph, data.first(images), "train")


def trainer_of(program: Program, threads: int) -> Trainer:
    """Ours, with fresh weights."""
    make = TARGETS["cpu"].train
    assert make is not None
    assert program.train is not None
    model = draw_model(program.graph, SEED)
    return make(model, program.train, threads, settings_from(os.environ).kernel_folder)


def peer_of(trainer: Trainer, threads: int) -> TsslCifar:
    """PyTorch's, with the same weights."""
    learnt = {p.name for p in trainer.graph.projections if p.trainable}
    weights = {n: w for n, w in trainer.weights().items() if n in learnt}
    return TsslCifar(weights, trainer.steps, RATE, threads)


def numbers_of(samples: Samples) -> npt.NDArray[np.float32]:
    """What the inputs send, as our encoding says."""
    images = samples.values[samples.rows].reshape(-1, 3, 32, 32)
    return ((images - MEAN) / SD).astype(np.float32).reshape(len(images), -1)


def both(given: argparse.Namespace) -> Iterator[Piece]:
    """The losses of both, SHOWN batches at a time."""
    program = program_of()
    samples = samples_of(program, given.path, given.images)
    trainer = trainer_of(program, given.threads)
    peer = peer_of(trainer, given.threads)
    trainer.train(samples.pick(np.arange(2)), 2, 0.0)  # compiles
    trainer.restore(trainer_of(program, given.threads).state())
    for first in range(0, len(samples.ids), BATCH * SHOWN):
        some = samples.pick(np.arange(first, min(first + BATCH * SHOWN, len(samples.ids))))
        started = time.perf_counter()
        outcome = trainer.train(some, BATCH, RATE)
        between = time.perf_counter()
        theirs = peer_losses(peer, some)
        took = between - started, time.perf_counter() - between
        rates = rates_of(trainer, outcome.activity, len(some.ids))
        yield Piece(
            first + len(some.ids), float(outcome.cost.mean()), float(theirs.mean()), *took, rates
        )


def peer_losses(peer: TsslCifar, samples: Samples) -> npt.NDArray[np.float64]:
    """What PyTorch's loses while it learns from the samples."""
    values, labels = torch.tensor(numbers_of(samples)), torch.tensor(samples.labels).long()
    found = []
    for piece, wanted in zip(values.split(BATCH), labels.split(BATCH), strict=True):
        peer.train(piece, wanted)
        found.append(peer.cost.double().numpy())
    return np.concatenate(found)


def rates_of(trainer: Trainer, activity: npt.NDArray[np.int64], samples: int) -> dict[str, float]:
    """Spikes a neuron and step in per cent, of the populations that fire."""
    ends = np.cumsum([0, *(p.neurons for p in trainer.graph.populations)])
    return {
        p.name: float(100 * activity[lo:hi].mean() / (samples * trainer.steps))
        for p, lo, hi in zip(trainer.graph.populations, ends[:-1], ends[1:], strict=True)
        if activity[lo:hi].any()
    }


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="CIFAR-10's CNN 1 beside PyTorch's.")
    parser.add_argument("path", help="images in the binary layout of CIFAR-10")
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    add_outputs(parser)
    return parser.parse_args()


def grid_of(pieces: list[Piece], threads: int) -> Grid:
    """The table, with the mean over all images in its last row."""
    rows: list[tuple[str, ...]] = [
        (str(p.last), rates_text(p.rates), f"{p.ours:.5f}", f"{p.peer:.5f}", _far(p.ours, p.peer),
         f"{p.seconds:.1f}", f"{p.seconds_of_peer:.1f}")
        for p in pieces
    ]  # fmt: skip
    sizes = np.diff([0, *(p.last for p in pieces)])
    ours, peer = (float(np.average([getattr(p, n) for p in pieces], weights=sizes))
                  for n in ("ours", "peer"))  # fmt: skip
    seconds = (sum(p.seconds for p in pieces), sum(p.seconds_of_peer for p in pieces))
    whole = ("all", "", f"{ours:.5f}", f"{peer:.5f}", _far(ours, peer))
    rows.append((*whole, *(f"{s:.1f}" for s in seconds)))
    headers = ("images", "rates %", "loss", "PyTorch's", "apart %", "s", "PyTorch's s")
    return Grid(f"CNN 1 of CIFAR-10, {threads} threads", headers, tuple(rows), 1)


def _far(ours: float, peer: float) -> str:
    return f"{100 * abs(ours - peer) / peer:.3f}"


def main() -> None:
    """Learn by both, print the table, write the JSON."""
    given = parse_arguments()
    pieces = []
    for piece in both(given):
        print(piece, file=sys.stderr, flush=True)
        pieces.append(piece)
    found = [{n: getattr(p, n) for n in Piece.__slots__} for p in pieces]
    publish({"cifar_loss": grid_of(pieces, given.threads)}, found, given)


if __name__ == "__main__":
    main()
