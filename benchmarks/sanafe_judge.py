"""Mappings of networks on Loihi, judged by SANA-FE: spikes, energy, time, hops.

    python -m venv .sanafe && .sanafe/bin/pip install sanafe==2.2.9 numpy
    pip install -e '.[mapping]'
    python benchmarks/sanafe_judge.py --sanafe .sanafe/bin/python [--seeds 1] [--check]
    python benchmarks/sanafe_judge.py --sanafe .sanafe/bin/python --model q8.snnpkg [--samples 8]

Each mapping becomes a layout, as `snncc map` writes it; SANA-FE (GPL: a tool in an environment of
its own) is handed what stands in the layout, on the Loihi that ships with it. Beside its figures
stand those that `snncc map` estimates. With `--check`: every spike is that of the integers, packets
and hops are those of the layout, ours takes no more energy and time than METIS + Hilbert (which may
find the same clusters: to 0.1 %), and of the planted network 2 % beyond the energy of the clusters
that were planted at most.

A model is one that was trained and quantized for Loihi, of neurons without a current; it is judged
on samples of its test data, each from zero, after 32 others by which the rates were measured. A
core has all its limits, and METIS as many cores more as it needs to keep them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from judged_nets import MADE, Judged, inputs_of, trained
from tables import Grid, add_outputs, publish

from snncc.backends.exports.chips.compartments import compartments_of
from snncc.backends.layout.build import build
from snncc.backends.layout.image import Layout
from snncc.backends.layout.numbering import Numbering
from snncc.backends.layout.senders import axons, core_limits, moments_of
from snncc.backends.layout.simulator import play
from snncc.backends.mapping.baselines import baselines, best_spectral, by_metis
from snncc.backends.mapping.costs import COSTS, estimate
from snncc.backends.mapping.limits import LOIHI_MESH, excesses, uses, work
from snncc.backends.mapping.load import Kernels, load_kernels
from snncc.backends.mapping.route import traffic
from snncc.backends.mapping.starts import along, hilbert
from snncc.ir.chips.cores import CORES
from snncc.ir.model import Model
from snncc.runtime.mapping.arranged import Wishes, arranged
from snncc.runtime.mapping.fewest import Task
from snncc.runtime.mapping.trail import Trail
from snncc.runtime.settings import settings_from

MESH, COST = LOIHI_MESH, COSTS["loihi"]
CHIP = Path(__file__).with_name("sanafe_chip.py")
KEPT = ("index order", "random 1", "Hilbert")  # of the baselines; 0 may be how a net was numbered
SAME = 1e-3
UNIT = 64  # of a membrane: SANA-FE's is a 64th of it


def task_of(net: Judged, sent: Any) -> Task:
    """What is to be mapped, by the packets of every sender in some steps: a core has Loihi's
    limits; where the network says how many neurons a core holds, so many, and no limit of settings,
    since each neuron may have a bias of its own."""
    limits = core_limits(net.model, CORES["loihi"])
    if net.neurons is not None:
        limits = replace(limits, neurons=net.neurons, kinds=(None, None))
    measured = replace(axons(net.model, sent.mean(axis=0)), moments=moments_of(sent))
    return Task(measured, limits, MESH, Numbering.of(net.model.graph))


def mappings(
    task: Task, net: Judged, seed: int, kernels: Kernels
) -> Iterator[tuple[str, Any, Any]]:
    """(name, core of each neuron, slot of each core)."""
    for name, part, slots in baselines(task.axons, task.limits, MESH, kernels, seed=seed):
        if name.startswith("METIS") and "exceeds" in name and net.neurons is None:
            yield from within(task, len(slots), seed, kernels)
            continue
        if name in KEPT[: len(KEPT) if net.neurons else 1] or "spectral" in name:
            yield name, part, slots
        if "spectral" in name:
            yield name.replace("spectral", "Hilbert"), part, on_curve(len(slots))
    if net.planted is not None:
        yield "by cluster", net.planted, on_curve(net.cores)
    for effort in (1, 2):
        wishes = Wishes("loihi", seed=seed, effort=effort)
        found = arranged(task, wishes, kernels, lambda stage, share: None, Trail())
        yield f"effort {effort}", found.part, found.slots


def on_curve(cores: int) -> Any:
    """The slots of so many cores along a Hilbert curve."""
    return along(np.arange(cores), hilbert(MESH, cores), MESH)


def within(task: Task, cores: int, seed: int, kernels: Kernels) -> Iterator[tuple[str, Any, Any]]:
    """The partition by METIS, which knows neurons alone, to the fewest cores with which it keeps
    all limits."""
    for number in range(cores, MESH.cores + 1):
        part = by_metis(task.axons, task.limits, number, number, seed)
        taken = int(part.max()) + 1
        if not any(excesses(uses(task.axons, part, task.limits, taken, kernels), task.limits)):
            yield (
                "METIS within limits + spectral",
                part,
                best_spectral(task.axons, part, MESH, kernels),
            )
            yield "METIS within limits + Hilbert", part, on_curve(taken)
            return


def described(layout: Layout, trains: Any) -> dict[str, Any]:
    """The image as `sanafe_chip.py` takes it, and the spikes of its inputs [steps, inputs]."""
    numbering = layout.numbering
    model, cells = Model(layout.graph, {}, layout.values), {}
    columns: dict[str, list[Any]] = {n: [] for n in FACTS}
    for p in numbering.populations:
        if p.step is None:
            continue
        cell = cells[p.name] = compartments_of(model, p)
        facts: tuple[Any, ...] = (
            cell.threshold,
            cell.keep_v / 4096,
            cell.keep_u / 4096,
            cell.bias / UNIT,
            cell.refractory,
        )
        for name, fact in zip(FACTS, facts, strict=True):
            columns[name].append(np.broadcast_to(fact, p.neurons))
    brings = [cells[p.post].ports[p.port] / UNIT for p in layout.graph.projections]
    axon = np.repeat(np.arange(len(layout.sender)), np.diff(layout.synapse_start))
    core = layout.core_of_axon()[axon]
    at = _places(layout.slot)
    inputs = numbering.senders - numbering.neurons
    return {
        "steps": len(trains),
        "order": layout.neuron,
        "at": at[layout.core_of_neuron()],
        "input_at": np.tile(_places(np.array([_door(layout.slot)])), (inputs, 1)),
        "trains": trains,
        "pre": layout.sender[axon],
        "post": layout.neuron[layout.neuron_start[core] + layout.post],
        "weight": layout.weight * np.array(brings)[layout.via],
        **{name: np.concatenate(column) for name, column in columns.items()},
    }


FACTS = ("threshold", "leak_decay", "input_decay", "bias", "refractory_delay")


def _places(slot: Any) -> Any:
    """Column, row and place at the router of slots."""
    router, place = np.divmod(slot, MESH.cores_a_router)
    return np.stack((router % MESH.width, router // MESH.width, place), axis=1)


def _door(taken: Any) -> int:
    """The slot of the inputs: one at the router where they come in, a free one if there is."""
    first = MESH.entry * MESH.cores_a_router
    slots = range(first, first + MESH.cores_a_router)
    return next((s for s in slots if s not in taken), slots[-1])


def asked(python: str, description: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What SANA-FE says."""
    given, made = folder / "net.npz", folder / "out.json"
    np.savez(given, **description)
    ran = subprocess.run([python, str(CHIP), str(given), str(made)], capture_output=True, text=True)
    if ran.returncode:
        last = ran.stderr.strip().splitlines()[-1:]
        sys.exit(f"{python} ran no SANA-FE ({' '.join(last)}): pip install sanafe==2.2.9 there")
    found: dict[str, Any] = json.loads(made.read_text())
    return found


