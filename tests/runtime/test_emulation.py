"""Counting instructions: a loop of which it is known how many it does."""

from __future__ import annotations

import subprocess

import pytest
from boards import need_board

from snncc.backends.exports.objects.elf import read_elf
from snncc.backends.exports.objects.machine import assembled, assembly
from snncc.backends.exports.objects.proof import linker_script, start_text
from snncc.backends.exports.objects.triples import TRIPLES
from snncc.runtime.emulation import Span, counted

# 3 instructions a turn on each of these: a store, a subtraction, a branch.
LOOP = """\
@cell = internal global i32 0
define void @known(i32 %turns) noinline #0 {
entry:
  br label %turn
turn:
  %left = phi i32 [%turns, %entry], [%less, %turn]
  store volatile i32 %left, ptr @cell
  %less = sub i32 %left, 1
  %more = icmp ne i32 %less, 0
  br i1 %more, label %turn, label %end
end:
  ret void
}
define i32 @compare() noinline #0 {
  call void @known(i32 100)
  call void @known(i32 1000)
  call void @known(i32 10)
  ret i32 0
}
"""
SMALL = [name for name, row in TRIPLES.items() if row.is_small]


@pytest.mark.slow
@pytest.mark.parametrize("triple", SMALL)
def test_a_known_loop(triple, tmp_path) -> None:
    need_board(triple)
    board = TRIPLES[triple].board
    text = LOOP + start_text(board)
    (tmp_path / "loop.o").write_bytes(assembled(text, triple))
    script = []
    if board.memory:
        (tmp_path / "loop.ld").write_text(linker_script(board))
        script = ["-T", "loop.ld"]
    subprocess.run(["ld.lld", "loop.o", *script, "-o", "loop"], cwd=tmp_path, check=True)
    known = next(
        s for s in read_elf((tmp_path / "loop").read_bytes()).functions if s.name == "known"
    )
    body = assembly(text, triple).partition("\nknown:")[2].partition(".Lfunc_end")[0]
    lines = [line.split()[0] for line in body.splitlines() if line.startswith("\t")]
    others = len([word for word in lines if not word.startswith(".")]) - 3
    found = counted(board.command, tmp_path / "loop", [Span(known.code, known.size)])
    assert (found.calls, found.most) == (3, 3 * 1000 + others)
    assert found.mean == 3 * 1110 / 3 + others
    first = counted(board.command, tmp_path / "loop", [Span(known.code, known.size)], most=50)
    assert (first.calls, first.most) == (1, 3 * 100 + others)
