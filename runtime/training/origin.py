"""Where a training starts: at weights that are drawn, or at those of a trained model; and the
integers that run in its place, if it is to learn what they do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ...backends.artifact.model import Package, graph_digest, open_model
from ...backends.artifact.tensors import encode_tensors
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Graph
from ...ir.integers.clipped import clipped
from ...ir.integers.grid import NO_TYPES, Typed, recoded
from ...ir.integers.precision import Deployment
from ...ir.integers.ranges import UNSEEN, Ranges
from ...ir.integers.scales import BASE, NO_SCALES, Scales, rescaled
from ...ir.model import Model, value_name
from ...ir.passes.quantize import Quantize
from ...ir.report import nearest
from ...ir.tensors import numbers
from ..calibration import is_wanted, seen
from ..quantization import Quantized, quantized
from ..samples import Presentation
from .deployment import but_usual
from .options import LEARNT, TrainOptions
from .parameters import Kept, followed_by, movable, still
from .run_folder import START


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """`model` learns, `integers` run in its place, if there are any; `start` is the package that
    the weights are from, None where they were drawn; `warnings` say what of it does not learn;
    `scales`, units that learn; `types`, those of axons; `asked` is what was asked of the integers,
    beside what their graph tells and what is usual."""

    model: Model
    integers: Model | None = None
    start: Package | None = None
    warnings: tuple[Diagnostic, ...] = ()
    asked: tuple[object, ...] = ()
    scales: Scales = field(default_factory=lambda: NO_SCALES)
    types: Typed = field(default_factory=lambda: NO_TYPES)

    def packaged(self, floats: Model) -> Model:
        """What a run keeps of the floats that it has learnt: their integers, if those run."""
        if self.integers is None:
            return floats
        learnt = (name for name, scale in self.scales.items() if scale.is_learnt)
        bases = {name: floats.values[value_name(name, BASE)].array for name in learnt}
        moved = rescaled(self.integers, self.scales, bases, followed_by(floats))
        return recoded(moved, floats, self.types)

    def digest(self, digest: str) -> str:
        """The checksum of a run that starts here, by that of one that draws its weights."""
        if self.start is None and not self.asked:
            return digest
        words = [digest.encode()]
        if self.start is not None:
            learnt = self.start.model.values.items()
            words.append(repr(self.start.model.seed).encode())
            words.append(encode_tensors({name: numbers(v) for name, v in learnt}))
        if self.integers is not None:
            words.append(graph_digest(self.integers.graph).encode())
        words += [repr(each).encode() for each in self.asked]
        return hashlib.sha256(b"\n".join(words)).hexdigest()


def origin(
    graph: Graph,
    options: TrainOptions,
    kept: Path | None,
    load: Callable[[Path], Package],
    draw: Callable[[Graph, int], Model],
    train: Presentation | None = None,
) -> Origin:
    """The start of a run of this graph; of one that goes on, `kept` is its folder. Integers are
    calibrated on the samples `train`, if any. CompileError (E060) for a start of another network,
    (E080 to E084) for one that has no integers, (E010) for bits of a projection that is none."""
    start = None
    if options.start is not None:
        start = open_model(kept / START) if kept is not None else load(Path(options.start))
        _require_same(graph, start.model.graph, options.start)
    model = draw(graph, options.seed) if start is None else start.model
    asked = options.deployment
    if asked is None:
        return Origin(model, None, start)
    _require_learnable(graph, asked)
    if not options.warm_up:
        return replace(integers_of(model, options, train), start=start)
    warned = _require_form(model, options, train)
    said = (asked.precision.bits, *but_usual(asked), options.calibrate, options.warm_up)
    said += (LEARNT,) if options.scales == LEARNT else ()
    return Origin(model, None, start, _staying(graph, warned), said)


def integers_of(model: Model, options: TrainOptions, train: Presentation | None) -> Origin:
    """A run that goes on with the integers of a model."""
    asked = options.deployment
    assert asked is not None
    ranges = _seen(model, asked, options.calibrate, train)
    has_scales = options.scales == LEARNT
    kept = _kept(model, asked, ranges) if options.parameters else frozenset()
    made = quantized(still(model, kept), asked, ranges, True, has_scales)
    said: tuple[object, ...] = (LEARNT,) if has_scales else ()
    said += (*but_usual(asked), *((options.calibrate,) if ranges is not UNSEEN else ()))
    said += ("parameters",) if kept else ()
    floats, warnings = _learning(still(model, kept), made), _staying(model.graph, kept)
    return Origin(floats, made.integers, None, warnings, said, made.scales, made.types)


def _kept(model: Model, asked: Deployment, ranges: Ranges) -> Kept:
    """The parameters that learn where integers run."""
    if not any(p.learnt for p in model.graph.populations):
        return frozenset()
    precision = quantized(still(model), asked, ranges, True).precision
    return movable(model, Quantize(precision, asked.method, ranges))


def _require_form(model: Model, options: TrainOptions, train: Presentation | None) -> Kept:
    """CompileError(E080) of a network that has no integers, before it learns in floats; whether its
    weights have units and its sums fit is seen when they are learnt. The parameters that will learn
    then, as far as can be said."""
    asked = options.deployment
    assert asked is not None
    try:
        integers_of(model, options, train)
        return _kept(model, asked, _seen(model, asked, options.calibrate, train))
    except CompileError as error:
        found = [d for d in error.diagnostics if d.code == "E080"]
        if found:
            raise CompileError(found) from error
    return frozenset((p.name, k.name) for p in model.graph.populations for k in p.learnt)


def _learning(model: Model, made: Quantized) -> Model:
    """The floats that learn."""
    floats = clipped(made.floats, made.integers)
    return model if floats.graph == made.floats.graph else floats


def _seen(model: Model, asked: Deployment, count: int, train: Presentation | None) -> Ranges:
    """What the first `count` training samples come to, where that matters."""
    if train is None or count == 0 or not is_wanted(model):
        return UNSEEN
    first = train.pick(np.arange(min(count, len(train))))
    return seen(model, first, asked.method, asked.precision.input_bits)


def _require_learnable(graph: Graph, asked: Deployment) -> None:
    if asked.precision.extra_delay:
        message = "rules learn from spikes that arrive when the program says, not later"
        way_out = "write the delays into the program"
        raise CompileError(Diagnostic("E080", message, help=way_out))
    names = [p.name for p in graph.projections]
    for name in asked.precision.by_projection:
        if name not in names:
            way_out = nearest(name, names) or f"known are {', '.join(names)}"
            message = f"bits are given for `{name}`, and there is no such projection"
            raise CompileError(Diagnostic("E010", message, help=way_out))


def _require_same(graph: Graph, start: Graph, name: str) -> None:
    if start.semantics.integers:
        message = f"`{name}` computes with integers, and floats are what learns"
        way_out = "name the run or the package that it was quantized from"
        raise CompileError(Diagnostic("E080", message, help=way_out))
    if graph_digest(graph) != graph_digest(start):
        message = f"`{name}` is of another network than the program"
        way_out = "take the program that the model was trained by, and its -D"
        raise CompileError(Diagnostic("E060", message, help=way_out))


def _staying(graph: Graph, kept: Kept) -> tuple[Diagnostic, ...]:
    """W051 for parameters of neurons that would learn."""
    return tuple(
        Diagnostic(
            "W051",
            f"`{learnt.name}` of `{population.name}` stays as it is in the model of which integers "
            "are made: what neurons are sent would have other units",
            population.span,
            help="train it further in floats, and start from that",
        )
        for population in graph.populations
        for learnt in population.learnt
        if (population.name, learnt.name) not in kept
    )
