"""Convolutions tap by tap along rows, against the pairs of their wiring."""

from __future__ import annotations

import numpy as np
import pytest
from window_kinds import CONVOLUTIONS

from snncc.backends.compiled.kinds import numbers_of
from snncc.backends.compiled.windows import padded


@pytest.mark.parametrize("wiring", CONVOLUTIONS, ids=str)
def test_numbers_bring_the_bits_of_delivery(plain, wiring):
    """Of any number of channels, though planes are made of several."""
    generator = np.random.default_rng(3)
    weights = generator.standard_normal(int(np.prod(wiring.weight_shape))).astype(np.float32)
    sent = generator.standard_normal(wiring.pre_neurons).astype(np.float32)
    current = generator.standard_normal(wiring.post_neurons).astype(np.float32)
    laid = np.empty(len(weights) // wiring.reached * padded(wiring.reached), np.float32)
    window, wanted = numbers_of(wiring), current.copy()
    plain.lay_kernel(window, weights, laid)
    for k in range(wiring.pre_neurons):
        plain.send_windows(weights, window, k, sent[k], wanted)
    plain.send_taps(laid, window, sent, current)
    np.testing.assert_array_equal(current, wanted)


def test_depthwise_convolutions_make_no_planes(plain):
    for wiring in CONVOLUTIONS:
        window = numbers_of(wiring)
        made = plain.planes_of(window), plain.bordered_of(window)
        assert (max(made) == 0) == (wiring.reached == 1)
        assert plain.is_sparse(window, wiring.pre_neurons, 1) == (wiring.reached == 1)
