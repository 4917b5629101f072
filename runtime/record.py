"""What was recorded of a simulation as named arrays, and as text; the same from every target."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..backends.artifact.model import graph_digest
from ..backends.trace import Trace, seen_of, steps_seen
from ..ir.graph import Graph, Projection
from ..ir.model import Model
from ..ir.running import SPIKES, Probe, all_of
from ..ir.synapse import WEIGHT

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
KINDS = (".npz", ".csv")  # of files


def record_of(model: Model, trace: Trace) -> Arrays:
    """`recorded` of a whole trace, with its states, where it has any."""
    probes = [p for p in all_of(model.graph, bool(trace.states)) if not p.of_synapses]
    steps, samples, _ = next(iter(trace.spikes.values())).shape
    return recorded(model, probes, [seen_of(trace, p) for p in probes], samples, steps)


def recorded(
    model: Model, probes: Sequence[Probe], seen: Sequence[Array], samples: int, steps: int
) -> Arrays:
    """What `run --record` writes of what the probes saw.

    "spikes/<population>": int32 [spikes, 3], a row (sample, step, neuron) each, sorted; of some of
    the neurons alone "recorded/<population>" are the first and the end of these.
    "states/<population>/<state>": [sample, step, neuron], float64, of a counter int32; of some
    neurons or steps alone "steps/…" and "indices/…" say which they are.
    "synapses/<projection>/<state>": [sample, time, synapse], float64, after the steps "steps/…";
    "pre/<projection>" and "post/<projection>" are the ends of its synapses. `dt` [ms]; `digest` of
    the graph; `populations` whose spikes are all there, the `neurons` of each; `samples`, `steps`;
    `units`: rows (population/state, unit).
    """
    graph, index = model.graph, model.graph.index()
    whole = [p.population for p in probes if p.what == SPIKES and _is_whole(p, graph)]
    found: Arrays = {
        "dt": np.array(graph.dt),
        "digest": np.array(graph_digest(graph)),
        "populations": np.array(whole, np.str_),
        "neurons": np.array([index[name].neurons for name in whole], np.int64),
        "samples": np.array(samples),
        "steps": np.array(steps),
    }
    for probe, array in zip(probes, seen, strict=True):
        name = probe.population
        if probe.what == SPIKES:
            found[f"spikes/{name}"] = array
            if not _is_whole(probe, graph):
                found[f"recorded/{name}"] = np.array([probe.first, probe.end])
            continue
        numbers = array.astype(np.float64) if array.dtype.kind == "f" else array
        if probe.of_synapses:
            found[f"synapses/{name}/{probe.what}"] = numbers
            found[f"steps/{name}/{probe.what}"] = steps_seen(probe, steps)
            found[f"pre/{name}"], found[f"post/{name}"] = model.wirings[name].pairs()
            continue
        found[f"states/{name}/{probe.what}"] = numbers
        if not _is_whole(probe, graph):
            found[f"steps/{name}/{probe.what}"] = steps_seen(probe, steps)
            found[f"indices/{name}/{probe.what}"] = np.arange(probe.first, probe.end)
    return found | {"units": np.array(_units(graph), np.str_).reshape(-1, 2)}


def files_of(
    path: Path,
    model: Model,
    probes: Sequence[Probe],
    seen: Sequence[Array],
    samples: int,
    steps: int,
) -> dict[Path, bytes]:
    """What is written of a run where it is to go to `path`, one of KINDS: arrays as .npz, lines as
    .csv, those of states in a file of their own beside it."""
    assert path.suffix in KINDS, path
    if path.suffix == ".npz":
        return {path: npz(recorded(model, probes, seen, samples, steps))}
    files = {}
    if any(probe.what != SPIKES for probe in probes):
        beside = path.with_suffix(".states.csv")
        files[beside] = "".join(states_text(model.graph, probes, seen, steps)).encode()
    return {**files, path: "".join(spikes_text(model.graph, probes, seen)).encode()}


def npz(arrays: Arrays) -> bytes:
    """The arrays as an archive, without pickled objects."""
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    return content.getvalue()


def _is_whole(probe: Probe, graph: Graph) -> bool:
    if probe.of_synapses:
        return False
    neurons = graph.population(probe.population).neurons
    return (probe.first, probe.end, probe.every) == (0, neurons, 1)


def _units(graph: Graph) -> list[tuple[str, str]]:
    return [
        (f"{p.name}/{state.name}", state.unit)
        for p in graph.populations
        if p.step is not None
        for state in p.step.states
        if state.name not in p.step.still
    ] + [(f"{p.name}/{name}", unit) for p in graph.projections for name, unit in _held(p)]


def _held(projection: Projection) -> list[tuple[str, str]]:
    if projection.synapse is None:
        return []
    model = projection.synapse.model
    units = {state.name: state.unit for state in model.states} | {WEIGHT: model.unit}
    return [(name, units[name]) for name in model.held]


def spikes_text(graph: Graph, probes: Sequence[Probe], seen: Sequence[Array]) -> Iterator[str]:
    """The spikes as lines of a .csv, as `snncc diff` reads them."""
    yield from _head(graph)
    yield "sample,step,population,neuron\n"
    for probe, rows in zip(probes, seen, strict=True):
        if probe.what == SPIKES:
            for sample, step, neuron in rows.tolist():
                yield f"{sample},{step},{_quoted(probe.population)},{neuron}\n"


def states_text(
    graph: Graph, probes: Sequence[Probe], seen: Sequence[Array], steps: int
) -> Iterator[str]:
    """The states as lines of a .csv, a value each, in the unit of the state."""
    yield from _head(graph)
    units = dict(_units(graph))
    yield "sample,step,population,neuron,state,unit,value\n"
    for probe, values in zip(probes, seen, strict=True):
        if probe.what == SPIKES:
            continue
        name = _quoted(probe.population)
        about = f"{probe.what},{units[f'{probe.population}/{probe.what}']}"
        for sample, of_one in enumerate(values):
            for step, row in zip(steps_seen(probe, steps).tolist(), of_one, strict=True):
                for neuron, value in enumerate(row.tolist(), probe.first):
                    yield f"{sample},{step},{name},{neuron},{about},{value!r}\n"


def _head(graph: Graph) -> Iterator[str]:
    yield f"# {graph.name}, dt {graph.dt:.10g} ms, digest {graph_digest(graph)}\n"


def _quoted(name: str) -> str:
    return f'"{name}"' if "," in name else name
