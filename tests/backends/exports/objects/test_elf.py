"""What is read of an object, held against LLVM's own reader."""

from __future__ import annotations

import pytest
from integer_cases import drawn_integers
from llvmlite import binding

from snncc.backends.exports.c.layout import layout_of
from snncc.backends.exports.objects.elf import read_elf
from snncc.backends.exports.objects.machine import assembled
from snncc.backends.exports.objects.network import network_text
from snncc.backends.exports.objects.triples import TRIPLES

CALLS = """\
declare void @elsewhere()
define internal void @inside() noinline #0 {
  call void @elsewhere()
  ret void
}
@written = global i32 7
@reserved = global [5 x i32] zeroinitializer
define void @outside() #0 {
  call void @inside()
  ret void
}
"""


@pytest.mark.parametrize("triple", TRIPLES)
def test_sections(triple) -> None:
    model = drawn_integers(1)
    data = assembled(network_text(model, layout_of(model.graph), TRIPLES[triple]), triple)
    parts = read_elf(data)
    found = [(s.name(), s.size()) for s in binding.ObjectFileRef.from_data(data).sections()]
    sizes = {name.decode(): size for name, size in found if name}
    assert {s.name: s.size for s in parts.sections if s.name} == sizes
    kept = (".text", ".rodata", ".ARM.exidx")
    assert parts.flash == sum(size for name, size in sizes.items() if name.startswith(kept))


@pytest.mark.parametrize("triple", TRIPLES)
def test_symbols(triple) -> None:
    parts = read_elf(assembled(CALLS, triple))
    assert parts.wanted == ["elsewhere"]
    assert {s.name for s in parts.functions} == {"inside", "outside"}
    assert all(s.size > 0 and s.code % 2 == 0 for s in parts.functions)
    assert parts.written == 24
