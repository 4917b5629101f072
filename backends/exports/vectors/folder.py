"""The folder of golden vectors: its four parts, the weights, a manifest and a README."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import SUMS, Graph, Population
from ....ir.model import Model, sent_unit, start_of
from ....ir.neuron import State
from ....ir.text import print_graph
from ....ir.types import DType, Fixed
from ...runnable import require_clocked
from ...trace import Trace
from .bench import bench
from .cut import (
    Part,
    Place,
    chosen,
    layer_part,
    net_part,
    neuron_part,
    require_reached,
    synapse_part,
)
from .dut import circuit
from .layout import Field, Layout, layout_of, step_of
from .meaning import meaning_of
from .readme import readme
from .sizes import sizes_of
from .tables import (
    events_csv,
    hex_bits,
    hex_words,
    number_words,
    numbers_csv,
    spike_rows,
    state_words,
    states_csv,
)
from .weights import unit_of, weight_files, weights_said

RULE = "the neuron that fires most, of the population that is evaluated first"
GIVEN = "as asked for"
WORD = 32  # bits


def vector_files(model: Model, digest: str, trace: Trace, place: Place | None) -> dict[str, bytes]:
    """The files by name, of a model of integers and what the reference does with some samples.
    CompileError(E071) for one of floats, and for a neuron to which no synapse leads; without a
    `place` it is chosen by RULE."""
    require_vectors(model.graph)
    if place is not None:
        require_reached(model, place)
    found = place or chosen(model, trace)
    parts = (
        neuron_part(model, trace, found),
        synapse_part(model, trace, found),
        layer_part(model, trace, found.population),
        net_part(model, trace),
    )
    files = {f"{p.folder}/{name}": text for p in parts for name, text in _texts(p).items()}
    manifest = {
        **_head(model, digest, trace),
        "neuron": {**found._asdict(), "chosen": GIVEN if place else RULE},
        "parts": [_said(part, model) for part in parts],
        "weights": weights_said(model),
        "sizes": sizes_of(model, trace),
    }
    files["manifest.json"] = json.dumps(manifest, indent=1) + "\n"
    files["README.md"] = readme(manifest)
    return {**weight_files(model), **{name: text.encode() for name, text in files.items()}}


def require_vectors(graph: Graph) -> None:
    """CompileError(E071) for a graph of which there are no vectors."""
    require_clocked(graph, tuple(SUMS))
    if not graph.semantics.integers:
        message = f"`{graph.name}` computes with floats, and vectors are of integers"
        way_out = "quantize it first: snncc quantize MODEL --out q8.snnpkg"
        raise CompileError(Diagnostic("E071", message, help=way_out))
    found = [each for p in graph.populations if p.step is not None for each in _wide(p)]
    if found:
        raise CompileError(found)


def _wide(population: Population) -> list[Diagnostic]:
    """The states that a word does not hold."""
    return [
        Diagnostic(
            "E071",
            f"`{state.name}` of `{population.name}` is {state.dtype}, and vectors have {WORD} bits",
            population.span,
            help="quantize the network that it was made from",
        )
        for state in step_of(population).states
        if isinstance(state.dtype, Fixed) and state.dtype.bits > WORD
    ]


def _head(model: Model, digest: str, trace: Trace) -> dict[str, Any]:
    steps, samples = next(iter(trace.spikes.values())).shape[:2]
    return {
        "format": 1,
        "network": model.graph.name,
        "semantics": model.graph.semantics.integers,
        "graph": digest,
        "dt_ms": model.graph.dt,
        "sums": model.graph.semantics.sums,
        "samples": samples,
        "steps": steps,
    }


def _texts(part: Part) -> dict[str, str]:
    layout, trace = layout_of(part.model.graph), part.trace
    steps, samples = next(iter(trace.spikes.values())).shape[:2]
    inputs, numbers = ([f.population for f in each] for each in (layout.inputs, layout.numbers))
    spiking = [f.population for f in layout.spikes]
    made = circuit(part.model)
    return {
        "inputs.csv": events_csv(trace, inputs),
        "inputs.hex": hex_bits(spike_rows(trace, inputs)),
        **_numbers(trace, numbers),
        "spikes.csv": events_csv(trace, spiking),
        "spikes.hex": hex_bits(spike_rows(trace, spiking)),
        "states.csv": states_csv(trace, layout),
        "states.hex": hex_words(state_words(trace, layout), 32),
        "graph.snnir": print_graph(part.model.graph),
        "bench.sv": bench(layout, samples, steps),
        "dut.sv": made.text,
        **made.memories,
    }


def _numbers(trace: Trace, populations: list[Population]) -> dict[str, str]:
    if not populations:
        return {}
    words = hex_words(number_words(trace, populations), WORD)
    return {"numbers.csv": numbers_csv(trace, populations), "numbers.hex": words}


def _said(part: Part, network: Model) -> dict[str, Any]:
    """What the manifest says of a part."""
    layout = layout_of(part.model.graph)
    inputs, spikes, states = layout.sizes
    return {
        "folder": part.folder,
        "about": part.about,
        "inputs_bits": inputs,
        "spikes_bits": spikes,
        "states_words": states,
        "numbers_words": layout.words_in,
        "inputs": [_field(part, f, network.graph) for f in layout.inputs],
        "numbers": [_number(part, f, network) for f in layout.numbers],
        "spikes": [_field(part, f, network.graph) for f in layout.spikes],
        "states": [_state(part, f) for f in layout.states],
        "constants": _constants(part, layout),
        "projections": [
            {"name": p.name, "pre": p.pre, "post": p.post, "port": p.port, "delay_steps": p.delay}
            for p in part.model.graph.projections
        ],
    }


def _field(part: Part, field: Field, graph: Graph) -> dict[str, Any]:
    """Spikes of a part, and whose they are in the network."""
    name, origin = field.population.name, part.origins[field.population.name]
    every = tuple(range(graph.population(origin.population).neurons))
    return {
        "name": name,
        "first": field.first,
        "count": field.population.neurons,
        "of": origin.population,
        "neurons": "all" if origin.neurons == every else list(origin.neurons),
        "delayed_steps": origin.delay,
    }


def _number(part: Part, field: Field, network: Model) -> dict[str, Any]:
    """The same of numbers; `lsb`: what a code of 1 is worth in the network."""
    said = _field(part, field, network.graph)
    return {**said, "lsb": sent_unit(network, network.graph.population(said["of"]))}


def _constant(model: Model, field: Field, state: State) -> dict[str, Any]:
    said, (role, of) = _codes(model, field, state), meaning_of(step_of(field.population), state)
    if role in ("threshold", "floor"):
        (owner,) = (s for s in step_of(field.population).states if s.name == of)
        beside = _codes(model, field, owner)
        said |= {"lsb": beside["lsb"], "unit": beside["unit"]}
    return {**said, "role": role, "of": of}


def _state(part: Part, field: Field) -> dict[str, Any]:
    assert field.state is not None
    return {
        "population": field.population.name,
        "first": field.first,
        "count": field.population.neurons,
        **_codes(part.model, field, field.state),
    }


def _codes(model: Model, field: Field, state: State) -> dict[str, Any]:
    """What a state's codes are: code x lsb is its value, in `unit`."""
    unit = unit_of(model, field.population.name, state.name)
    frac = state.dtype.frac if isinstance(state.dtype, Fixed) else 0
    least = [u * 2.0**-frac for u in unit] if isinstance(unit, list) else (unit or 1.0) * 2.0**-frac
    codes = start_of(model, field.population, state, {}, np.float64).tolist()
    return {
        "state": state.name,
        "type": str(state.dtype),
        "lsb": least,
        "unit": "steps" if unit is None and state.dtype is DType.I32 else state.unit,
        "start": codes,
    }


def _constants(part: Part, layout: Layout) -> list[dict[str, Any]]:
    """What stands still in a neuron, and of which state it is the threshold, the floor, the factor:
    the first two have its unit."""
    return [
        {"population": f.population.name, **_constant(part.model, f, state)}
        for f in layout.spikes
        for state in step_of(f.population).states
        if state.name in step_of(f.population).still
    ]
