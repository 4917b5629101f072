"""Convolutions tap by tap backwards, against the pairs that their wiring writes out."""

from __future__ import annotations

import numpy as np
import pytest
from window_kinds import CONVOLUTIONS

from snncc.backends.compiled.kinds import numbers_of
from snncc.backends.compiled.windows import padded


@pytest.mark.parametrize("wiring", CONVOLUTIONS, ids=str)
def test_what_is_asked_and_what_was_sent_is_worth(plain_through, wiring):
    """Of any number of channels, though planes are made of several."""
    generator, window = np.random.default_rng(4), numbers_of(wiring)
    size = int(np.prod(wiring.weight_shape))
    weights = generator.standard_normal(size).astype(np.float32)
    arrived = generator.standard_normal(wiring.post_neurons).astype(np.float32)
    sent = generator.standard_normal(wiring.pre_neurons).astype(np.float32)
    arrived[: wiring.post.width] = 0
    (pre, post), places = wiring.pairs(), wiring.places()

    rows = weights.reshape(wiring.weight_shape).transpose(0, 2, 3, 1)
    laid = np.pad(rows, ((0, 0),) * 3 + ((0, padded(wiring.read) - wiring.read),)).ravel()
    asked = np.ones(wiring.pre_neurons, np.float32)
    plain_through.ask_taps(laid, window, arrived, asked)
    wanted = 1 + np.bincount(pre, weights[places] * arrived[post].astype(float), len(asked))
    np.testing.assert_allclose(asked, wanted, atol=1e-5)

    spikes = np.flatnonzero(sent > 0).astype(np.int32)
    for values in (sent, (sent > 0).astype(np.float32)):
        kernel = np.zeros(size // wiring.reached * padded(wiring.reached), np.float32)
        if values is sent:
            plain_through.worth_taps(window, sent, arrived, kernel)
        else:
            plain_through.worth_of_few(window, spikes, 0, len(spikes), arrived, kernel)
        own = np.zeros(size, np.float32)
        plain_through.keep_worth(window, kernel, own)
        wanted = np.bincount(places, values[pre] * arrived[post].astype(float), size)
        np.testing.assert_allclose(own, wanted, atol=1e-4)
