"""net.o and what comes with it, for one machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ....ir.model import Model
from ...trace import Trace
from ..c.header import header
from ..c.layout import layout_of
from ..c.program import require_integers
from ..c.vectors import test_program, vectors_header
from .elf import read_elf
from .machine import assembled, assembly
from .network import network_text
from .proof import linker_script, proof_text
from .stack import stack_of
from .triples import TRIPLES


@dataclass(frozen=True, slots=True)
class NetworkObject:
    """The files, and what the object takes."""

    files: Mapping[str, bytes]
    facts: Mapping[str, Any]


def network_object(
    model: Model, digest: str, trace: Trace | None, triple: str, level: int = 2
) -> NetworkObject:
    """A quantized model for a row of TRIPLES; CompileError(E071) as of C."""
    require_integers(model.graph, "machine code")
    row, layout = TRIPLES[triple], layout_of(model.graph)
    text = network_text(model, layout, row)
    made = assembled(text, triple, level)
    files = {"net.h": header(model.graph, digest, layout.fields).encode(), "net.o": made}
    if trace is not None:
        proof = assembled(proof_text(model.graph, layout, trace, row.board), triple, level)
        if row.board.memory is not None:
            files["test_net.ld"] = linker_script(row.board).encode()
        files["test_net.o"] = proof
        files["vectors.h"] = vectors_header(model.graph, trace, layout.states).encode()
        files["test_net.c"] = test_program(model.graph, layout.states).encode()
    parts = read_elf(made)
    facts = {
        "triple": triple,
        "flash_bytes": parts.flash,
        "ram_bytes": layout.bytes,
        "stack_bytes": stack_of(assembly(text, triple, level), triple),
        "wanted_symbols": parts.wanted,
    }
    return NetworkObject(files, facts)
