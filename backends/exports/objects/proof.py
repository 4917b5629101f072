"""A program without a library that compares what a network does with golden vectors, and ends
with the status 0 where all is equal, 1 where a spike and 2 where a state differs."""

from __future__ import annotations

from functools import partial

import numpy as np

from ....ir.graph import Graph
from ....ir.rules import sends_numbers
from ...trace import Trace
from ..c.header import scored
from ..c.layout import Layout
from ..c.vectors import PRIME, START, Golden, golden
from .code import Code, Value, constant
from .network import state_type, step_head
from .tables import Tables, table_text
from .triples import Board

SPIKE, STATE = 1, 2  # the status where one differs

_PROCESS = """\
define void @_start() "stackrealign" #0 {
entry:
  %status = call i32 @compare()
  call void @leave(i32 %status)
  unreachable
}
"""
# A chip takes its stack and where it starts from the first words of its flash. The debugger is
# told that the application ends (SYS_EXIT_EXTENDED of Arm's semihosting) and its status.
_CHIP = """\
@stack_top = external global i8
@vectors = constant [2 x ptr] [ptr @stack_top, ptr @_start], section ".vectors"
@ending = internal global [2 x i32] zeroinitializer
define void @_start() #0 {
entry:
  %status = call i32 @compare()
  store i32 131110, ptr @ending
  %second = getelementptr i32, ptr @ending, i32 1
  store i32 %status, ptr %second
  call void inttoptr (i32 add (i32 ptrtoint (ptr @leave to i32), i32 1) to ptr)(i32 32, ptr @ending)
  unreachable
}
"""


def proof_text(graph: Graph, layout: Layout, trace: Trace, board: Board) -> str:
    """The module of `_start`, to be linked with that of the network."""
    found = golden(graph, trace, layout.states)
    state = "@state = internal global %net_state zeroinitializer, align 8"
    compare = _compare(graph, layout, found)
    before = f"declare void @net_reset(ptr)\ndeclare void {step_head(graph)}\n"
    return "\n".join([state_type(layout), state, before, *compare, start_text(board)])


def start_text(board: Board) -> str:
    """`_start`, which ends with the status that `compare` gives."""
    exits = "".join(f"\\{byte:02x}" for byte in board.leave)
    kind = f"internal constant [{len(board.leave)} x i8]"
    leave = f'@leave = {kind} c"{exits}", section ".text", align 4\n'
    return leave + (_CHIP if board.memory else _PROCESS)


def linker_script(board: Board) -> str:
    """Where a program lies on a chip."""
    assert board.memory is not None
    (flash, flash_size), (ram, ram_size) = board.memory
    return f"""\
MEMORY {{
  FLASH (rx) : ORIGIN = {flash:#x}, LENGTH = {flash_size}
  RAM (rwx) : ORIGIN = {ram:#x}, LENGTH = {ram_size}
}}
stack_top = {ram + ram_size:#x};
SECTIONS {{
  .text : {{ KEEP(*(.vectors)) *(.text*) *(.rodata*) }} > FLASH
  .bss : {{ *(.bss*) }} > RAM
}}
"""


def _compare(graph: Graph, layout: Layout, found: Golden) -> list[str]:
    given = (p for p in graph.populations if p.role == "input" and not sends_numbers(p))
    inputs = sum(p.neurons for p in given)
    output = next((p.neurons for p in graph.populations if p.role == "output"), 0)
    samples, steps = found.hashes.shape
    tables = Tables()
    hashes = tables.numbers("hashes", found.hashes.astype(np.int32))
    buffers = [
        f"@{name} = internal global [{size + 1} x i8] zeroinitializer"
        for name, size in (("in", inputs), ("out", output))
    ]
    buffers.append(f"@scores = internal global [{output + 1} x i32] zeroinitializer")
    texts = [table_text(n, getattr(found, n)) for n in ("given", "numbers", "wanted")]
    called = step_head(graph).replace("%spikes_", "@").replace("%scores_out", "@scores")
    called = called.replace("%s,", "@state,")
    code = Code()

    def one_step(step: Value, first: Value, numbers: str) -> None:
        place = code.binary("add", first, step)
        row = code.at("@given", code.binary("mul", place, found.given.shape[2]), 8)
        code.loop(inputs, lambda n: code.store(_bit(code, row, n), "@in", n))
        code.do(f"call void {called.replace('%numbers_in', numbers)}")
        wanted = code.at("@wanted", code.binary("mul", place, found.wanted.shape[2]), 8)

        def compare(n: Value) -> None:
            fires = code.compare("ne", code.load("@out", n, 8), 0)
            bit = code.compare("ne", _bit(code, wanted, n), 0)
            differs = code.binary("xor", fires, bit)
            code.leave_when(differs, SPIKE)

        code.loop(output, compare)
        made = code.value(32, "call i32 @hash()")
        code.leave_when(code.compare("ne", made, hashes(code, place)), STATE)

    def sample(number: Value) -> None:
        code.do("call void @net_reset(ptr @state)")
        first = code.binary("mul", number, steps)
        numbers = code.at("@numbers", code.binary("mul", number, found.numbers.shape[1]), 16)
        code.loop(steps, lambda step: one_step(step, first, numbers))

    code.loop(samples, sample)
    code.do("ret i32 0")
    whole = code.function("define internal i32 @compare() noinline #0")
    return [*buffers, *texts, *tables.texts.values(), _hash(graph, layout), whole]


def _bit(code: Code, row: str, n: Value) -> Value:
    """Bit n of a row, as a byte."""
    byte = code.cast(code.load(row, code.binary("lshr", n, 3), 8), 32, is_signed=False)
    bit = code.binary("lshr", byte, code.binary("and", n, 7))
    return code.cast(code.binary("and", bit, 1), 8)


def _hash(graph: Graph, layout: Layout) -> str:
    """h = (h xor x) PRIME over all states, kept in memory: whatever is fast enough."""
    code, index = Code(), graph.index()
    code.store(constant(START), "@mixed", 0)
    for (population, _), name in layout.states.items():
        place = next(k for k, field in enumerate(layout.fields) if field.name == name)
        which = f"getelementptr %net_state, ptr @state, i32 0, i32 {place}"
        field = code.value(0, which).text
        code.loop(index[population].neurons, partial(_mix, code, field))
    output = scored(graph)
    code.loop(0 if output is None else output.neurons, partial(_mix, code, "@scores"))
    last = next((p for p in graph.populations if p.role == "output"), None)
    if last is not None and graph.semantics.spikes_per_step > 1:
        code.loop(last.neurons, partial(_mix, code, "@out", bits=8))
    code.do(f"ret {code.load('@mixed', 0, 32).typed}")
    return "@mixed = internal global i32 0\n" + code.function("define internal i32 @hash() #0")


def _mix(code: Code, field: str, n: Value, bits: int = 32) -> None:
    number = code.cast(code.load(field, n, bits), 32, is_signed=False)
    mixed = code.binary("xor", code.load("@mixed", 0, 32), number)
    code.store(code.binary("mul", mixed, PRIME), "@mixed", 0)
