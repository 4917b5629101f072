"""Data as the samples that a network is presented with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..backends.protocols import Samples
from ..ir.diagnostics import CompileError, Diagnostic, Span
from ..ir.graph import Graph, Population
from ..ir.rules import ENCODINGS, GIVEN
from .datasets.data import Data

# The id of a sample keys its frozen encoding: those of the two splits must differ.
FIRST_ID = {"train": 0, "test": 2**32}

Order = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Presentation:
    """A split, flattened to the network's inputs, with the ids of its samples."""

    values: npt.NDArray[Any]  # [samples, inputs] or [samples, steps, inputs]
    labels: npt.NDArray[np.int32]
    ids: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.labels)

    def pick(self, order: Order, importance: npt.NDArray[np.float32] | None = None) -> Samples:
        """The samples of these indices, in this order; importance 1 if None."""
        weights = np.ones(len(order), np.float32) if importance is None else importance[order]
        return Samples(self.values, order, self.ids[order], self.labels[order], weights)


def present(graph: Graph, data: Data, split: str, span: Span | None = None) -> Presentation:
    """The data in the form that the graph takes; CompileError(E062) if they do not fit."""
    problems = [*_input_problems(graph, data, span), *_label_problems(graph, data, span)]
    if problems:
        raise CompileError(problems)
    axes = 2 if data.is_spikes else 1
    values = data.values.reshape(*data.values.shape[:axes], -1)
    ids = np.arange(len(data), dtype=np.uint64) + np.uint64(FIRST_ID[split])
    return Presentation(values, data.labels, ids)


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
    axes = 2 if data.is_spikes else 1
    found = int(np.prod(data.values.shape[axes:]))
    wanted = sum(p.neurons for p in inputs)
    problems = []
    if found != wanted:
        shapes = " and ".join(f"{p.name}{list(p.shape)}" for p in inputs) or "no input"
        message = f"a sample of the data has {found} values, but the network has {wanted} inputs"
        way_out = f"give the inputs ({shapes}) {found} neurons in all"
        problems.append(Diagnostic("E062", message, span, help=way_out))
    for population in inputs:
        kind = "" if population.encoding is None else population.encoding.kind
        takes_trains = kind in ENCODINGS and ENCODINGS[kind].kernel == GIVEN
        if takes_trains != data.is_spikes:
            problems.append(_encoding_problem(population, kind, data, span))
        elif data.is_spikes:
            problems += _duration_problems(graph, population, data, span)
    return problems


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
    way_out = f"write `encode spikes(duration = {found * graph.dt:g} ms)`"
    return [Diagnostic("E062", message, population.span or span, help=way_out)]


def _encoding_problem(
    population: Population, kind: str, data: Data, span: Span | None
) -> Diagnostic:
    what = "spike trains" if data.is_spikes else "numbers in 0..1"
    way_out = "encode spikes(duration = …)" if data.is_spikes else "encode poisson(duration = …)"
    message = f"the data are {what}, but the input `{population.name}` is encoded by `{kind}`"
    return Diagnostic("E062", message, population.span or span, help=f"write `{way_out}`")


def _label_problems(graph: Graph, data: Data, span: Span | None) -> list[Diagnostic]:
    outputs = outputs_of(graph)
    if len(outputs) != 1 or data.classes <= outputs[0].neurons:
        return []
    (output,) = outputs
    message = (
        f"the data have {data.classes} classes, but `{output.name}` has {output.neurons} neurons"
    )
    way_out = f"write `output {output.name}[{data.classes}]`"
    return [Diagnostic("E062", message, output.span or span, help=way_out)]
