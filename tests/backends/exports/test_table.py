"""Every form of a model: what it writes, and that floats are refused."""

from __future__ import annotations

import numpy as np
import pytest
from integer_cases import drawn_integers, drawn_model, drawn_samples
from refusal import refused

from snncc.backends.exports.table import EXPORTS
from snncc.backends.reference.simulator import ReferenceSimulator

OTHERS = ("onnx-qdq", "nir", "loihi", "ranc")  # forms that these integers do not have


@pytest.fixture(params=[name for name in EXPORTS if name not in OTHERS])
def form(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if name.startswith("onnx"):
        pytest.importorskip("onnx", reason="pip install onnx")
    return name


def test_a_test_comes_with_samples(form) -> None:
    model = drawn_integers(7)
    trace = ReferenceSimulator(model, np.float64).trace(drawn_samples(7), True)
    if EXPORTS[form].needs_trace:
        assert EXPORTS[form].write(model, "digest", trace).files
        return
    alone = EXPORTS[form].write(model, "digest", None)
    tested = EXPORTS[form].write(model, "digest", trace)
    assert alone.files.keys() < tested.files.keys()
    assert all(tested.files[name] == content for name, content in alone.files.items())
    assert alone.facts == tested.facts


@pytest.mark.parametrize("form", ["c", "vectors", "loihi"])
def test_floats_are_refused(form) -> None:
    diagnostic = refused("E071", EXPORTS[form].write, drawn_model(7), "digest", None)
    assert "quantize it first" in (diagnostic.help or "")
