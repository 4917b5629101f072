"""Networks in text form, and strategies that draw expressions."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from snncc.ir.expr import OPS, Const, Expr, Ref, apply
from snncc.ir.graph import Graph
from snncc.ir.text import parse_graph
from snncc.ir.types import DType

NETS = Path(__file__).parent / "nets"
NUMBERS = (DType.F32, DType.F64, DType.I32)


@pytest.fixture(scope="session")
def net() -> Callable[[str], Graph]:
    """The network of that name in tests/ir/nets."""

    def read(name: str) -> Graph:
        path = NETS / f"{name}.snnir"
        tensors = {"listed": np.array([3.5, 0.5, 2.5], np.float32)}
        return parse_graph(path.read_text(), tensors, path.name)

    return read


def literals(dtype: DType) -> st.SearchStrategy[Expr]:
    values = {
        DType.F32: st.floats(allow_nan=False, allow_infinity=False),
        DType.F64: st.floats(allow_nan=False, allow_infinity=False),
        DType.I32: st.integers(-(2**31), 2**31 - 1),
        DType.BOOL: st.booleans(),
    }
    return values[dtype].map(lambda value: Const(value, dtype))


@st.composite
def expressions(draw, dtype: DType, names: tuple[str, ...], depth: int) -> Expr:
    """A well-typed expression; each name may be read in any type."""
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        refs = st.sampled_from(names).map(lambda name: Ref(name, dtype))
        return draw(st.one_of(refs, literals(dtype)))
    fitting = sorted(op for op, row in OPS.items() if _fits(row, dtype))
    op = draw(st.sampled_from(fitting))
    free = draw(st.sampled_from(NUMBERS)) if OPS[op].result == "bool" else dtype
    if "float" in OPS[op].kinds and free is DType.I32:
        free = DType.F32
    kinds = (DType.BOOL if kind == "bool" else free for kind in OPS[op].kinds)
    return apply(op, *(draw(expressions(kind, names, depth - 1)) for kind in kinds))


def _fits(row, dtype: DType) -> bool:
    if dtype is DType.BOOL:
        return row.result == "bool" or "any" in row.kinds
    return row.result == "same" and not ("float" in row.kinds and dtype is DType.I32)


@pytest.fixture(scope="session")
def expr_of() -> Callable[..., st.SearchStrategy[Expr]]:
    """expr_of(dtype, names, depth): a strategy of well-typed expressions."""
    return expressions
