"""What `snncc export` writes: one row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...ir.model import Model
from ..trace import Trace


@dataclass(frozen=True, slots=True)
class Exported:
    """The files by name, and facts about them for the user."""

    files: Mapping[str, bytes]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Export:
    """A form of a model. `write` takes the model, the digest of its graph, and what the reference
    does with some samples, states included, which the form comes with a test of; None: without.
    CompileError(E071) for a model that the form cannot say. `is_built`: gcc makes a program of
    its test."""

    summary: str
    write: Callable[[Model, str, Trace | None], Exported]
    is_built: bool = False


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


EXPORTS: dict[str, Export] = {
    "c": Export("C99 of integers, with a test of golden vectors", _c, is_built=True),
    "onnx": Export("an ONNX model over time, with golden vectors", _onnx),
    "onnx-step": Export("an ONNX model of one step, with golden vectors", _onnx_step),
}
