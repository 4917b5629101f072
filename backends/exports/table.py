"""What `snncc export` writes: one row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.model import Model
from ...ir.passes.pipeline import run_model_passes
from ...ir.verify.singles import require_single
from ...ir.verify.sources import require_no_sources
from ..trace import Trace
from .chips.flavours import FLAVOURS
from .objects.triples import TRIPLES, host


@dataclass(frozen=True, slots=True)
class Exported:
    """The files by name, and facts about them for the user."""

    files: Mapping[str, bytes]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Details:
    """What may be asked of a form; a row of EXPORTS takes those whose names it has. `neuron`:
    population and number of the one of which vectors are given; `all_outputs`: every spike and
    every state as an output; `triple`: a row of `objects.triples`; `lossy`: without what the form
    cannot say; `flavour`: a row of `chips.flavours`; `layout`: a folder of `snncc map`."""

    neuron: tuple[str, int] | None = None
    all_outputs: bool = False
    triple: str | None = None
    lossy: bool = False
    flavour: str | None = None
    layout: Path | None = None

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
    say, as `require` says it alone. `needs_trace`: it is made of that alone. `ending`: of a form
    that is a single file, to which no test comes, that of its name. `beside`: patterns of the files
    that it writes at times, and that would be those of another network if they stayed."""

    summary: str
    write: Write
    require: Callable[[Model], None]
    beside: tuple[str, ...]
    needs_trace: bool = False
    ending: str = ""
    details: frozenset[str] = frozenset()


def _require_c(model: Model) -> None:
    from .c.program import require_integers

    require_integers(model.graph, "C")


def _require_loihi(model: Model) -> None:
    from .c.program import require_integers

    require_integers(model.graph, "a network of Loihi")


def _require_object(model: Model) -> None:
    from .c.program import require_integers

    require_integers(model.graph, "machine code")


def _require_onnx(model: Model) -> None:
    from .onnx.neurons import require_written

    require_single(model.graph, "E071", "ONNX takes")
    require_no_sources(model.graph, "E071", "ONNX takes")
    require_written(run_model_passes(model).graph)


def _require_qdq(model: Model) -> None:
    if model.graph.semantics.integers:
        message = f"`{model.graph.name}` computes with integers, and onnx-qdq with floats"
        way_out = "take the model it was made from, or --target onnx, whose bits are the package's"
        raise CompileError(Diagnostic("E071", message, help=way_out))
    _require_onnx(model)


def _require_vectors(model: Model) -> None:
    from .vectors.folder import require_vectors

    require_vectors(model.graph)


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

    _require_qdq(model)
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
    from .vectors.folder import vector_files

    _require_vectors(model)
    assert trace is not None, "vectors are made of samples"
    place = None if details.neuron is None else Place(*details.neuron)
    files = vector_files(model, digest, trace, place)
    return Exported(files, {"bytes": sum(map(len, files.values()))})


def _object(
    model: Model, digest: str, trace: Trace | None, details: Details = NO_DETAILS
) -> Exported:
    from .objects.form import network_object

    triple = details.triple or host()
    if triple is None:
        message = "this machine is none of those that objects are made for"
        way_out = f"name one with --triple: {', '.join(TRIPLES)}"
        raise CompileError(Diagnostic("E071", message, help=way_out))
    made = network_object(model, digest, trace, triple)
    return Exported(made.files, made.facts)


def _require_ranc(model: Model) -> None:
    from .ranc.folder import require_ranc

    require_ranc(model.graph)


def _ranc(
    model: Model, digest: str, trace: Trace | None, details: Details = NO_DETAILS
) -> Exported:
    from .ranc.folder import ranc_files
    from .ranc.placed import placement

    where = (None, None) if details.layout is None else placement(details.layout, digest)
    made = ranc_files(model, digest, trace, *where)
    return Exported(made.files, made.facts)


def _require_xylo(model: Model) -> None:
    from .xylo.folder import require_xylo

    require_xylo(model.graph)


