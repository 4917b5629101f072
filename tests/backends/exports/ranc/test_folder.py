"""Images of RANC, read back and run by a machine that knows the files alone."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ranc_machine import Machine, from_json, from_memories, packets_of
from ranc_nets import STEPS, drawn_ranc, drawn_spikes

from snncc.backends.exports.ranc.folder import ranc_files
from snncc.backends.reference.network import simulate
from snncc.backends.trace import Trace
from snncc.ir.diagnostics import CompileError
from snncc.ir.model import Model


def exported(model: Model, seed: int) -> tuple[Trace, dict[str, str], dict[str, int]] | None:
    """What the model does with two samples, its files, and facts of them; None where a potential
    might need more than 9 bits."""
    done = simulate(model, drawn_spikes(model, seed), record=True)
    trace = Trace(done.spikes, done.history)
    try:
        made = ranc_files(model, "digest", trace)
    except CompileError as error:
        if "9 bits" not in error.diagnostics[0].message:
            raise
        return None
    return trace, {name: text.decode() for name, text in made.files.items()}, made.facts


def machines(files: dict[str, str], sample: int) -> list[Machine]:
    """The same sample on the simulator and on the circuit."""
    where = f"sample_{sample}"
    one = from_json(files["config.json"], files[f"{where}/input.json"])
    counts = [int(n) for n in files[f"{where}/tb_num_inputs.txt"].split()]
    packets = packets_of(files[f"{where}/tb_input.txt"].split(), counts)
    mesh = one.width, one.height, one.bus, one.outputs
    two = from_memories(files, *mesh, packets)
    return [one, two]


def compare(files: dict[str, str], trace: Trace, model: Model, sample: int) -> None:
    """Every output, every packet and every potential of both machines."""
    where = f"sample_{sample}"
    wanted = [line.split() for line in files[f"{where}/output.txt"].splitlines()]
    golden = files[f"{where}/golden.txt"].splitlines()
    sent = [line for line in golden if line.startswith("spike")]
    left = {line for line in golden if line.startswith("potential")}
    for machine in machines(files, sample):
        shown, potentials, leaving = machine.run(len(wanted))
        assert [[str(bit) for bit in row] for row in shown] == wanted
        found = [
            f"spike {t + 1} {a[0]} {a[1]} {k} {b[0] - a[0]} {b[1] - a[1]} {axon} {when - t - 2}"
            for t, tick in enumerate(leaving)
            for a, k, b, axon, when in tick
        ]
        assert found == sent
        last = {
            f"potential {x} {y} {k} {v}"
            for (x, y), values in potentials[-1].items()
            for k, v in enumerate(values)
        }
        assert left <= last
    (output,) = [p for p in model.graph.populations if p.role == "output"]
    lates = [int(n) for n in _lates(files)]
    for k in range(output.neurons):
        column = [int(row[k]) for row in wanted][1 + lates[k] : 1 + lates[k] + STEPS]
        assert column == trace.spikes[output.name][: len(column), sample, k].astype(int).tolist()


def _lates(files: dict[str, str]) -> list[int]:
    return [line["late"] for line in json.loads(files["map.json"])["lines"]]


@pytest.mark.parametrize("seed", range(10))
def test_images_do_what_the_integers_do(seed: int) -> None:
    model = drawn_ranc(seed, widest=40)
    made = exported(model, seed)
    if made is not None:
        trace, files, _ = made
        compare(files, trace, model, 0)


def test_most_of_what_is_drawn_needs_relays_and_fires() -> None:
    found = [exported(drawn_ranc(seed, widest=40), seed) for seed in range(10)]
    kept = [made for made in found if made is not None]
    assert len(kept) >= 6
    assert sum(made[2]["relays"] > 0 for made in kept) >= 4
    assert sum(int(np.sum(list(made[0].spikes.values())[-1])) > 0 for made in kept) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("images", [15, pytest.param(50, marks=pytest.mark.nightly)])
def test_images_of_several_cores(images: int) -> None:
    count, seed, spikes, cores = 0, 100, 0, 0
    while count < images:
        model = drawn_ranc(seed)
        made = exported(model, seed)
        if made is not None:
            trace, files, facts = made
            for sample in range(2):
                compare(files, trace, model, sample)
            count, cores = count + 1, max(cores, facts["cores"])
            spikes += int(sum(s.sum() for s in trace.spikes.values()))
        seed += 1
    assert cores >= 4
    assert spikes > 1000 * images
