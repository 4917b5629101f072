"""Files that are not what they should be."""

from __future__ import annotations

import lzma
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

# What the readers of the standard library, NumPy and safetensors raise on a file that is cut,
# flipped, encrypted or forged. bz2 and a seek before the start of an archive raise OSError.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


class Unfit(Exception):
    """A file that is not what its name says, or holds what is not taken. The message goes on after
    the file's name; `way_out` is what to do, if more can be said than that."""

    def __init__(self, reason: str, way_out: str = "") -> None:
        super().__init__(reason)
        self.way_out = way_out


@contextmanager
def damage() -> Iterator[None]:
    """Whatever a reader raises inside on a damaged file is an Unfit."""
    try:
        yield
    except DAMAGE as error:
        reason = str(error) or type(error).__name__
        raise Unfit(f"it is damaged ({reason})", "make it anew, or copy it again") from None
