"""Kernels that are compiled by themselves and called through an address.

Numba optimizes a function again in every function that calls it, and in every one that calls
those: the deeper the calls, the longer it takes. A unit is a boundary. It is compiled once, with
all that it calls; its callers know no more than its signature. So its arguments are records and
numbers, and it fills what it is given instead of returning arrays.
"""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from llvmlite import binding
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ..compiled.text.closures import named
from ..compiled.text.modules import digest, load_module
from . import helper
from .records import RECORDS

INTEGERS = (
    "advance",
    "number",
    "p",
    "w",
    "b",
    "j",
    "s",
    "stride",
    "count",
    "first",
    "last",
    "left",
    "segment",
)
# What a parameter of a unit is, by its name; any other is a record of the name's tuple.
NUMBERS: dict[str, Any] = (
    dict.fromkeys(INTEGERS, types.int64)
    | dict.fromkeys(("scale",), types.float32)
    | dict.fromkeys(("seed",), types.uint64)
)


TUPLES = {"back": "Backward"}  # where the tuple is not called as the parameter is
# `advance`: the steps first:last of the neurons lo:hi of population p with step `model`.
ADVANCE = types.void(
    types.int64,  # model
    types.int64,  # p
    types.int64,  # lo
    types.int64,  # hi
    types.int64,  # first
    types.int64,  # last
    types.float32[:, ::1],  # reals
    types.int32[:, ::1],  # integers
    types.float32[:, ::1],  # currents
    types.float32[:, ::1],  # constants
    types.uint8[:, ::1],  # fired
)


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """The function of an assembled module compiled by Numba, with these options of its `njit`, into
    each that calls it."""
    return lambda function: numba.njit(**options)(named(function))


def unit(function: Callable[..., Any]) -> Any:
    """The function of an assembled module as a unit; as it is where Numba is switched off. It
    returns nothing, or a whole number where it is annotated so."""
    # A file of kernels that is imported as it stands is looked at, not run.
    if numba.config.DISABLE_JIT or "." in function.__module__:  # type: ignore[attr-defined]
        return function
    code = function.__code__
    kinds = [_kind(name) for name in code.co_varnames[: code.co_argcount]]
    signature = (types.int64 if function.__annotations__ else types.void)(*kinds)
    module = function.__module__
    symbol = f"{named(function).__module__}.{function.__qualname__}"
    WAITING.setdefault(module, []).append((function, signature, symbol))
    return types.ExternalFunction(symbol, signature)


# By module, units whose module is still being executed: they may read names that come after them.
# Another thread may be executing another module.
WAITING: dict[str, list[tuple[Callable[..., Any], Any, str]]] = {}
ADDRESSES: dict[str, int] = {}  # by symbol, of the units of all modules


HELPING: list[str] = []  # the module, in the process that helps another compile it
COMPILED = 0.1  # seconds; a unit that takes less was in the cache
PLACE = 1  # of a unit that is compiled for the cache alone: any address


def compile_units(module: str) -> None:
    """Compile the units of a module, at its end; one that another calls stands before it."""
    if HELPING:
        return
    second = None
    waiting = [each for each in WAITING.pop(module, []) if each[2] not in ADDRESSES]
    try:
        for function, signature, symbol in waiting:
            started = time.perf_counter()
            ADDRESSES[symbol] = _compiled(function, signature)
            binding.add_symbol(symbol, ADDRESSES[symbol])
            if second is None and time.perf_counter() - started > COMPILED:
                second = helper.start(sys.modules[module])
    finally:  # also where the user stops it
        if second is not None:
            second.kill()
            second.wait()


def help_out() -> None:
    """What `helper.start` starts: compile the units of a module, told by the standard input, from
    the last one on."""
    name, path, stamp, records = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    text = Path(path).read_text(encoding="utf-8")
    if digest(text) != stamp:
        return
    RECORDS.update(records)
    numba.get_num_threads()  # see `load`
    HELPING.append(name)
    load_module(name, text, Path(path).parent)
    waiting = WAITING[name]
    for _, _, symbol in waiting:
        binding.add_symbol(symbol, PLACE)
    for function, signature, _ in reversed(waiting):
        _compiled(function, signature)


def _compiled(function: Callable[..., Any], signature: Any) -> int:
    compiled = numba.cfunc(signature, cache=True, error_model="numpy")(function)
    assert compiled.address is not None
    return compiled.address


def _kind(name: str) -> Any:
    return NUMBERS[name] if name in NUMBERS else RECORDS[TUPLES.get(name, name.capitalize())]


# `update_row`: one update of a row of weights by an optimizer's chain.
UPDATE = types.void(
    types.float64[::1],  # numbers
    types.UniTuple(types.float32, 3),  # size, eps, rate
    *[types.float32[::1]] * 4,  # weights, first moments, second moments, gradient
    types.float32,  # scale of the gradient
)


# `replay`: all steps of the neurons lo:hi of population p once more, keeping what their adjoint
# reads; `retreat`: the adjoints of the steps first:last, from the last one on.
REPLAY = types.void(
    *[types.int64] * 5,  # model, p, lo, hi, steps
    types.float32[:, ::1],  # currents
    types.float32[:, ::1],  # constants
    types.float32[:, ::1],  # reals, at rest
    types.int32[:, ::1],  # integers, at rest
    types.float32[:, :, ::1],  # tape
)
RETREAT = types.void(
    *[types.int64] * 6,  # model, p, lo, hi, first, last
    types.float32[:, ::1],  # constants
    types.float32[:, ::1],  # reals, at rest
    types.float32[:, :, ::1],  # tape
    types.float32[:, ::1],  # asked
    types.float32[:, ::1],  # later
    types.float32[:, ::1],  # arrived
)


def _pointer(signature: Any) -> Any:
    """What makes a function of an address."""
    kind = types.FunctionType(signature)

    def at(_context: Any, address: Any) -> Any:
        def make(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            made = cgutils.create_struct_proxy(kind)(context, builder)
            empty = context.get_constant_null(types.voidptr)
            made.c_addr = builder.inttoptr(arguments[0], empty.type)
            made.py_addr, made.jit_addr = empty, empty
            return made._getvalue()

        return kind(address), make

    return intrinsic(at)


advance_at: Any = _pointer(ADVANCE)
update_at: Any = _pointer(UPDATE)
replay_at: Any = _pointer(REPLAY)
retreat_at: Any = _pointer(RETREAT)