def main() -> None:
    """Judge and publish."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sanafe", default=sys.executable, help="a Python that has sanafe")
    parser.add_argument("--nets", nargs="+", choices=MADE, default=list(MADE))
    parser.add_argument("--model", type=Path, help="a trained one, for Loihi, in place of them")
    parser.add_argument("--samples", type=int, default=8, help="of its test data")
    parser.add_argument("--neurons", type=int, default=10_000, help="of the drawn networks")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--check", action="store_true")
    add_outputs(parser)
    given = parser.parse_args()
    kernels = load_kernels(settings_from(os.environ).kernel_folder)
    document: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in range(given.seeds):
            for net in nets(given, folder, seed):
                document += judged(net, seed, given, folder, kernels)
    publish({"sanafe": table(document)}, document, given)
    if given.check and (wrong := list(faults(document))):
        sys.exit("\n".join(wrong))


def nets(given: argparse.Namespace, folder: Path, seed: int) -> Iterator[Judged]:
    """Those that were asked for."""
    if given.model is not None:
        yield trained(given.model, given.samples)
        return
    for name in given.nets:
        yield MADE[name](folder, seed, given.neurons)


def judged(
    net: Judged, seed: int, given: argparse.Namespace, folder: Path, kernels: Kernels
) -> list[dict[str, Any]]:
    """A row a mapping."""
    rows = []
    spikes, sent = played(net, net.trains)
    task = task_of(net, sent if net.measured is None else played(net, net.measured)[1])
    actual = replace(task, axons=replace(task.axons, rate=sent.mean(axis=0)))
    for by, part, slots in mappings(task, net, seed, kernels):
        print(f"{net.name}, seed {seed}: {by}", file=sys.stderr)
        layout = build(net.model, "loihi", MESH, part, slots)
        found = [asked(given.sanafe, described(layout, t), folder) for t in net.trains]
        row = {"net": net.name, "seed": seed, "by": by, "rate": float(spikes.mean())}
        row |= {"cores": len(slots), **compared(found, spikes)}
        rows.append(row | estimated(actual, part, slots, len(sent), kernels))
    return rows


def played(net: Judged, trains: Any) -> tuple[Any, Any]:
    """The spikes of the integers [samples, steps, neurons], and the packets of every sender in
    every step of them, one sample after the other."""
    neurons = sum(p.neurons for p in net.model.graph.populations if p.step is not None)
    layout = build(net.model, "loihi", MESH, np.zeros(neurons, int), np.zeros(1, int))
    names = [p.name for p in layout.numbering.populations if p.step is not None]
    spikes, sent = [], []
    for train in trains:
        found = play(layout, inputs_of(net, train[None]), len(train), False)
        own = [found.trace.spikes[n][:, 0] for n in names]
        spikes.append(np.concatenate(own, axis=1).astype(bool))
        sent.append(found.sent)
    return np.stack(spikes), np.concatenate(sent)


def compared(found: list[dict[str, Any]], spikes: Any) -> dict[str, Any]:
    """SANA-FE's figures of all samples, and how many bins of its spikes are not those of the
    integers."""
    theirs = np.zeros(spikes.shape, bool)
    for own, one in zip(theirs, found, strict=True):
        own[tuple(np.array(one["spikes"], int).reshape(-1, 2).T)] = True
    parts = found[0]["energy"]
    energy = {f"{part}_uJ": 1e6 * sum(one["energy"][part] for one in found) for part in parts}
    counted = ("hops", "packets", "updated", "events")
    return {
        "different": int((theirs != spikes).sum()),
        "us": 1e6 * sum(one["seconds"] for one in found),
        **energy,
        **{name: sum(one[name] for one in found) for name in counted},
        "version": found[0]["version"],
    }


def estimated(task: Task, part: Any, slots: Any, steps: int, kernels: Kernels) -> dict[str, Any]:
    """The same by `snncc map`."""
    sent = traffic(task.axons, part, slots, MESH, kernels)
    done = work(task.axons, part, len(slots), kernels)
    spent = estimate(task.axons, part, slots, MESH, sent, done, COST, kernels)
    return {
        "estimated_uJ": 1e-6 * steps * spent.energy,
        "estimated_network_uJ": 1e-6 * steps * spent.network_energy,
        "estimated_us": 1e-3 * steps * spent.latency,
        "estimated_hops": steps * sent.unicast_hops,
        "estimated_packets": steps * (sent.packets + float(done.local.sum())),
    }


def table(document: list[dict[str, Any]]) -> Grid:
    """For a page."""
    headers = (
        *("net", "seed", "rate [%]", "by", "cores", "bins that differ", "energy [uJ]"),
        *("of the network", "time [us]", "packets", "hops", "estimate [uJ]", "[us]"),
    )
    rows = tuple(
        (
            r["net"],
            str(r["seed"]),
            f"{100 * r['rate']:.1f}",
            r["by"],
            str(r["cores"]),
            str(r["different"]),
            f"{r['total_uJ']:.2f}",
            f"{r['network_uJ']:.2f}",
            f"{r['us']:.0f}",
            str(r["packets"]),
            str(r["hops"]),
            f"{r['estimated_uJ']:.2f}",
            f"{r['estimated_us']:.0f}",
        )
        for r in document
    )
    return Grid("Mappings on Loihi, judged by SANA-FE", headers, rows, labels=4)


def faults(document: list[dict[str, Any]]) -> Iterator[str]:
    """What is not as it should be."""
    groups: dict[tuple[str, int], dict[str, Any]] = {}
    for row in document:
        groups.setdefault((row["net"], row["seed"]), {})[row["by"]] = row
        where = f"{row['net']}, seed {row['seed']}, {row['by']}"
        if row["different"]:
            yield f"{where}: {row['different']} bins differ"
        for name in ("packets", "hops"):
            if abs(row[name] - row[f"estimated_{name}"]) > 0.5:
                yield f"{where}: {row[name]} {name}, in the layout {row[f'estimated_{name}']:.1f}"
    for (net, seed), by in groups.items():
        ours, where = by["effort 1"], f"{net}, seed {seed}"
        other = next((r for n, r in by.items() if is_metis(n)), ours)
        for name in ("total_uJ", "us"):
            if ours[name] > (1 + SAME) * other[name]:
                yield f"{where}: {name} {ours[name]:.4g}, METIS + Hilbert {other[name]:.4g}"
        if "by cluster" in by and ours["total_uJ"] > 1.02 * by["by cluster"]["total_uJ"]:
            yield f"{where}: {ours['total_uJ']:.4g} uJ, more than 2 % beyond its clusters"


def is_metis(name: str) -> bool:
    """Whether it is METIS + Hilbert, within all limits."""
    return name.startswith("METIS") and "Hilbert" in name and "exceeds" not in name


if __name__ == "__main__":
    main()
