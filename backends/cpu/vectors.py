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

FUSED = ("contract",)  # a product is not rounded before it is added, where the processor can


def add_run(scale: Any, source: Any, first: Any, target: Any, at: Any, n: Any) -> None:
    """target[at : at + n] += scale * source[first : first + n], each product rounded."""
    target[at : at + n] += scale * source[first : first + n]


def add_run_fused(scale: Any, source: Any, first: Any, target: Any, at: Any, n: Any) -> None:
    """The same, rounded once where the processor can."""
    target[at : at + n] += scale * source[first : first + n]


def add_windows(
    counts: Any, sent: Any, s: Any, below: Any, weights: Any, w: Any, apart: Any, target: Any,
    at: Any, pitch: Any, positions: Any, n: Any
) -> None:  # fmt: skip
    """target[at + p * pitch :][:n] += the sum over i, j, k < counts of sent[s + p + (i, j, k) .
    below] * weights[w + (i, j, k) . apart :][:n], in their order, for each of the positions p; each
    product rounded. n is a multiple of 8; three numbers each are `below` and `apart`."""
    for p in range(positions):
        own = target[at + p * pitch : at + p * pitch + n]
        for i in range(counts[0]):
            for j in range(counts[1]):
                for k in range(counts[2]):
                    here = s + p + i * below[0] + j * below[1] + k * below[2]
                    there = w + i * apart[0] + j * apart[1] + k * apart[2]
                    own += sent[here] * weights[there : there + n]


def add_windows_fused(
    counts: Any, sent: Any, s: Any, below: Any, weights: Any, w: Any, apart: Any, target: Any,
    at: Any, pitch: Any, positions: Any, n: Any
) -> None:  # fmt: skip
    """The same, rounded as in `add_run_fused`."""
    add_windows(counts, sent, s, below, weights, w, apart, target, at, pitch, positions, n)


def turn_square(
    source: Any, s: Any, apart: Any, rows: Any, target: Any, t: Any, pitch: Any, columns: Any
) -> None:
    """A square of eight by eight is turned: target[t + c * pitch + r] = source[s + r * apart + c]
    of the columns c < `columns` and all r < 8, with 0 for the rows r from `rows` on. All eight
    numbers of a row that is there are read."""
    for c in range(columns):
        for r in range(8):
            found = source[s + r * apart + c] if r < rows else source.dtype.type(0)
            target[t + c * pitch + r] = found


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


def _load(builder: Any, pointer: Any, place: Any, width: int) -> Any:
    """So many numbers at a place."""
    return builder.load(_at(builder, pointer, place, width), align=4)


def _at(builder: Any, pointer: Any, place: Any, width: int) -> Any:
    element = pointer.type.pointee
    kind = ir.VectorType(element, width) if width > 1 else element
    return builder.bitcast(builder.gep(pointer, [place]), kind.as_pointer())


def _adding(flags: tuple[str, ...]) -> Any:
    """`add_run`."""

    def add(_context: Any, scale: Any, source: Any, first: Any, target: Any, at: Any, n: Any):  # type: ignore[no-untyped-def]
        def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            number, source_, place, target_, there, count = arguments
            row = builder.gep(_data(context, builder, source, source_), [place])
            own = builder.gep(_data(context, builder, target, target_), [there])

            def piece(at: Any, width: int) -> None:
                total = _load(builder, own, at, width)
                each = _vector(builder, number, total.type) if width > 1 else number
                total = _added(builder, flags, total, each, _load(builder, row, at, width))
                builder.store(total, _at(builder, own, at, width), align=4)

            _add_pieces(builder, count, piece)
            return context.get_dummy_value()

        word = types.intp
        return types.void(target.dtype, source, word, target, word, word), make

    return intrinsic(add)


POSITIONS, WIDTHS = (8, 4, 2, 1), (16, 8)  # of the sums that stay in registers


