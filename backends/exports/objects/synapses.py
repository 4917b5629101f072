"""What pre neurons bring to their post neurons: rows of all pairs and of lists, and windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ....ir.wiring import AllPairs, Windows, Wiring
from ..c.synapses import Array, Packed, packed, rows_of
from ..c.tables import reciprocal
from .code import Code, Value, constant
from .tables import Read, Tables

# What an event does to a neuron, by its number and the weight.
Body = Callable[[Value, Value], None]


@dataclass(frozen=True, slots=True, eq=False)
class Synapses:
    """Those of a projection that is called `own`; `is_short`: an event may be added several neurons
    at a time."""

    code: Code
    tables: Tables
    wiring: Wiring
    own: str
    codes: Array
    is_short: bool


@dataclass(frozen=True, slots=True)
class Sender:
    """A pre neuron by its number, and by its plane, row and column where it lies in planes."""

    n: Value
    at: tuple[Value, ...] = ()


def over(synapses: Synapses, row: Callable[[Sender], None]) -> None:
    """Does the row of every pre neuron, in their order."""
    code, wiring = synapses.code, synapses.wiring
    if not isinstance(wiring, Windows):
        code.loop(wiring.pre_neurons, lambda n: row(Sender(n)))
        return
    channels, height, width = wiring.pre

    def plane(c: Value) -> None:
        def line(i: Value) -> None:
            first = _index(code, c, (i, height), (constant(0), width))
            code.loop(width, lambda j: row(Sender(code.binary("add", first, j), (c, i, j))))

        code.loop(height, line)

    code.loop(channels, plane)


def deliver(synapses: Synapses, sender: Sender, body: Body) -> None:
    """What an event of a pre neuron does to its post neurons."""
    if isinstance(synapses.wiring, Windows):
        _touch(synapses, synapses.wiring, sender.at, body)
    else:
        _row(synapses, synapses.wiring, sender.n, body)


def _row(synapses: Synapses, wiring: Wiring, n: Value, body: Body) -> None:
    assert not isinstance(wiring, Windows)
    code, tables, own = synapses.code, synapses.tables, synapses.own
    rows = rows_of(wiring, synapses.codes)
    if isinstance(wiring, AllPairs) or rows.first is None or rows.post is None:
        _dense(synapses, rows.weights, (n, wiring.post_neurons), body)
        return
    weights = tables.packed(f"weights_{own}", rows.weights)
    first = tables.numbers(f"first_{own}", rows.first)
    ends = tables.numbers(f"post_{own}", rows.post)

    def listed(k: Value) -> None:
        body(ends(code, k), weights(code, k))

    code.loop(first(code, code.binary("add", n, 1)), listed, first(code, n))


def _dense(synapses: Synapses, codes: Packed, row: tuple[Value, int], body: Body) -> None:
    """Row n of so many post neurons, a cell at a time where every row begins with one and it is
    sums that are made."""
    code, (n, posts), name = synapses.code, row, f"weights_{synapses.own}"
    if posts % codes.a_cell or codes.a_cell == 1 or not synapses.is_short:
        weights, start = synapses.tables.packed(name, codes), code.binary("mul", n, posts)
        code.loop(posts, lambda i: body(i, weights(code, code.binary("add", start, i))))
        return
    cells, all_of = posts // codes.a_cell, synapses.tables.cells(name, codes)
    start = code.binary("mul", n, cells)

    def cell(k: Value) -> None:
        first = code.binary("mul", k, codes.a_cell)
        for which, weight in enumerate(all_of(code, code.binary("add", start, k))):
            body(code.binary("add", first, which), weight)

    code.loop(cells, cell)


def _touch(synapses: Synapses, windows: Windows, at: tuple[Value, ...], body: Body) -> None:
    """An event at plane c, row i and column j: output (o, y, x) of its group has it as tap i + p -
    y s, j + p - x s, s the stride and p the padding."""
    code, (c, i, j) = synapses.code, at
    weights = synapses.tables.packed(f"weights_{synapses.own}", packed(synapses.codes))
    _, rows, columns = windows.post
    kernel, stride = windows.kernel, windows.stride
    down, y0, y1 = _ends(code, i, windows, (windows.pre.height, rows))
    along, x0, x1 = _ends(code, j, windows, (windows.pre.width, columns))
    above, end, inner = _readers(code, windows, c)

    def plane(o: Value) -> None:
        channel = _index(code, o, (inner, windows.read))

        def row(y: Value) -> None:
            tap = code.binary("sub", down, code.binary("mul", y, stride))
            last = _index(code, channel, (tap, kernel), (along, kernel))
            first = _index(code, o, (y, rows), (constant(0), columns))

            def synapse(x: Value) -> None:
                k = code.binary("sub", last, code.binary("mul", x, stride))
                body(code.binary("add", first, x), _weight(code, weights, windows, k))

            code.loop(x1, synapse, x0)

        code.loop(y1, row, y0)

    if windows.reached == 1:
        plane(above)
    else:
        code.loop(end, plane, above)


def _readers(code: Code, windows: Windows, c: Value) -> tuple[Value, Value, Value]:
    """The first plane above that reads plane c, the one behind the last, and which plane c is of
    those that they read."""
    read, reached = windows.read, windows.reached
    if windows.groups == 1 and not windows.is_pool:
        return constant(0), constant(reached), c
    group = quotient(code, c, read, windows.pre.channels - 1)
    inner = constant(0) if read == 1 else code.binary("sub", c, code.binary("mul", group, read))
    first = group if reached == 1 else code.binary("mul", group, reached)
    return first, code.binary("add", first, reached), inner


def _weight(code: Code, weights: Read, windows: Windows, k: Value) -> Value:
    return weights(code, constant(0) if windows.is_pool else k)


def _index(code: Code, first: Value, *others: tuple[Value, int]) -> Value:
    """The place of an element by its index along each axis, and the extents of all but the
    first."""
    for index, extent in others:
        first = code.binary("mul", first, extent)
        first = first if index.whole == 0 else code.binary("add", first, index)
    return first


def _ends(
    code: Code, at: Value, windows: Windows, extents: tuple[int, int]
) -> tuple[Value, Value, Value]:
    """Along an axis of so many inputs and outputs: the input with the padding before it, the first
    output whose window holds it, and the one behind the last."""
    inputs, outputs = extents
    kernel, most = windows.kernel, inputs + windows.padding
    reach = code.binary("add", at, windows.padding)

    def following(value: Value) -> Value:
        return code.binary("add", quotient(code, value, windows.stride, most), 1)

    is_near = code.compare("ult", reach, kernel)
    behind = code.binary("sub", reach, kernel)
    first = code.select(is_near, constant(0), following(code.select(is_near, constant(0), behind)))
    last = following(reach)
    is_over = code.compare("ult", constant(outputs), last)
    return reach, first, code.select(is_over, constant(outputs), last)


def quotient(code: Code, value: Value, divisor: int, most: int) -> Value:
    """A number from 0 to `most` over another one, without a division where a factor does."""
    if divisor == 1:
        return value
    factor = reciprocal(divisor, most)
    if factor is None:
        return code.binary("udiv", value, divisor)
    return code.binary("lshr", code.binary("mul", value, factor[0]), factor[1])
