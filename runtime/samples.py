"""Data as the samples that a network is presented with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..backends.protocols import Samples
from ..ir.diagnostics import CompileError, Diagnostic, Span
from ..ir.graph import Graph, Population
from ..ir.report import listing
from ..ir.trains import most_given, takes_trains
from .datasets.data import Data
from .datasets.labels import naming

# The id of a sample keys its frozen encoding: those of the two splits must differ.
FIRST_ID = {"train": 0, "test": 2**32}

Order = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Presentation:
    """Samples of a split, flattened to the network's inputs, with their ids; `names` are the
    classes in the user's words, if those are not their numbers. `rows` says where in `values` each
    sample is; None: they are all samples of the split, in its order."""

    values: npt.NDArray[Any]  # [rows, inputs] or [rows, steps, inputs]
    labels: npt.NDArray[np.int32]
    ids: npt.NDArray[np.uint64]
    names: tuple[str, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    rows: Order | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def pick(self, order: Order, importance: npt.NDArray[np.float32] | None = None) -> Samples:
        """The samples of these indices, in this order; importance 1 if None."""
        weights = np.ones(len(order), np.float32) if importance is None else importance[order]
        rows = order if self.rows is None else self.rows[order]
        return Samples(self.values, rows, self.ids[order], self.labels[order], weights)

    def part(self, order: Order) -> Presentation:
        """The samples of these indices, in this order; they share the values."""
        rows = order if self.rows is None else self.rows[order]
        return replace(self, labels=self.labels[order], ids=self.ids[order], rows=rows)


def present(graph: Graph, data: Data, split: str, span: Span | None = None) -> Presentation:
    """The data in the form that the graph takes; CompileError(E062) if they do not fit."""
    data = _as_trains(graph, data)
    problems = [*_input_problems(graph, data, span), *_label_problems(graph, data, span)]
    if problems:
        raise CompileError(problems)
    axes = 2 if data.is_spikes else 1
    values = data.values.reshape(*data.values.shape[:axes], -1)
    ids = np.arange(len(data), dtype=np.uint64) + np.uint64(FIRST_ID[split])
    return Presentation(values, data.labels, ids, data.names, data.warnings)


def _as_trains(graph: Graph, data: Data) -> Data:
    """Numbers that are all 0 or 1 as spike trains, where an input takes those."""
    takes = any(takes_trains(p) for p in graph.populations)
    if not takes or data.is_spikes or data.values.ndim < 3 or _no_spike(data) is not None:
        return data
    return replace(data, values=data.values.astype(np.uint8))


def _no_spike(data: Data) -> float | None:
    """A value that is neither 0 nor 1; None if there is none."""
    others = data.values[(data.values != 0) & (data.values != 1)]
    return float(others[0]) if others.size else None


def outputs_of(graph: Graph) -> tuple[Population, ...]:
    """The output populations. One of them answers with the class of a sample; of none or several
    the counts can be shown."""
    return tuple(p for p in graph.populations if p.role == "output")


def output_population(graph: Graph) -> Population:
    """The population that answers; CompileError(E044) if there is not exactly one."""
    outputs = outputs_of(graph)
    if len(outputs) == 1:
        return outputs[0]
    names = ", ".join(p.name for p in outputs) or "none"
    message = f"a network that classifies has one output population; `{graph.name}` has {names}"
    way_out = "write one of them as `output`; `snncc run` shows the counts of any number"
    raise CompileError(Diagnostic("E044", message, help=way_out))


def _input_problems(graph: Graph, data: Data, span: Span | None) -> list[Diagnostic]:
    inputs = [p for p in graph.populations if p.role == "input"]
    if not inputs:
        message = f"`{graph.name}` has no input, so no data can be presented to it"
        way_out = "declare one, `input x[…] encode poisson(duration = …)`"
        return [Diagnostic("E062", message, span, help=way_out)]
    wrong = [p for p in inputs if takes_trains(p) != data.is_spikes]
    if wrong:
        return [_encoding_problem(population, data, span) for population in wrong]
    problems = _count_problems(inputs, data, span)
    if data.is_spikes:
        problems += (d for p in inputs for d in _duration_problems(graph, p, data, span))
        problems = problems or list(_most_problems(inputs, data, span))
    return problems


def _count_problems(inputs: list[Population], data: Data, span: Span | None) -> list[Diagnostic]:
    found = int(np.prod(data.values.shape[2 if data.is_spikes else 1 :]))
    wanted = sum(p.neurons for p in inputs)
    if found == wanted:
        return []
    shapes = " and ".join(f"{p.name}{list(p.shape)}" for p in inputs)
    what = "a step" if data.is_spikes else "a sample"
    message = f"{what} of the data has {found} values, but the network has {wanted} inputs"
    way_out = f"give the inputs ({shapes}) {found} neurons in all"
    if _may_be_trains(data, wanted):
        way_out += "; or, if these are spike trains, write `encode spikes(duration = …)`"
    return [Diagnostic("E062", message, span, help=way_out)]


def _may_be_trains(data: Data, inputs: int) -> bool:
    """Whether numbers are as trains [samples, steps, inputs] would be."""
    values = data.values
    if data.is_spikes or values.ndim < 3 or np.prod(values.shape[2:]) != inputs:
        return False
    return _no_spike(data) is None


def _duration_problems(
    graph: Graph, population: Population, data: Data, span: Span | None
) -> list[Diagnostic]:
    assert population.encoding is not None
    duration = population.encoding["duration"]
    assert isinstance(duration, float | int)
    steps, found = round(duration / graph.dt), data.values.shape[1]
    if steps == found:
        return []
    message = f"the spike trains have {found} steps, but `{population.name}` takes {steps}"
    way_out = f"write `encode spikes(duration = {found * graph.dt:.10g} ms)`"
    return [Diagnostic("E062", message, population.span or span, help=way_out)]


def _most_problems(inputs: list[Population], data: Data, span: Span | None) -> Iterator[Diagnostic]:
    """The first count of each input that is more than a step may have."""
    trains, lo = data.values.reshape(*data.values.shape[:2], -1), 0
    for population in inputs:
        own, most = trains[:, :, lo : lo + population.neurons], most_given(population)
        lo += population.neurons
        if own.max(initial=0) <= most:
            continue
        sample, step, neuron = (int(k) for k in np.argwhere(own > most)[0])
        message = (
            f"neuron {neuron} of `{population.name}` has {own[sample, step, neuron]} spikes in "
            f"step {step} of sample {sample} (all from 0), and a step may have {most}"
        )
        way_out = f"write `encode spikes(duration = …, most = {own.max()})`, or give fewer spikes"
        yield Diagnostic("E062", message, population.span or span, help=way_out)


def _encoding_problem(population: Population, data: Data, span: Span | None) -> Diagnostic:
    assert population.encoding is not None
    kind, place = population.encoding.kind, population.span or span
    if data.is_spikes:
        message = (
            f"the data are spike trains, but the input `{population.name}` is encoded by `{kind}`"
        )
        return Diagnostic("E062", message, place, help="write `encode spikes(duration = …)`")
    message = f"the input `{population.name}` takes spike trains, but the data "
    if data.values.ndim < 3:
        message += f"have the shape {list(data.values.shape)}"
    else:
        message += f"hold {_no_spike(data):g}"
    way_out = (
        "trains are 0 and 1, [samples, steps, inputs]; or write `encode poisson(duration = …)`"
    )
    return Diagnostic("E062", message, place, help=way_out)


def _label_problems(graph: Graph, data: Data, span: Span | None) -> list[Diagnostic]:
    outputs = outputs_of(graph)
    if len(outputs) != 1 or data.classes <= outputs[0].neurons:
        return []
    (output,) = outputs
    found = data.names or tuple(map(str, data.occurring))
    message = (
        f"the labels are {listing(found, most=6)}, but `{output.name}` has {output.neurons} "
        f"neurons, for the classes 0 to {output.neurons - 1}"
    )
    way_out = f"write `output {output.name}[{data.classes}]`"
    if not data.names and len(found) < data.classes:
        way_out = f"if those are all classes there are, say {naming(data.occurring)} of the data"
        if len(found) != output.neurons:
            way_out += f", and write `output {output.name}[{len(found)}]`"
    return [Diagnostic("E062", message, output.span or span, help=way_out)]