def _summing(flags: tuple[str, ...]) -> Any:
    """`add_windows`: sums of up to eight positions and 16 numbers stay in registers; where nothing
    was sent to any of the positions the weights are passed over."""

    def add(  # type: ignore[no-untyped-def]
        _context: Any, counts: Any, sent: Any, s: Any, below: Any, weights: Any, w: Any, apart: Any,
        target: Any, at: Any, pitch: Any, positions: Any, n: Any
    ):  # fmt: skip
        def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            sizes, sent_, s_, steps, weights_, w_, strides, target_, at_, pitch_, p_, n_ = arguments
            word = n_.type
            loops = [
                tuple(builder.extract_value(numbers, k) for numbers in (sizes, steps, strides))
                for k in range(3)
            ]
            numbers = builder.gep(_data(context, builder, sent, sent_), [s_])
            rows = builder.gep(_data(context, builder, weights, weights_), [w_])
            own = builder.gep(_data(context, builder, target, target_), [at_])

            def block(first: Any, done: Any, count: int, width: int) -> None:
                start = builder.add(builder.mul(first, pitch_), done)
                places = [builder.add(start, builder.mul(pitch_, word(k))) for k in range(count)]
                pointers = [_at(builder, own, place, width) for place in places]
                totals = [cgutils.alloca_once(builder, p.type.pointee) for p in pointers]
                for total, pointer in zip(totals, pointers, strict=True):
                    builder.store(builder.load(pointer, align=4), total)

                def tap(here: Any, there: Any) -> None:
                    few = _load(builder, numbers, builder.add(first, here), count)
                    with builder.if_then(_any(builder, few)):
                        row = _load(builder, rows, builder.add(done, there), width)
                        for k, total in enumerate(totals):
                            one = builder.extract_element(few, word(k)) if count > 1 else few
                            each = _vector(builder, one, row.type)
                            made = _added(builder, flags, builder.load(total), each, row)
                            builder.store(made, total)

                _nested(builder, loops, word(0), word(0), tap)
                for total, pointer in zip(totals, pointers, strict=True):
                    builder.store(builder.load(total), pointer, align=4)

            _blocks(builder, p_, n_, block)
            return context.get_dummy_value()

        word, three = types.intp, types.UniTuple(types.intp, 3)
        return types.void(
            *(three, sent, word, three, weights, word, three, target), *[word] * 4
        ), make  # fmt: skip

    return intrinsic(add)


def _any(builder: Any, few: Any) -> Any:
    """Whether one of a few numbers is not 0."""
    if not isinstance(few.type, ir.VectorType):
        zero = ir.Constant(few.type, 0)
        is_float = isinstance(few.type, ir.FloatType)
        compare = builder.fcmp_unordered if is_float else builder.icmp_signed
        return compare("!=", few, zero)
    zeros = ir.Constant(few.type, None)
    is_float = isinstance(few.type.element, ir.FloatType)
    found = (builder.fcmp_unordered if is_float else builder.icmp_signed)("!=", few, zeros)
    bits = builder.bitcast(found, ir.IntType(few.type.count))
    return builder.icmp_signed("!=", bits, ir.Constant(bits.type, 0))


def _nested(builder: Any, loops: Any, here: Any, there: Any, tap: Any) -> None:
    """The tap within all loops, each of (count, step of what was sent, step of the weights)."""
    if not loops:
        tap(here, there)
        return
    (count, step, stride), *inner = loops
    with cgutils.for_range(builder, count) as loop:
        _nested(
            builder,
            inner,
            builder.add(here, builder.mul(loop.index, step)),
            builder.add(there, builder.mul(loop.index, stride)),
            tap,
        )


