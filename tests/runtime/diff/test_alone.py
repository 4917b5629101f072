"""A population replayed with other weights."""

from __future__ import annotations

import numpy as np
from integer_cases import drawn_integers

from snncc.ir.model import weights_name
from snncc.runtime.diff.alone import retyped


def test_codes_of_other_weights_stay_codes():
    """Twice the greatest code is none."""
    model = drawn_integers(0)
    name = model.graph.projections[0].name
    dtype = model.values[weights_name(name)].dtype
    found = retyped(model, {name: np.full(model.weights(name).shape, 2.0 * dtype.high)})
    assert (found.weights(name) == dtype.high).all()
