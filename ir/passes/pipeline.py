"""The passes in their order, each followed by the verifier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..diagnostics import CompileError, Diagnostic
from ..graph import Graph
from ..model import Model, verify_model
from ..verify import properties, require, verify
from .discretize import Discretize
from .fold import Fold
from .infer_shapes import InferShapes
from .schedule import Schedule
from .settle import Settle


class Pass(Protocol):
    """A step of the compiler: properties of a graph that it needs and those it gives."""

    @property
    def name(self) -> str:
        """What `--print-after` calls it."""

    @property
    def requires(self) -> frozenset[str]:
        """Properties (see `verify.PROPERTIES`) that must hold before."""

    @property
    def ensures(self) -> frozenset[str]:
        """Properties that hold after."""

    def run(self, graph: Graph) -> Graph:
        """The changed graph; the given one stays as it is."""


class ModelPass(Protocol):
    """A step of the compiler that reads or changes values: of a model, and to one."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def requires(self) -> frozenset[str]:
        """Properties of the model's graph (see `verify.PROPERTIES`) that must hold before."""

    def run(self, model: Model) -> Model:
        """The changed model; the given one stays as it is."""


PIPELINE: tuple[Pass, ...] = (InferShapes(), Discretize(), Fold(), Schedule())


def run_pipeline(
    graph: Graph,
    after: Callable[[str, Graph], None] | None = None,
    passes: tuple[Pass, ...] = PIPELINE,
) -> Graph:
    """The graph after all passes; `after` is told each pass's name and the graph it made."""
    held = verify(graph)
    for each in passes:
        missing = each.requires - held
        require(not missing, f"{each.name} needs {', '.join(sorted(missing))}")
        before, graph = graph, each.run(graph)
        held = verify(graph, before)
        missing = each.ensures - held
        require(not missing, f"{each.name} did not give {', '.join(sorted(missing))}")
        if after is not None:
            after(each.name, graph)
    return graph


RUNNABLE: tuple[ModelPass, ...] = (Settle(),)


def run_model_passes(model: Model, passes: tuple[ModelPass, ...] = RUNNABLE) -> Model:
    """The model after the passes; those that every simulator needs, if none are said."""
    for each in passes:
        missing = each.requires - verify(model.graph)
        require(not missing, f"{each.name} needs {', '.join(sorted(missing))}")
        model = each.run(model)
        verify(model.graph)
        verify_model(model)
    return model


def examine(
    graph: Graph, passes: tuple[Pass, ...] = PIPELINE
) -> tuple[Graph, tuple[Diagnostic, ...]]:
    """The graph after all passes, and what they refuse: after one that refuses something, those
    that need nothing of it are still run."""
    mistakes: list[Diagnostic] = []
    held = properties(graph)
    try:
        verify(graph)
    except CompileError as error:
        mistakes += error.diagnostics
    for each in passes:
        if not each.requires <= held:
            continue
        try:
            changed = each.run(graph)
            if not mistakes:
                verify(changed, graph)
            graph, held = changed, held | each.ensures
        except CompileError as error:
            mistakes += error.diagnostics
    return graph, tuple(mistakes)
