"""What events bring through windows, as loops of SystemVerilog."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ....ir.wiring import Windows


def over_windows(windows: Windows, sent: str, made: Callable[[str], list[str]]) -> Iterator[str]:
    """What is `made` of the place of its weight, for each synapse of every pre neuron `j` that has
    `sent` something; `i` is where it ends. Both are names of the module.

    Output (o, y, x) reads (c, y s + a - p, x s + b - p) through tap (a, b). So for each tap there
    is one output along an axis, if it comes out whole and lies on the plane.
    """
    channels, height, width = windows.pre
    _, rows, columns = windows.post
    k, s, p = windows.kernel, windows.stride, windows.padding
    read, reached = windows.read, windows.reached
    first = "0" if windows.groups == 1 else f"c / {read} * {reached}"
    planes = f"int o = {first}; o < {first} + {reached}; o++"
    if windows.is_pool:
        planes = "int o = c; o <= c; o++"
    own = "c" if windows.groups == 1 else f"c % {read}"
    place = f"((o * {read} + {own}) * {k} + (row + {p} - y * {s})) * {k} + (column + {p} - x * {s})"
    yield f"for (int c = 0; c < {channels}; c++)"
    yield f"for (int row = 0; row < {height}; row++)"
    yield f"for (int column = 0; column < {width}; column++) begin"
    yield f"    j = (c * {height} + row) * {width} + column;"
    yield f"    if ({sent})"
    yield f"    for ({planes})"
    yield f"    for ({_ends('y', 'row', windows, rows)})"
    yield f"    for ({_ends('x', 'column', windows, columns)}) begin"
    yield f"        i = (o * {rows} + y) * {columns} + x;"
    yield from (f"        {line}" for line in made("0" if windows.is_pool else place))
    yield from ("    end", "end")


def _ends(axis: str, at: str, windows: Windows, outputs: int) -> str:
    """A loop over the outputs along an axis whose windows hold an input. Quotients are made of
    numbers that are not negative, whose rest is cut off."""
    k, s, p = windows.kernel, windows.stride, windows.padding
    first = f"{at} + {p} < {k} ? 0 : ({at} + {p} - {k}) / {s} + 1"
    end = f"({axis} * {s} <= {at} + {p})"
    return f"int {axis} = {first}; {axis} < {outputs} && {end}; {axis}++"
