"""Loops and branches, by running them."""

from __future__ import annotations

import ctypes

import pytest
from llvmlite import binding

from snncc.backends.exports.objects.code import Code, Value, constant


def ran(code: Code, *arguments: int) -> int:
    """What a function of i32 numbers %a, %b gives; its sum lies in @total."""
    code.do(f"ret {code.load('@total', 0, 32).typed}")
    text = "@total = global i32 0\n" + code.function("define i32 @f(i32 %a, i32 %b)")
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(opt=0)
    engine = binding.create_mcjit_compiler(binding.parse_assembly(text), machine)
    engine.finalize_object()
    kind = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int32, ctypes.c_int32)
    return kind(engine.get_function_address("f"))(*arguments)


def add(code: Code, value: Value) -> None:
    code.store(code.binary("add", code.load("@total", 0, 32), value), "@total", 0)


@pytest.mark.parametrize(("first", "end"), [(0, 0), (0, 5), (3, 4), (4, 3)])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_loop(first, end, is_known) -> None:
    code = Code()
    ends = (first, end) if is_known else (Value("%a", 32), Value("%b", 32))
    code.loop(ends[1], lambda n: add(code, n), ends[0])
    assert ran(code, first, end) == sum(range(first, end))


def test_a_loop_in_a_loop() -> None:
    code = Code()

    def inner(n: Value) -> None:
        is_odd = code.compare("eq", code.binary("and", n, 1), 1)
        code.when(is_odd, lambda: code.loop(Value("%a", 32), lambda k: add(code, k)))
        add(code, constant(100))

    code.loop(4, inner)
    assert ran(code, 5, 0) == 2 * (0 + 1 + 2 + 3 + 4) + 400


def test_leaving() -> None:
    code = Code()
    code.loop(9, lambda n: code.leave_when(code.compare("eq", n, Value("%a", 32)), 7))
    assert ran(code, 3, 0) == 7


def test_not_leaving() -> None:
    code = Code()
    code.loop(3, lambda n: code.leave_when(code.compare("eq", n, Value("%a", 32)), 7))
    assert ran(code, 3, 0) == 0


def test_casts() -> None:
    code = Code()
    byte = code.cast(Value("%a", 32), 8)
    add(code, code.cast(byte, 32))
    add(code, code.cast(byte, 32, is_signed=False))
    wide = code.cast(Value("%b", 32), 64)
    assert wide.word == Value("%b", 32)
    assert code.cast(wide, 32) == Value("%b", 32)
    add(code, code.cast(code.binary("ashr", wide, 1), 32))
    assert ran(code, 0x1FF, -10) == -1 + 255 - 5
