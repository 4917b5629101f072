"""Networks in text form, and strategies that draw expressions."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st
from signatures import signatures

from snncc.ir.expr import Const, Expr, Ref, apply
from snncc.ir.graph import Graph
from snncc.ir.text import parse_graph
from snncc.ir.types import DType, Fixed, Scalar

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


def literals(dtype: Scalar) -> st.SearchStrategy[Expr]:
    if isinstance(dtype, Fixed):
        return st.integers(dtype.low, dtype.high).map(lambda code: Const(code, dtype))
    values = {
        DType.F32: st.floats(allow_nan=False, allow_infinity=False),
        DType.F64: st.floats(allow_nan=False, allow_infinity=False),
        DType.I32: st.integers(-(2**31), 2**31 - 1),
        DType.BOOL: st.booleans(),
    }
    return values[dtype].map(lambda value: Const(value, dtype))


@st.composite
def expressions(draw, dtype: Scalar, names: tuple[str, ...], depth: int, types=NUMBERS) -> Expr:
    """A well-typed expression over numbers of these types; each name may be read in any type."""
    fitting = [s for s in signatures((*types, DType.BOOL)) if s.result == dtype]
    if depth == 0 or not fitting or draw(st.integers(0, 5)) == 0:
        refs = st.sampled_from(names).map(lambda name: Ref(name, dtype))
        return draw(st.one_of(refs, literals(dtype)))
    op = draw(st.sampled_from(sorted({s.op for s in fitting})))
    drawn = draw(st.sampled_from([s for s in fitting if s.op == op]))
    arguments = (draw(expressions(t, names, depth - 1, types)) for t in drawn.types)
    return apply(op, *arguments, immediate=drawn.immediate)


@pytest.fixture(scope="session")
def expr_of() -> Callable[..., st.SearchStrategy[Expr]]:
    """expr_of(dtype, names, depth): a strategy of well-typed expressions."""
    return expressions
