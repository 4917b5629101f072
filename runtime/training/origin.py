"""Where a training starts: at weights that are drawn, or at those of a trained model; and the
integers that run in its place, if it is to learn what they do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ...backends.artifact.model import Package, graph_digest, open_model
from ...backends.artifact.tensors import encode_tensors
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Graph
from ...ir.integers.grid import recoded
from ...ir.integers.precision import Deployment, Precision
from ...ir.model import Model
from ...ir.tensors import numbers
from ..quantization import quantized
from .options import TrainOptions
from .run_folder import START


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """`model` learns, `integers` run in its place, if there are any; `start` is the package that
    the weights are from, None where they were drawn; `warnings` say what of it does not learn."""

    model: Model
    integers: Model | None = None
    start: Package | None = None
    warnings: tuple[Diagnostic, ...] = ()

    def packaged(self, floats: Model) -> Model:
        """What a run keeps of the floats that it has learnt: their integers, if those run."""
        return floats if self.integers is None else recoded(self.integers, floats)

    def digest(self, digest: str) -> str:
        """The checksum of a run that starts here, by that of one that draws its weights."""
        if self.start is None:
            return digest
        values = encode_tensors({name: numbers(v) for name, v in self.start.model.values.items()})
        words = [digest.encode(), repr(self.start.model.seed).encode(), values]
        if self.integers is not None:
            words.append(graph_digest(self.integers.graph).encode())
        return hashlib.sha256(b"\n".join(words)).hexdigest()


def origin(
    graph: Graph,
    options: TrainOptions,
    kept: Path | None,
    load: Callable[[Path], Package],
    draw: Callable[[Graph, int], Model],
) -> Origin:
    """The start of a run of this graph; of one that goes on, `kept` is its folder. CompileError
    (E060) for a start of another network, (E080 to E084) for one that has no integers."""
    if options.start is None:
        return Origin(draw(graph, options.seed))
    start = open_model(kept / START) if kept is not None else load(Path(options.start))
    _require_same(graph, start.model.graph, options.start)
    if options.bits is None:
        return Origin(start.model, None, start)
    asked = Deployment(Precision(bits=options.bits), method="mse")
    made = quantized(start.model, asked, is_learning=True)
    return Origin(_still(start.model), made.integers, start, _kept(graph))


def _require_same(graph: Graph, start: Graph, name: str) -> None:
    if start.semantics.integers:
        message = f"`{name}` computes with integers, and floats are what learns"
        way_out = "name the run or the package that it was quantized from"
        raise CompileError(Diagnostic("E080", message, help=way_out))
    if graph_digest(graph) != graph_digest(start):
        message = f"`{name}` is of another network than the program"
        way_out = "take the program that the model was trained by, and its -D"
        raise CompileError(Diagnostic("E060", message, help=way_out))


def _still(model: Model) -> Model:
    """The model whose parameters stay as they are: their integers are made once."""
    populations = tuple(replace(p, learnt=()) for p in model.graph.populations)
    return replace(model, graph=replace(model.graph, populations=populations))


def _kept(graph: Graph) -> tuple[Diagnostic, ...]:
    """W051 for parameters of neurons that would learn."""
    return tuple(
        Diagnostic(
            "W051",
            f"`{learnt.name}` of `{population.name}` stays as it is in the model that this starts "
            "from: integers have it as it was when they were made",
            population.span,
            help="train it further in floats, and start from that",
        )
        for population in graph.populations
        for learnt in population.learnt
    )
