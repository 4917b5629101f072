"""Training of convolutional networks beside PyTorch's, in turns, in one process.

    python benchmarks/convolution.py [--turns 7] [--threads 2] [--batches 1 50] [--json FILE]

Milliseconds a sample of a training step on images of MNIST: forward, backward, update. Both begin
with weights that ours learnt from the first 4 000 images, so that layers are as active as those of
trained networks; gradients of one batch are compared before anything is timed. `pip install torch`
first.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
from tables import add_outputs, publish
from through_time import Finding, grid_of, timed

from snncc.backends.protocols import Samples, Trainer
from snncc.backends.targets import TARGETS
from snncc.frontend.program import Program, compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Call
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.runtime.datasets.table import load
from snncc.runtime.samples import present
from snncc.runtime.settings import settings_from

Array = npt.NDArray[Any]
RATE, SEED, LEARNT = 5e-4, 1, 4000  # learning rate; of the weights; images
MEAN, SD = 0.1307, 0.3081
TSSL = f"""
network net {{
  dt = 1 ms
  delay = 0 ms
  input      image[1, 28, 28] encode current(duration = 5 ms, mean = {MEAN}, sd = {SD})
  population c1        : tssl
  population p1        : linear
  population c2        : tssl
  population p2        : linear
  population h[300]    : tssl
  output     digit[10] : tssl
  image -> c1    : conv2d(channels = 15, kernel = 5, init = uniform(-0.2, 0.2))
  c1    -> p1    : pool2d(kernel = 2, init = constant(1.1))
  p1    -> c2    : conv2d(channels = 40, kernel = 5, init = uniform(-0.0516, 0.0516))
  c2    -> p2    : pool2d(kernel = 2, init = constant(1.1))
  p2    -> h     : dense(init = kaiming)
  h     -> digit : dense(init = kaiming)
}}
train net {{
  data mnist
  rule tssl_bp
  loss kernel(tau = 3 ms, target = [0, 1, 1, 1, 1])
  optimizer adam(lr = {RATE})
  schedule constant
  boost off
  batch 50
}}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A network in both; `peer` is a module and its class."""

    name: str
    text: str
    peer: str


CASES = (Case("TSSL-BP 15C5-P2-40C5-P2-300-10, T = 5", TSSL, "convolution_torch.TsslCnn"),)


def trained(case: Case, threads: int, count: int) -> tuple[Trainer, Samples]:
    """Ours, after LEARNT images, and so many that it has not seen."""
    program = compile_text(Source("net.snn", case.text))
    program = Program(run_pipeline(program.graph), program.train)
    assert program.train is not None
    make, settings = TARGETS["cpu"].train, settings_from(os.environ)
    assert make is not None
    model = draw_model(program.graph, SEED)
    trainer = make(model, program.train, threads, settings.kernel_folder)
    data = load(Call("mnist"), "train", settings)
    samples = present(program.graph, data.first(LEARNT + count), "train")
    trainer.train(samples.pick(np.arange(LEARNT)), 50, RATE)
    return trainer, samples.pick(np.arange(LEARNT, LEARNT + count))


def peer_of(case: Case, trainer: Trainer, threads: int) -> Any:
    """The other library's, with the same weights."""
    module, _, name = case.peer.partition(".")
    learnt = {p.name for p in trainer.graph.projections if p.trainable}
    weights = {n: w for n, w in trainer.weights().items() if n in learnt}
    return getattr(import_module(module), name)(weights, trainer.steps, RATE, threads)


def numbers_of(samples: Samples) -> npt.NDArray[np.float32]:
    """What the inputs send, as our encoding says."""
    return ((samples.values[samples.rows] - MEAN) / SD).astype(np.float32)


def require_equal(case: Case) -> None:
    """Exit unless both find the same gradients of a batch."""
    trainer, few = trained(case, 1, 8)
    before = trainer.state()
    peer = peer_of(case, trainer, 1)
    empty = {n: np.zeros_like(v) if "optimizer" in n else v for n, v in before.items()}
    trainer.restore(empty)
    trainer.train(few, 8, 1e-30)
    moments = trainer.state()
    for name, gradient in peer.sums(numbers_of(few), few.labels).items():
        mine, theirs = moments[f"optimizer/first/{name}"] / np.float32(0.1), gradient / 8
        far = np.abs(mine - theirs).max() / np.abs(theirs).max()
        # A spike within rounding of its threshold may fall either way.
        if not far < 0.02:
            sys.exit(f"{case.name}: the gradients of `{name}` differ by {far:.2g} of the largest")


def measure(case: Case, batch: int, given: argparse.Namespace) -> Finding:
    """Ours and the peer's by turns."""
    count = 2 * max(batch, 25)
    trainer, some = trained(case, given.threads, count)
    rates = _rates(trainer, some)
    trainer.train(some, batch, RATE)
    peer = peer_of(case, trainer, given.threads)
    theirs = peer.learner(numbers_of(some), some.labels, batch)

    def mine() -> None:
        trainer.train(some, batch, RATE)

    pairs = []
    for turn in range(given.turns + 1):
        order: tuple[Callable[[], None], ...] = (mine, theirs) if turn % 2 == 0 else (theirs, mine)
        found = {learn: timed(learn, count, given.turn) for learn in order}
        pairs.append((found[mine], found[theirs]))
    a, b = np.array(pairs[1:]).T
    lower, ratio, upper = (float(q) for q in np.quantile(b / a, (0.25, 0.5, 0.75)))
    return Finding(
        case.name, batch, rates, float(np.median(a)), float(np.median(b)), ratio, lower, upper,
    )  # fmt: skip


def _rates(trainer: Trainer, samples: Samples) -> dict[str, float]:
    """Spikes a neuron and step in per cent, of the populations that fire."""
    activity, graph = trainer.run(samples).activity, trainer.graph
    ends = np.cumsum([0, *(p.neurons for p in graph.populations)])
    return {
        p.name: float(100 * activity[lo:hi].mean() / (len(samples.ids) * trainer.steps))
        for p, lo, hi in zip(graph.populations, ends[:-1], ends[1:], strict=True)
        if activity[lo:hi].any()
    }


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Convolutional networks beside PyTorch's.")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--turn", type=float, default=1.5, help="its seconds")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 50])
    add_outputs(parser)
    return parser.parse_args()


def main() -> None:
    """Compare, print the table, write the JSON."""
    given = parse_arguments()
    findings: list[dict[str, Any]] = []
    for case in CASES:
        require_equal(case)
        for batch in given.batches:
            findings.append(asdict(measure(case, batch, given)))
            print(findings[-1], file=sys.stderr, flush=True)
    where = f"--threads {given.threads}, load {os.getloadavg()[0]:.1f}"
    publish({"convolution": grid_of(findings, where)}, findings, given)


if __name__ == "__main__":
    main()