def _blocks(builder: Any, positions: Any, n: Any, block: Any) -> None:
    """The block for all positions and all of n numbers: of 16 of these, then of 8, and in each of
    eight positions, then of 4, 2 and 1."""
    word = n.type

    def across(done: Any, width: int) -> None:
        eights = builder.ashr(positions, word(3))
        with cgutils.for_range(builder, eights) as loop:
            block(builder.shl(loop.index, word(3)), done, 8, width)
        first = builder.shl(eights, word(3))
        for count in POSITIONS[1:]:
            left = builder.and_(positions, word(count))
            with builder.if_then(builder.icmp_signed("!=", left, word(0))):
                block(first, done, count, width)
            first = builder.add(first, left)

    widest = builder.ashr(n, word(4))
    with cgutils.for_range(builder, widest) as loop:
        across(builder.shl(loop.index, word(4)), 16)
    with builder.if_then(builder.icmp_signed("!=", builder.and_(n, word(8)), word(0))):
        across(builder.shl(widest, word(4)), 8)


def _turning(  # type: ignore[no-untyped-def]
    _context: Any, source: Any, s: Any, apart: Any, rows: Any, target: Any, t: Any, pitch: Any,
    columns: Any
):  # fmt: skip
    def make(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source_, s_, apart_, rows_, target_, t_, pitch_, columns_ = arguments
        word, above = s_.type, _data(context, builder, source, source_)
        below, square = _data(context, builder, target, target_), []
        for r in range(8):
            is_there = builder.icmp_signed("<", word(r), rows_)
            place = builder.add(s_, builder.mul(apart_, word(r)))
            row = _load(builder, above, builder.select(is_there, place, s_), 8)
            square.append(builder.select(is_there, row, ir.Constant(row.type, None)))
        for c, column in enumerate(_turned(builder, square)):
            with builder.if_then(builder.icmp_signed("<", word(c), columns_)):
                place = builder.add(t_, builder.mul(pitch_, word(c)))
                builder.store(column, _at(builder, below, place, 8), align=4)
        return context.get_dummy_value()

    word = types.intp
    return types.void(source, word, word, word, target, word, word, word), make


def _turned(builder: Any, square: list[Any]) -> list[Any]:
    """Columns for rows: of halves, quarters and single numbers by turns."""
    for half in (4, 2, 1):
        pairs = {}
        for r in (r for r in range(8) if not r & half):
            for k, shift in enumerate((0, half)):
                lanes = [
                    (8 + c - half if c & half else c) + shift for c in range(8)
                ]  # of row r, then of row r + half
                mask = ir.Constant(_lanes(square[0].type), lanes)
                pairs[r + k * half] = builder.shuffle_vector(square[r], square[r + half], mask)
        square = [pairs[r] for r in range(8)]
    return square


_turn: Any = intrinsic(_turning)
_run, _run_fused = _adding(()), _adding(FUSED)
_windows, _windows_fused = _summing(()), _summing(FUSED)


@overload(add_run, inline="always")
def _add_run(scale, source, first, target, at, n):  # type: ignore[no-untyped-def]
    return lambda scale, source, first, target, at, n: _run(scale, source, first, target, at, n)


@overload(add_run_fused, inline="always")
def _add_run_fused(scale, source, first, target, at, n):  # type: ignore[no-untyped-def]
    return lambda scale, source, first, target, at, n: _run_fused(
        scale, source, first, target, at, n
    )


@overload(add_windows)
def _add_windows(  # type: ignore[no-untyped-def]
    counts, sent, s, below, weights, w, apart, target, at, pitch, positions, n
):
    return lambda counts, sent, s, below, weights, w, apart, target, at, pitch, positions, n: (
        _windows(counts, sent, s, below, weights, w, apart, target, at, pitch, positions, n)
    )


@overload(add_windows_fused)
def _add_windows_fused(  # type: ignore[no-untyped-def]
    counts, sent, s, below, weights, w, apart, target, at, pitch, positions, n
):
    return lambda counts, sent, s, below, weights, w, apart, target, at, pitch, positions, n: (
        _windows_fused(counts, sent, s, below, weights, w, apart, target, at, pitch, positions, n)
    )


@overload(turn_square, inline="always")
def _square(source, s, apart, rows, target, t, pitch, columns):  # type: ignore[no-untyped-def]
    return lambda source, s, apart, rows, target, t, pitch, columns: _turn(
        source, s, apart, rows, target, t, pitch, columns
    )
