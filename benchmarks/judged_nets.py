"""Networks whose mappings are judged, in the integers of Loihi: planted, drawn, and trained.

Their neurons have a membrane and no current, since SANA-FE's Loihi rounds membranes as the chip
does and currents not at all; every spike arrives a step after it was sent, which is its time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mapping import NETS, OUT

from snncc.backends.layout.numbering import Numbering
from snncc.backends.reference.simulator import input_spikes
from snncc.ir.deploy.choices import chosen
from snncc.ir.model import Model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.verify.durations import steps_of
from snncc.runtime.deploying import quantized_as
from snncc.runtime.inputs import choose_data, load_presentation
from snncc.runtime.loading import Options, load_package
from snncc.runtime.settings import settings_from

TEXT = """
neuron cell {{
  param tau: ms = {tau} ms
  param v_th: mV = 1 mV
  param drive: mV = 0 mV
  state v: mV = 0 mV
  on input {{ v = v + i }}
  dv/dt = (drive - v) / tau
  spike when v >= v_th
  on spike {{ v = 0 mV }}
}}
network net {{
  dt = 1 ms
  output p[{neurons}] : cell(drive = file("drive.npy", unit = 1 mV))
  p -> p : file("net.npy", layout = "list")  delay 1 ms
}}
run net {{ duration {steps} ms }}
"""
STEPS = 50
TAU = 16
MEASURED = 32  # samples by which the rates of a trained network are measured
CLUSTERS, SIZE = 16, 64
NEAR, FAR = 18, 4  # synapses of a planted neuron within its cluster, and to anywhere


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A network of integers; the spikes of its inputs [samples, steps, inputs], and those by which
    rates are measured, if they are others; what a core is to hold at most, None for all that one
    of the chip does, and how many cores there are; the core of every neuron as it was planted, if
    it was."""

    name: str
    model: Model
    trains: Any
    neurons: int | None = None  # a core
    cores: int = 0
    planted: Any = None
    measured: Any = None


def planted_ends(draw: np.random.Generator) -> tuple[Any, Any, Any]:
    """The pre and post neurons of 16 clusters of 64, numbered at random, and their clusters."""
    neurons = CLUSTERS * SIZE
    cluster = draw.permutation(np.repeat(np.arange(CLUSTERS), SIZE))
    members = np.argsort(cluster, kind="stable").reshape(CLUSTERS, SIZE)
    post = [
        np.concatenate(
            (
                draw.choice(members[cluster[n]], NEAR, replace=False),
                draw.choice(np.flatnonzero(cluster != cluster[n]), FAR, replace=False),
            )
        )
        for n in range(neurons)
    ]
    return np.repeat(np.arange(neurons), NEAR + FAR), np.concatenate(post), cluster


def planted(folder: Path, seed: int, neurons: int) -> Judged:
    """16 clusters of 64 neurons that fire in most steps."""
    del neurons
    draw = np.random.default_rng(seed)
    pre, post, cluster = planted_ends(draw)
    drive = np.full(CLUSTERS * SIZE, 1.75 * TAU)
    model = written(folder, pre, post, draw.uniform(-0.4, 0.4, len(pre)), drive)
    return Judged("planted", model, none(STEPS), SIZE, CLUSTERS, cluster)


def drawn(kind: str) -> Callable[[Path, int, int], Judged]:
    """A network of `mapping.py` on 40 cores, whose neurons fire every few steps."""

    def made(folder: Path, seed: int, neurons: int) -> Judged:
        draw = np.random.default_rng(seed)
        post = NETS[kind](neurons, draw)
        pairs = np.unique(np.stack((np.repeat(np.arange(neurons), OUT), post)), axis=1)
        drive = draw.uniform(0.6, 2.4, neurons)
        model = written(folder, pairs[0], pairs[1], draw.uniform(-0.3, 0.5, pairs.shape[1]), drive)
        return Judged(kind, model, none(STEPS), int(np.ceil(1.02 * neurons / 40)), 40)

    return made


def trained(file: Path, samples: int) -> Judged:
    """A network that was trained and quantized for Loihi, on as many samples of the test of its
    data, after the ones by which its rates are measured."""
    package = load_package(file, Options(target="reference"))
    graph, settings = package.model.graph, settings_from(os.environ)
    call = choose_data(package, None)
    shown = load_presentation(graph, call, "test", MEASURED + samples, settings)
    given = shown.pick(np.arange(len(shown)))
    made = input_spikes(graph, given, steps_of(graph), package.model.seed)
    names = [p.name for p in Numbering.of(graph).populations if p.step is None]
    trains = np.concatenate([made[n] for n in names], axis=2).transpose(1, 0, 2) != 0
    model = run_model_passes(package.model)
    return Judged(file.stem, model, trains[MEASURED:], measured=trains[:MEASURED])


def none(steps: int) -> Any:
    """The spikes of no inputs."""
    return np.zeros((1, steps, 0), bool)


def written(folder: Path, pre: Any, post: Any, weight: Any, drive: Any) -> Model:
    """The network of these synapses, in integers."""
    np.save(folder / "net.npy", np.stack((pre, post, weight), axis=1))
    np.save(folder / "drive.npy", drive.astype(np.float32))
    program = folder / "net.snn"
    program.write_text(TEXT.format(neurons=len(drive), tau=TAU, steps=STEPS))
    return in_integers(load_package(program, Options(target="reference")).model)


def in_integers(model: Model) -> Model:
    """The model in the integers of Loihi."""
    asked = chosen(None, {"target": "loihi", "scale": "population"})
    return quantized_as(run_model_passes(model), asked).integers


def inputs_of(net: Judged, trains: Any) -> dict[str, Any]:
    """These spikes by input, [steps, samples, neurons]."""
    numbering, found = Numbering.of(net.model.graph), {}
    for p in numbering.populations:
        if p.step is None:
            lo = numbering.first[p.name] - numbering.neurons
            found[p.name] = trains[:, :, lo : lo + p.neurons].transpose(1, 0, 2)
    return found


MADE: dict[str, Callable[[Path, int, int], Judged]] = {
    "planted": planted,
    "clustered": drawn("clustered"),
    "layered": drawn("layered"),
}
