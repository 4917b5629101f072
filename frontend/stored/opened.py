"""Arrays of the files that a program names."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy.typing as npt

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.files import open_file
from .unfit import Unfit

Array = npt.NDArray[Any]


def read_array(path: Path, span: Span, read: Callable[[BinaryIO], Array]) -> Array:
    """What `read` makes of a file that is named at the span; CompileError(E063) if it is not there
    or unfit."""
    try:
        with open_file(path) as file:
            return read(file)
    except OSError as error:
        is_lost = error.errno in (errno.ENOENT, errno.ENOTDIR)
        way_out = "a path is relative to the file that names it" if is_lost else ""
        unfit = Unfit(error.strerror or str(error), way_out)
    except Unfit as error:
        unfit = error
    message = f"cannot read `{path.name}`: {unfit}"
    raise CompileError(Diagnostic("E063", message, span, help=unfit.way_out))
