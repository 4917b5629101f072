"""Networks in text form, and strategies that draw expressions."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from drawn_expressions import expressions
from hypothesis import strategies as st

from snncc.ir.expr import Expr
from snncc.ir.graph import Graph
from snncc.ir.text import parse_graph

NETS = Path(__file__).parent / "nets"


@pytest.fixture(scope="session")
def net() -> Callable[[str], Graph]:
    """The network of that name in tests/ir/nets."""

    def read(name: str) -> Graph:
        path = NETS / f"{name}.snnir"
        tensors = {"listed": np.array([3.5, 0.5, 2.5], np.float32)}
        return parse_graph(path.read_text(), tensors, path.name)

    return read


@pytest.fixture(scope="session")
def expr_of() -> Callable[..., st.SearchStrategy[Expr]]:
    """expr_of(dtype, names, depth, types): a strategy of well-typed expressions."""
    return expressions
