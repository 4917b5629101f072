"""Tables of constants in LLVM's text, and how their elements are read."""

from __future__ import annotations

from collections.abc import Callable

from ..c.synapses import Array, Packed
from .code import Code, Value

# The element at a place, as an i32.
Read = Callable[[Code, Value], Value]
# All codes of the cell at a place.
ReadAll = Callable[[Code, Value], list[Value]]


class Tables:
    """Constants by name, each written once."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def numbers(self, name: str, values: Array) -> Read:
        """A table of numbers."""
        self.texts[name] = self.texts.get(name) or table_text(name, values)
        bits, is_signed = values.dtype.itemsize * 8, values.dtype.kind == "i"
        return lambda code, place: code.cast(code.load(f"@{name}", place, bits), 32, is_signed)

    def packed(self, name: str, codes: Packed) -> Read:
        """A table of codes, several a byte, read one by one."""
        read = self.numbers(name, codes.cells)
        if codes.a_cell == 1:
            return read

        def code_at(code: Code, place: Value) -> Value:
            byte = read(code, code.binary("lshr", place, codes.a_cell.bit_length() - 1))
            which = code.binary("mul", code.binary("and", place, codes.a_cell - 1), codes.bits)
            part = code.binary("shl", code.binary("lshr", byte, which), 32 - codes.bits)
            return code.binary("ashr", part, 32 - codes.bits)

        return code_at

    def cells(self, name: str, codes: Packed) -> ReadAll:
        """The same table read a byte at a time."""
        read = self.numbers(name, codes.cells)

        def codes_at(code: Code, place: Value) -> list[Value]:
            byte, ends = read(code, place), range(codes.bits, codes.cell_bits + 1, codes.bits)
            return [
                code.binary("ashr", code.binary("shl", byte, 32 - end), 32 - codes.bits)
                for end in ends
            ]

        return codes_at


def table_text(name: str, values: Array) -> str:
    """A constant: its numbers' bytes, the lowest first, as all machines of the table have them."""
    data = values.astype(values.dtype.newbyteorder("<")).tobytes() or bytes(1)
    text = "".join(f"\\{byte:02x}" for byte in data)
    align = values.dtype.itemsize
    kind = f"private unnamed_addr constant [{len(data)} x i8]"
    return f'@{name} = {kind} c"{text}", align {align}'
