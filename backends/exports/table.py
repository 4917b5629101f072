"""What `snncc export` writes: one row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.model import Model
from ..trace import Trace
from .objects.triples import TRIPLES, host


@dataclass(frozen=True, slots=True)
class Exported:
    """The files by name, and facts about them for the user."""

    files: Mapping[str, bytes]
    facts: Mapping[str, Any]


Write = Callable[[Model, str, Trace | None], Exported]


@dataclass(frozen=True, slots=True)
class Export:
    """A form of a model. `write` takes the model, the digest of its graph, and what the reference
    does with some samples, states included, which the form comes with a test of; None: without.
    CompileError(E071) for a model that the form cannot say. `for_triple`: the same for a row of
    `objects.triples`, of a form that there is one for each of."""

    summary: str
    write: Write
    for_triple: Callable[[str], Write] | None = None


def _c(model: Model, digest: str, trace: Trace | None) -> Exported:
    from .c.program import c_program
    from .c.vectors import test_program, vectors_header

    made = c_program(model, digest)
    files = {"net.h": made.header, "net.c": made.source}
    if trace is not None:
        files["vectors.h"] = vectors_header(model.graph, trace, made.states)
        files["test_net.c"] = test_program(model.graph, made.states)
    facts = {"flash_bytes": made.flash, "ram_bytes": made.ram}
    return Exported({name: text.encode() for name, text in files.items()}, facts)


def _onnx(model: Model, digest: str, trace: Trace | None) -> Exported:
    from .onnx.scan import scan_model

    return _with_vectors(model, "model.onnx", scan_model(model, digest).SerializeToString(), trace)


def _onnx_step(model: Model, digest: str, trace: Trace | None) -> Exported:
    from .onnx.step import step_model

    return _with_vectors(model, "step.onnx", step_model(model, digest).SerializeToString(), trace)


def _with_vectors(model: Model, name: str, content: bytes, trace: Trace | None) -> Exported:
    from .onnx.vectors import vectors

    files = {name: content}
    if trace is not None:
        files["vectors.npz"] = vectors(model.graph, trace)
    return Exported(files, {"bytes": len(content)})


def _object_for(triple: str) -> Write:
    def write(model: Model, digest: str, trace: Trace | None) -> Exported:
        from .objects.form import network_object

        made = network_object(model, digest, trace, triple)
        return Exported(made.files, made.facts)

    return write


def _object(model: Model, digest: str, trace: Trace | None) -> Exported:
    triple = host()
    if triple is None:
        message = "this machine is none of those that objects are made for"
        way_out = f"name one with --triple: {', '.join(TRIPLES)}"
        raise CompileError(Diagnostic("E071", message, help=way_out))
    return _object_for(triple)(model, digest, trace)


EXPORTS: dict[str, Export] = {
    "c": Export("C99 of integers, with a test of golden vectors", _c),
    "onnx": Export("an ONNX model over time, with golden vectors", _onnx),
    "onnx-step": Export("an ONNX model of one step, with golden vectors", _onnx_step),
    "object": Export("machine code of integers, with golden vectors", _object, _object_for),
}
