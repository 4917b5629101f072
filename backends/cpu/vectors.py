"""Runs of numbers, several at a time, whatever their length.

LLVM turns a loop over a run into vectors of vectors, and does what is left, up to 31 numbers, one
by one. The runs of a convolution are short (`kernel * channels`, say 75), so that more time went
there than in vectors. Here a run is cut into pieces of 16, 8 and 4 numbers, of which each is one
vector, before any is done alone. The functions are what they say in Python, where Numba does not
compile them.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

ROWS = (1, 2, 4, 8)  # that `add_rows` adds at once
MOST = 8
FUSED = ("contract",)  # a product is not rounded before it is added, where the processor can


def add_run(scale: Any, source: Any, first: Any, target: Any, at: Any, n: Any) -> None:
    """target[at : at + n] += scale * source[first : first + n], each product rounded."""
    target[at : at + n] += scale * source[first : first + n]


def add_run_fused(scale: Any, source: Any, first: Any, target: Any, at: Any, n: Any) -> None:
    """The same, rounded once where the processor can."""
    target[at : at + n] += scale * source[first : first + n]


def add_rows(
    scales: Any, source: Any, first: Any, pitch: Any, target: Any, at: Any, n: Any
) -> None:
    """target[at : at + n] += scales[r] * source[first + r * pitch :][:n] for each of the scales in
    turn, of which there are 1, 2, 4 or 8, each product rounded."""
    for r in range(len(scales)):
        target[at : at + n] += scales[r] * source[first + r * pitch : first + r * pitch + n]


def add_rows_fused(
    scales: Any, source: Any, first: Any, pitch: Any, target: Any, at: Any, n: Any
) -> None:
    """The same, rounded as in `add_run_fused`."""
    for r in range(len(scales)):
        target[at : at + n] += scales[r] * source[first + r * pitch : first + r * pitch + n]


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    return cgutils.create_struct_proxy(kind)(context, builder, array).data


def _vector(builder: Any, number: Any, kind: Any) -> Any:
    """A vector of one number."""
    nothing = ir.Constant(kind, ir.Undefined)
    alone = builder.insert_element(nothing, number, ir.IntType(32)(0))
    return builder.shuffle_vector(alone, nothing, ir.Constant(_lanes(kind), None))


def _lanes(kind: Any) -> Any:
    return ir.VectorType(ir.IntType(32), kind.count)


def _added(builder: Any, flags: Any, total: Any, scale: Any, row: Any) -> Any:
    """total + scale * row."""
    if isinstance(getattr(total.type, "element", total.type), ir.FloatType):
        return builder.fadd(total, builder.fmul(scale, row, flags=flags), flags=flags)
    return builder.add(total, builder.mul(scale, row))


def _make_piece(builder: Any, scales: Any, rows: Any, target: Any, flags: Any) -> Any:
    """What adds, at a place, `width` numbers of the rows times their scales to the target."""

    def piece(place: Any, width: int) -> None:
        element = target.type.pointee
        kind = ir.VectorType(element, width) if width > 1 else element
        there = builder.bitcast(builder.gep(target, [place]), kind.as_pointer())
        total = builder.load(there, align=4)
        for scale, row in zip(scales, rows, strict=True):
            here = builder.bitcast(builder.gep(row, [place]), kind.as_pointer())
            number = _vector(builder, scale, kind) if width > 1 else scale
            total = _added(builder, flags, total, number, builder.load(here, align=4))
        builder.store(total, there, align=4)

    return piece


def _add_pieces(builder: Any, n: Any, piece: Any) -> None:
    """The piece for all of n places: of 16 of them, then of 8, 4, 2 and 1."""
    word = n.type
    widest = builder.ashr(n, word(4))
    with cgutils.for_range(builder, widest) as loop:
        piece(builder.shl(loop.index, word(4)), 16)
    done = builder.shl(widest, word(4))
    for width in (8, 4, 2, 1):
        with builder.if_then(builder.icmp_signed("!=", builder.and_(n, word(width)), word(0))):
            piece(done, width)
        done = builder.add(done, builder.and_(n, word(width)))


def _adding(rows: int, flags: tuple[str, ...]) -> Any:
    """An intrinsic that adds so many rows, `pitch` apart, times their scales: of a single row a
    number."""

    def add(  # type: ignore[no-untyped-def]
        _context: Any, scale: Any, source: Any, first: Any, pitch: Any, target: Any, at: Any, n: Any
    ):
        def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            scales, source_, place, apart, target_, there, count = arguments
            data = _data(context, builder, source, source_)
            own = builder.gep(_data(context, builder, target, target_), [there])
            each, starts = [scales], []
            if rows > 1:
                numbers = _data(context, builder, scale, scales)
                each = [builder.load(builder.gep(numbers, [place.type(r)])) for r in range(rows)]
            for _ in range(rows):
                starts.append(builder.gep(data, [place]))
                place = builder.add(place, apart)
            _add_pieces(builder, count, _make_piece(builder, each, starts, own, flags))
            return context.get_dummy_value()

        word = types.intp
        number = scale if rows > 1 else target.dtype
        return types.void(number, source, word, word, target, word, word), make

    return intrinsic(add)


_plain, _fused = ({rows: _adding(rows, flags) for rows in ROWS} for flags in ((), FUSED))
_one, _one_fused = _plain[1], _fused[1]


@overload(add_run, inline="always")
def _add_run(scale, source, first, target, at, n):  # type: ignore[no-untyped-def]
    return lambda scale, source, first, target, at, n: _one(scale, source, first, 0, target, at, n)


@overload(add_run_fused, inline="always")
def _add_run_fused(scale, source, first, target, at, n):  # type: ignore[no-untyped-def]
    return lambda scale, source, first, target, at, n: _one_fused(
        scale, source, first, 0, target, at, n
    )


def _by_count(adding: dict[int, Any]) -> Any:
    one, two, four, eight = (adding[rows] for rows in ROWS)

    def add(scales, source, first, pitch, target, at, n):  # type: ignore[no-untyped-def]
        if len(scales) == 8:
            eight(scales, source, first, pitch, target, at, n)
        elif len(scales) == 4:
            four(scales, source, first, pitch, target, at, n)
        elif len(scales) == 2:
            two(scales, source, first, pitch, target, at, n)
        else:
            one(scales[0], source, first, pitch, target, at, n)

    return add


@overload(add_rows, inline="always")
def _add_rows(scales, source, first, pitch, target, at, n):  # type: ignore[no-untyped-def]
    return _by_count(_plain)


@overload(add_rows_fused, inline="always")
def _add_rows_fused(scales, source, first, pitch, target, at, n):  # type: ignore[no-untyped-def]
    return _by_count(_fused)
