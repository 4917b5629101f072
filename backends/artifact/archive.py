"""A zip of stored members in one canonical form: equal members give equal bytes.

Any zip tool opens such a file. Reading takes nothing but the canonical form: a changed, cut,
appended, repeated, overlapping or compressed member cannot be in it, so there is nothing to unpack
and no size to trust.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
NAME_LIMIT = 200
MEMBER_LIMIT = 10_000
SIZE_LIMIT = 2**32 - 2**24  # what a zip without extensions can address, headers aside

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")

VERSION = 20
DATE = 0x21  # 1980-01-01, the first day that a zip knows
FILE_MODE = 0o100644 << 16
UNIX = 3 << 8


class ArchiveError(ValueError):
    """Bytes that `pack` did not write, or members that it cannot write."""


def pack(members: Mapping[str, bytes]) -> bytes:
    """The archive of the members, in the order of their names."""
    _check(members)
    bodies, index, offset = [], [], 0
    for name, content in sorted(members.items()):
        encoded = name.encode("ascii")
        facts = (zlib.crc32(content), len(content), len(content), len(encoded), 0)
        head = LOCAL.pack(b"PK\3\4", VERSION, 0, 0, 0, DATE, *facts) + encoded
        place = (0, 0, 0, FILE_MODE, offset)
        made = CENTRAL.pack(b"PK\1\2", UNIX | VERSION, VERSION, 0, 0, 0, DATE, *facts, *place)
        index.append(made + encoded)
        bodies += [head, content]
        offset += len(head) + len(content)
    listing = b"".join(index)
    count = len(index)
    end = END.pack(b"PK\5\6", 0, 0, count, count, len(listing), offset, 0)
    return b"".join([*bodies, listing, end])


def unpack(archive: bytes) -> dict[str, bytes]:
    """The members of an archive that `pack` wrote; ArchiveError for anything else."""
    members = dict(_members(archive))
    # Reading was only a guess at what was packed; this is the proof.
    if pack(members) != archive:
        raise ArchiveError("its bytes are not as they were written")
    return members


def _members(archive: bytes) -> list[tuple[str, bytes]]:
    if archive[:4] != b"PK\3\4" or len(archive) < END.size:
        raise ArchiveError("it is not a package")
    end = END.unpack(archive[-END.size :])
    count, size, offset = end[4], end[5], end[6]
    if end[0] != b"PK\5\6" or offset + size + END.size != len(archive) or count > MEMBER_LIMIT:
        raise ArchiveError("it is cut short or has something behind its end")
    found = []
    for _ in range(count):
        name, content, offset = _member(archive, offset)
        found.append((name, content))
    return found


def _member(archive: bytes, at: int) -> tuple[str, bytes, int]:
    # `at` is where the member's line in the listing starts; its successor is returned.
    if at + CENTRAL.size > len(archive):
        raise ArchiveError("its listing is cut short")
    line = CENTRAL.unpack_from(archive, at)
    size, name_size, start = line[8], line[10], line[16]
    name = archive[at + CENTRAL.size : at + CENTRAL.size + name_size]
    body = start + LOCAL.size + name_size
    if line[0] != b"PK\1\2" or len(name) != name_size or body + size > len(archive):
        raise ArchiveError("its listing is damaged")
    return name.decode("latin-1"), archive[body : body + size], at + CENTRAL.size + name_size


def _check(members: Mapping[str, bytes]) -> None:
    if len(members) > MEMBER_LIMIT:
        raise ArchiveError(f"it has more than {MEMBER_LIMIT} members")
    for name in members:
        check_name(name)
    overhead = sum(2 * len(name) + LOCAL.size + CENTRAL.size for name in members)
    if sum(map(len, members.values())) + overhead > SIZE_LIMIT:
        raise ArchiveError(f"it is larger than {SIZE_LIMIT} bytes")


def check_name(name: str) -> None:
    """ArchiveError unless the name is a plain relative path of harmless characters."""
    if len(name) > NAME_LIMIT or NAME.fullmatch(name) is None:
        raise ArchiveError(f"it has a member of the name {name[:NAME_LIMIT]!r}")
