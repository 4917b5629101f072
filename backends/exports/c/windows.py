"""What an event brings through windows, as loops over those in which it lies.

    x ->  0 1 2 3 4      a kernel of 3 that moves by 1: input j = 2 lies in the windows 0, 1 and 2,
    out     0 1 2        of which it is tap 2, 1 and 0

So an event at (c, i, j) is added to the rows y0 ... y1 and columns x0 ... x1 of each plane o above,
and all that is kept is the kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ....ir.wiring import Windows


def over_planes(windows: Windows, lines: Iterable[str]) -> list[str]:
    """The lines for each pre neuron n, at (c, i, j)."""
    channels, height, width = windows.pre
    return [
        "uint32_t c, i, j;",
        f"for (c = 0, n = 0; c < {channels}; c++)",
        f"for (i = 0; i < {height}; i++)",
        f"for (j = 0; j < {width}; j++, n++) {{",
        *(f"    {line}" for line in lines),
        "}",
    ]


def touched(windows: Windows, lines: Iterable[str]) -> Iterator[str]:
    """The lines for each synapse of the pre neuron at (c, i, j): `m` its end, `k` the place of its
    weight among those of the projection."""
    _, rows, columns = windows.post
    kernel, stride = windows.kernel, windows.stride
    yield from _ends("y", "i", windows, rows)
    yield from _ends("x", "j", windows, columns)
    yield from _readers(windows)
    yield "for (y = y0; y < y1; y++) {"
    yield f"    uint32_t m = (o * {rows} + y) * {columns} + x0;"
    if not windows.is_pool:
        tap = f"{_channel(windows)} * {kernel} + yi - {_times('y', stride)}"
        yield f"    uint32_t k = ({tap}) * {kernel} + xj - {_times('x0', stride)};"
    moved = "m++" if windows.is_pool else f"m++, k -= {stride}"
    yield f"    for (x = x0; x < x1; x++, {moved}) {{"
    yield from (f"        {line}" for line in lines)
    yield "    }"
    yield "}"


def _readers(windows: Windows) -> Iterator[str]:
    """The planes above that read plane c: those of its group."""
    first, reached = _times(_over("c", windows.read), windows.reached), windows.reached
    if windows.groups == 1 and not windows.is_pool:
        yield "uint32_t o, y, x;"
        yield f"for (o = 0; o < {reached}; o++)"
    elif reached == 1:
        yield f"const uint32_t o = {first};"
        yield "uint32_t y, x;"
    else:
        yield f"const uint32_t o0 = {first};"
        yield "uint32_t o, y, x;"
        yield f"for (o = o0; o < o0 + {reached}; o++)"


def _channel(windows: Windows) -> str:
    """Which kernel of one plane for one plane it is, of plane c for plane o."""
    if windows.read == 1:
        return "o"
    own = "c" if windows.groups == 1 else f"c % {windows.read}"
    return f"(o * {windows.read} + {own})"


def place(windows: Windows) -> str:
    """Where the weight of a synapse lies in `touched`."""
    return "0" if windows.is_pool else "k"


def _ends(axis: str, at: str, windows: Windows, outputs: int) -> Iterator[str]:
    """Along an axis: the first output whose window holds the input, and the one behind the last."""
    reach, kernel = f"{axis}{at}", windows.kernel
    yield f"const uint32_t {reach} = {_plus(at, windows.padding)};"
    first = _over(f"({reach} - {kernel})", windows.stride)
    last = _over(reach, windows.stride)
    yield f"const uint32_t {axis}0 = {reach} < {kernel} ? 0 : {first} + 1;"
    yield f"const uint32_t {axis}1 = {last} < {outputs} ? {last} + 1 : {outputs};"


def _plus(name: str, number: int) -> str:
    return f"{name} + {number}" if number else name


def _times(name: str, factor: int) -> str:
    return name if factor == 1 else f"{name} * {factor}"


def _over(name: str, divisor: int) -> str:
    return name if divisor == 1 else f"{name} / {divisor}"
