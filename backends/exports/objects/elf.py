"""What a file in the format ELF says of itself: its sections and its symbols."""

from __future__ import annotations

import struct
from dataclasses import dataclass

ALLOCATED, EXECUTED, WITHOUT_BYTES = 2, 4, 8  # flags of a section, and a type
SYMBOLS, FUNCTION = 2, 2  # a type of sections, one of symbols


@dataclass(frozen=True, slots=True)
class Section:
    """A section; `data` is empty where memory is only reserved."""

    name: str
    kind: int
    flags: int
    size: int
    data: bytes
    link: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol; `section` 0 is none: another file has to bring it."""

    name: str
    value: int
    size: int
    section: int
    kind: int

    @property
    def code(self) -> int:
        """Where its instructions begin: bit 0 says that they are Thumb's."""
        return self.value & ~1


@dataclass(frozen=True, slots=True)
class Elf:
    """The parts of a file; `machine` and `flags` as the head gives them."""

    machine: int
    flags: int
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]

    @property
    def flash(self) -> int:
        """The bytes that lie in memory and are never written: code and constants."""
        return sum(s.size for s in self.sections if s.flags & ALLOCATED and not s.flags & 1)

    @property
    def written(self) -> int:
        """The bytes of memory that are written."""
        return sum(s.size for s in self.sections if s.flags & ALLOCATED and s.flags & 1)

    @property
    def wanted(self) -> list[str]:
        """The symbols that another file has to bring."""
        return sorted(s.name for s in self.symbols if s.name and s.section == 0)

    @property
    def functions(self) -> list[Symbol]:
        """The functions that are here."""
        return [s for s in self.symbols if s.kind == FUNCTION and s.section]


def read_elf(data: bytes) -> Elf:
    """The parts of a file of the lower byte first, of 32 or 64 bits."""
    assert data[:4] == b"\x7fELF"
    assert data[5] == 1
    wide = data[4] == 2
    head = struct.unpack_from("<HHIQQQIHHHHHH" if wide else "<HHIIIIIHHHHHH", data, 16)
    machine, place, flags, size, count, names = head[1], head[5], head[6], *head[10:13]
    row = "<IIQQQQIIQQ" if wide else "<IIIIIIIIII"
    rows = [struct.unpack_from(row, data, place + k * size) for k in range(count)]
    bytes_of = [b"" if r[1] == WITHOUT_BYTES else data[r[4] : r[4] + r[5]] for r in rows]
    sections = tuple(
        Section(_name(bytes_of[names], r[0]), r[1], r[2], r[5], content, r[6])
        for r, content in zip(rows, bytes_of, strict=True)
    )
    found = [s for section in sections for s in _symbols(section, bytes_of, wide)]
    return Elf(machine, flags, sections, tuple(found))


def _symbols(section: Section, bytes_of: list[bytes], wide: bool) -> list[Symbol]:
    if section.kind != SYMBOLS:
        return []
    made = []
    for row in struct.iter_unpack("<IBBHQQ" if wide else "<IIIBBH", section.data):
        name = _name(bytes_of[section.link], row[0])
        fields = (4, 5, 3, 1) if wide else (1, 2, 5, 3)
        value, size, where, about = (row[k] for k in fields)
        made.append(Symbol(name, value, size, where, about & 15))
    return made


def _name(text: bytes, place: int) -> str:
    return text[place : text.index(b"\0", place)].decode()
