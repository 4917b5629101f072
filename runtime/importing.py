"""Networks of other tools written as programs."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from safetensors.numpy import save

from ..backends.artifact.storage import write_file
from ..frontend.nir.apart import read_nir
from ..frontend.nir.decisions import Choices
from ..frontend.nir.program import Imported, imported
from ..frontend.program import load_program
from ..frontend.style.format import format_text
from ..ir.diagnostics import CompileError, Source

SUFFIX = ".safetensors"


def import_nir(path: Path, out: Path, choices: Choices) -> Imported:
    """Write the program of a NIR file, and beside it, under its name, its weights. Nothing is
    written unless the program compiles; CompileError says why not."""
    weights = out.with_suffix(SUFFIX)
    made = imported(read_nir(path), choices, weights.name)
    text = format_text(Source(str(out), made.text)).encode()
    content = save(made.tensors) if made.tensors else None
    _require_sound(out.name, weights.name, text, content)
    if content is not None:
        write_file(weights, content)
    write_file(out, text)
    return made


def _require_sound(name: str, weights: str, text: bytes, content: bytes | None) -> None:
    """CompileError for what the language refuses of the program."""
    with tempfile.TemporaryDirectory(prefix="snncc-") as folder:
        program = Path(folder) / name
        program.write_bytes(text)
        if content is not None:
            (Path(folder) / weights).write_bytes(content)
        try:
            load_program(program)
        except CompileError as error:
            # Of a text that is nowhere: its places would tell nobody anything.
            raise CompileError(
                replace(d, span=None, related=()) for d in error.diagnostics
            ) from None
