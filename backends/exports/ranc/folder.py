"""The folder of an image of RANC: cores, and what comes in and goes out of some samples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Graph
from ....ir.model import Model
from ....ir.passes.pipeline import run_model_passes
from ....ir.rules import sends_numbers
from ...layout.numbering import Numbering
from ...runnable import require_clocked
from ...trace import Trace
from .assembled import image_of
from .golden import Golden, golden, golden_text, output_text
from .image import Image
from .readme import readme
from .texts import bits, config_json, input_json, memories, packet_bits

Array = npt.NDArray[Any]


class Folder(NamedTuple):
    """The files, and facts for the user."""

    files: dict[str, bytes]
    facts: dict[str, int]


def require_ranc(graph: Graph) -> None:
    """CompileError(E071) for a graph that no cores of RANC compute, whatever its weights."""
    require_clocked(graph, ("exact",))
    if not graph.semantics.integers:
        message = f"`{graph.name}` computes with floats, and RANC with integers"
        way_out = "quantize it first: `snncc quantize … --target ranc`"
        raise CompileError(Diagnostic("E071", message, help=way_out))
    for population in graph.populations:
        if sends_numbers(population):
            message = f"`{population.name}` sends numbers, and RANC takes spikes"
            way_out = "send spikes, such as `encode poisson(…)`"
            raise CompileError(Diagnostic("E071", message, population.span, help=way_out))


def ranc_files(
    model: Model, digest: str, trace: Trace | None, core_of: Array | None = None,
    places: Array | None = None,
) -> Folder:  # fmt: skip
    """The files by name, of a model of integers and what the reference does with some samples.
    CompileError(E071, E085) with what RANC does not have; see `assembled.image_of`."""
    require_ranc(model.graph)
    image = image_of(run_model_passes(model), core_of, places)
    files = {"config.json": config_json(image), **memories(image)}
    files["map.json"] = json.dumps(_map(image, digest), indent=1) + "\n"
    made = [] if trace is None else golden(image, _given(model.graph, trace))
    if trace is None:
        files["input.json"] = input_json(image, [])
    for k, each in enumerate(made):
        _require_same(image, each, trace, k)
        files |= {f"sample_{k}/{name}": text for name, text in _sample(image, each).items()}
    files["README.md"] = readme(image, made)
    facts = {"cores": len(image.cores), **_counts(image, model)}
    return Folder({name: text.encode() for name, text in files.items()}, facts)


def _counts(image: Image, model: Model) -> dict[str, int]:
    own = Numbering.of(image.model.graph).neurons
    axons = sum(len(core.kind) for core in image.cores)
    return {"relays": own - Numbering.of(model.graph).neurons, "axons": axons}


def _given(graph: Graph, trace: Trace) -> dict[str, Array]:
    return {p.name: trace.spikes[p.name] for p in graph.populations if p.step is None}


def _require_same(image: Image, made: Golden, trace: Trace | None, sample: int) -> None:
    """That the cores do what the model does: it would be a mistake of ours."""
    assert trace is not None
    numbering = Numbering.of(image.model.graph)
    for name, spikes in trace.spikes.items():
        population = image.model.graph.population(name)
        if population.step is None:
            continue
        first = numbering.first[name]
        states = trace.states[name]
        (state,) = [s.name for s in population.step.states if s.name not in population.step.still]
        wanted = made.potentials[: len(spikes), first : first + population.neurons]
        assert np.array_equal(states[state][:, sample], wanted), f"{name}: other potentials"


def _sample(image: Image, made: Golden) -> dict[str, str]:
    """The files of a sample: for the simulator, for the circuit's test bench, and all packets."""
    outs = [np.flatnonzero(row).tolist() for row in made.lines]
    width = max(1, (max(1, len(image.outputs)) - 1).bit_length())
    return {
        "input.json": input_json(image, made.given),
        "output.txt": output_text(made),
        "golden.txt": golden_text(image, made),
        "tb_input.txt": "".join(packet_bits(p) + "\n" for tick in made.given for p in tick),
        "tb_num_inputs.txt": "".join(f"{len(tick)}\n" for tick in made.given),
        "tb_correct.txt": "".join(bits(k, width) + "\n" for tick in outs for k in tick),
        "tb_num_outputs.txt": "".join(f"{len(tick)}\n" for tick in outs),
    }


def _map(image: Image, digest: str) -> Mapping[str, Any]:
    """Where all lies: cores with their neurons, outputs with their lines."""
    numbering = Numbering.of(image.model.graph)
    cores = [
        {
            "coordinates": list(core.place),
            "neurons": [numbering.said(int(n)) for n in core.neuron],
            "axons": [numbering.said(int(n)) for n in core.sender],
        }
        for core in image.cores
    ]
    outputs = [p for p in image.model.graph.populations if p.role == "output"]
    said = [f"{p.name}[{k}]" for p in outputs for k in range(p.neurons)]
    late = image.late.tolist()
    lines = [{"output": name, "late": n} for name, n in zip(said, late, strict=True)]
    return {"network": digest, "bus": list(image.bus), "lines": lines, "cores": cores}