def _xylo(
    model: Model, digest: str, trace: Trace | None, details: Details = NO_DETAILS
) -> Exported:
    from .xylo.folder import xylo_files

    files = xylo_files(model, digest, trace)
    return Exported(files, {"bytes": sum(map(len, files.values()))})


def _require_nir(model: Model) -> None:
    from .nir.form import require_nir

    require_nir(model)


def _nir(model: Model, digest: str, trace: Trace | None, details: Details = NO_DETAILS) -> Exported:
    from .nir.form import nir_file

    content, made = nir_file(model, details.lossy)
    lost = [trouble.message for trouble in made.troubles]
    return Exported(
        {"": content}, {"bytes": len(content), "nodes": len(made.graph.nodes), "lost": lost}
    )


def _loihi(
    model: Model, digest: str, trace: Trace | None, details: Details = NO_DETAILS
) -> Exported:
    from .chips.loihi import loihi_files

    _require_loihi(model)
    flavour = details.flavour or next(iter(FLAVOURS))
    files = loihi_files(model, digest, trace, flavour)
    return Exported(files, {"bytes": sum(map(len, files.values())), "flavour": flavour})


OUTPUTS = frozenset({"all_outputs"})
OF_C = ("vectors.h", "test_net.c", "test_net.o", "test_net.ld", "test_net")
OF_ONNX = ("vectors.npz",)
_PARTS = ("1_neuron", "2_synapse", "3_layer", "4_net")
_TEXTS = tuple(f"{part}/*.{ending}" for part in _PARTS for ending in ("hex", "csv"))
OF_VECTORS = (*_TEXTS, "weights.csv", "windows.csv")
_OF_SAMPLE = ("input.json", "output.txt", "golden.txt", "tb_*.txt")
OF_RANC = (
    *("input.json", "csram_[0-9]*.mem", "tc_[0-9]*.mem"),
    *(f"sample_[0-9]*/{name}" for name in _OF_SAMPLE),
)

EXPORTS: dict[str, Export] = {
    "c": Export("C99 of integers, with a test of golden vectors", _c, _require_c, OF_C),
    "onnx": Export(
        "an ONNX model over time, with golden vectors",
        _onnx,
        _require_onnx,
        OF_ONNX,
        details=OUTPUTS,
    ),
    "onnx-step": Export(
        "an ONNX model of one step, with golden vectors",
        _onnx_step,
        _require_onnx,
        OF_ONNX,
        details=OUTPUTS,
    ),
    "onnx-qdq": Export(
        "an ONNX model over time of floats, weights of int8; not bit exact",
        _onnx_qdq,
        _require_qdq,
        OF_ONNX,
        details=OUTPUTS,
    ),
    "vectors": Export(
        "golden vectors of a neuron, a synapse, a layer and the net, with a bench in SystemVerilog",
        _vectors,
        _require_vectors,
        OF_VECTORS,
        needs_trace=True,
        details=frozenset({"neuron"}),
    ),
    "object": Export(
        "machine code of integers, with golden vectors",
        _object,
        _require_object,
        OF_C,
        details=frozenset({"triple"}),
    ),
    "ranc": Export(
        "cores of RANC: JSON for its simulator, memories for its circuit, packets of samples",
        _ranc,
        _require_ranc,
        OF_RANC,
        details=frozenset({"layout"}),
    ),
    "nir": Export(
        "a NIR file of floats, for other simulators and chips",
        _nir,
        _require_nir,
        (),
        ending=".nir",
        details=frozenset({"lossy"}),
    ),
    "loihi": Export(
        "a folder that an emulator of Loihi runs, with input spikes",
        _loihi,
        _require_loihi,
        ("inputs.npz",),
        details=frozenset({"flavour"}),
    ),
    "xylo": Export(
        "a folder that xylosim runs, with input spikes",
        _xylo,
        _require_xylo,
        ("inputs.npz",),
    ),
}
