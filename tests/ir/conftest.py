"""Networks in text form."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

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
