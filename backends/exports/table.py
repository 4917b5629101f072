"""What `snncc export` writes: one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.model import Model
from ..trace import Trace


@dataclass(frozen=True, slots=True)
class Exported:
    """The files by name, and facts about them for the user."""

    files: Mapping[str, bytes]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Details:
    """What may be asked of a form; a row of EXPORTS takes those whose names it has. `neuron`:
    population and number of the one of which vectors are given; `all_outputs`: every spike and
    every state as an output."""

    neuron: tuple[str, int] | None = None
    all_outputs: bool = False

    @property
    def given(self) -> frozenset[str]:
        """The names of those that are asked for."""
        return frozenset(f.name for f in fields(self) if getattr(self, f.name) != f.default)


NO_DETAILS = Details()


class Write(Protocol):
    """What writes a form."""

    def __call__(
        self, model: Model, digest: str, trace: Trace | None, details: Details = NO_DETAILS
    ) -> Exported:
        """The files."""


@dataclass(frozen=True, slots=True)
class Export:
    """A form of a model. `write` takes the model, the digest of its graph, what the reference does
    with some samples, states included, which the form comes with a test of; None: without; and the
    details, of which the form takes `details`. CompileError(E071) for a model that the form cannot
    say. `is_built`: gcc makes a program of its test. `needs_trace`: it is made of that alone."""

    summary: str
    write: Write
    is_built: bool = False
    needs_trace: bool = False
    details: frozenset[str] = frozenset()


def _c(model: Model, digest: str, trace: Trace | None, details: Details = NO_DETAILS) -> Exported:
    from .c.program import c_program
    from .c.vectors import test_program, vectors_header

    made = c_program(model, digest)
    files = {"net.h": made.header, "net.c": made.source}
    if trace is not None:
        files["vectors.h"] = vectors_header(model.graph, trace, made.states)
        files["test_net.c"] = test_program(model.graph, made.states)
    facts = {"flash_bytes": made.flash, "ram_bytes": made.ram}
    return Exported({name: text.encode() for name, text in files.items()}, facts)


def _onnx(
    model: Model, digest: str, trace: Trace | None, details: Details = NO_DETAILS
) -> Exported:
    from .onnx.scan import scan_model

    every = details.all_outputs
    made = scan_model(model, digest, every_spike=every, every_state=every)
    return _with_vectors(model, "model.onnx", made, trace)


def _onnx_step(
    model: Model, digest: str, trace: Trace | None, details: Details = NO_DETAILS
) -> Exported:
    from .onnx.step import step_model

    made = step_model(model, digest, every_spike=details.all_outputs)
    return _with_vectors(model, "step.onnx", made, trace)


def _onnx_qdq(
    model: Model, digest: str, trace: Trace | None, details: Details = NO_DETAILS
) -> Exported:
    from .onnx.scan import scan_model

    if model.graph.semantics.integers:
        message = f"`{model.graph.name}` computes with integers, and onnx-qdq with floats"
        way_out = "take the model it was made from, or --target onnx, whose bits are the package's"
        raise CompileError(Diagnostic("E071", message, help=way_out))
    every = details.all_outputs
    made = scan_model(model, digest, every_spike=every, every_state=every, is_coded=True)
    return _with_vectors(model, "model.onnx", made, trace)


def _with_vectors(model: Model, name: str, made: Any, trace: Trace | None) -> Exported:
    """The file, and what the reference does, which floats come near."""
    from .onnx.form import NUMBERS
    from .onnx.vectors import vectors

    content = made.SerializeToString()
    files = {name: content}
    if trace is not None:
        files["vectors.npz"] = vectors(model.graph, trace)
    said = {p.key: p.value for p in made.metadata_props}
    return Exported(files, {"bytes": len(content), "numbers": said[NUMBERS]})


def _vectors(
    model: Model, digest: str, trace: Trace | None, details: Details = NO_DETAILS
) -> Exported:
    from .vectors.cut import Place
    from .vectors.folder import require_vectors, vector_files

    require_vectors(model.graph)
    assert trace is not None, "vectors are made of samples"
    place = None if details.neuron is None else Place(*details.neuron)
    files = vector_files(model, digest, trace, place)
    return Exported(files, {"bytes": sum(map(len, files.values()))})


OUTPUTS = frozenset({"all_outputs"})

EXPORTS: dict[str, Export] = {
    "c": Export("C99 of integers, with a test of golden vectors", _c, is_built=True),
    "onnx": Export("an ONNX model over time, with golden vectors", _onnx, details=OUTPUTS),
    "onnx-step": Export(
        "an ONNX model of one step, with golden vectors", _onnx_step, details=OUTPUTS
    ),
    "onnx-qdq": Export(
        "an ONNX model over time of floats, weights of int8; not bit exact",
        _onnx_qdq,
        details=OUTPUTS,
    ),
    "vectors": Export(
        "golden vectors of a neuron, a synapse, a layer and the net, with a bench in SystemVerilog",
        _vectors,
        needs_trace=True,
        details=frozenset({"neuron"}),
    ),
}
