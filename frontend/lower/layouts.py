"""What the table of a weight file means: a matrix, or a list of synapses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ..stored.arrays import Array, Header

Weights = npt.NDArray[np.float32]
Sizes = tuple[int | None, int | None]  # neurons before and after; None: not known yet
Pairs = tuple[tuple[int, int], ...]

ROWS = "a list has rows of pre, post, weight, and perhaps delay [ms]"
Delays = npt.NDArray[np.float64]  # [ms]


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A weight file as a program names it, and the sizes of what it joins."""

    path: str
    span: Span
    sizes: Sizes

    def require_room(self, header: Header) -> None:
        """CompileError(E040) for more numbers than any layout of these sizes can have."""
        pre, post = self.sizes
        rows, columns = header.shape
        if pre is None or post is None or rows * columns <= 4 * max(pre * post, 1):
            return
        message = f"`{self.path}` holds more numbers than {pre} neurons to {post} can have weights"
        raise self._refusal("E040", message, f"a matrix is [{pre}, {post}]; {ROWS}")

    def layout(self, table: Array) -> str:
        """How the table is to be read, if there is one way only."""
        is_matrix, columns = self._fits(table.shape), table.shape[1]
        if not self._may_be_list(table):
            is_list = columns == 3 and not is_matrix and not self._fits(table.shape[::-1])
            return "list" if is_list else "matrix"
        if not is_matrix:
            return "list"
        rows = "pre, post, weight" + (", delay" if columns == 4 else "")
        message = f"`{self.path}` may be a [pre, post] matrix, and may be rows of {rows}"
        raise self._refusal("E042", message, 'say which: `layout = "matrix"` or `layout = "list"`')

    def _fits(self, shape: tuple[int, ...]) -> bool:
        pairs = zip(shape, self.sizes, strict=True)
        return all(neurons is None or neurons == extent for extent, neurons in pairs)

    def _may_be_list(self, table: Array) -> bool:
        """Whether the rows may be pre, post, weight, and perhaps a delay, of different synapses."""
        pairs = table[:, :2]
        if table.shape[1] not in (3, 4) or not np.all((pairs >= 0) & (pairs == np.floor(pairs))):
            return False
        if table.shape[1] == 4 and not np.all(table[:, 3] >= 0):
            return False
        ends = zip(pairs.max(axis=0), self.sizes, strict=True)
        is_inside = all(neurons is None or index < neurons for index, neurons in ends)
        return is_inside and len(np.unique(pairs, axis=0)) == len(pairs)

    def as_matrix(self, table: Array, layout: str) -> Weights:
        """The weights [pre, post] of a table in the layout matrix or post_pre."""
        matrix = table.T if layout == "post_pre" else table
        if not self._fits(matrix.shape):
            raise self._misfit(table, layout)
        return np.ascontiguousarray(matrix, dtype=np.float32)

    def _misfit(self, table: Array, layout: str) -> CompileError:
        first, second = ("any" if n is None else str(n) for n in self.sizes)
        wanted = f"{second}, {first}" if layout == "post_pre" else f"{first}, {second}"
        message = (
            f"`{self.path}` holds {list(table.shape)} weights, but the populations ask for "
            f"[{wanted}]"
        )
        return self._refusal("E040", message, self._other_layout(table, layout))

    def _other_layout(self, table: Array, layout: str) -> str:
        if layout == "post_pre":
            return "its rows are post neurons, its columns pre neurons"
        if self._fits(table.shape[::-1]):
            return 'it fits as [post, pre], as PyTorch keeps weights: write `layout = "post_pre"`'
        return f"a matrix is [pre, post]; {ROWS}"

    def as_list(self, table: Array) -> tuple[Pairs, Weights, Delays | None]:
        """The pairs (pre, post), the weights and the delays of rows of these, if they have them."""
        columns = table.shape[1]
        if columns not in (3, 4):
            raise self._refusal("E040", f"`{self.path}` has {columns} columns, but {ROWS}", "")
        pairs = table[:, :2]
        bad = np.argwhere((pairs < 0) | (pairs != np.floor(pairs)))
        if len(bad):
            row, column = (int(k) for k in bad[0])
            message = f"`{self.path}` has {pairs[row, column]:g} for a neuron's index in row {row}"
            raise self._refusal("E042", f"{message} (from 0)", ROWS)
        listed = tuple((int(pre), int(post)) for pre, post in pairs)
        delays = table[:, 3].astype(np.float64) if columns == 4 else None
        return listed, np.ascontiguousarray(table[:, 2], dtype=np.float32), delays

    def _refusal(self, code: str, message: str, way_out: str) -> CompileError:
        return CompileError(Diagnostic(code, message, self.span, help=way_out))
