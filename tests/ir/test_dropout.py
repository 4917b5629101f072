from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.ir.dropout import factors
from snncc.ir.graph import Call

GRAPH = compiled_text(
    "network n { dt = 1 ms  delay = 0 ms  input x[1, 30, 20] encode bernoulli(duration = 4 ms)"
    "  population c : linear  population h[4000] : lif  output y[3] : lif"
    "  x -> c : one_to_one(weight = 1)  c -> h : dense  h -> y : dense }"
).graph


def call(name, p, profile="recommended"):
    return Call(name, (("p", p), ("profile", profile)))


def found(*calls, seed=3, epoch=2, sample=5):
    return factors(GRAPH, calls, seed, epoch, sample)


@pytest.mark.parametrize("p", [0.2, 0.5, 0.9])
def test_a_share_is_left_out_and_the_others_send_more(p):
    shares = found(call("h", p))["h"]
    assert set(shares) == {0.0, 1 / (1 - p)}
    assert (shares == 0).mean() == pytest.approx(p, abs=0.03)
    assert shares.mean() == pytest.approx(1, abs=0.08)


def test_none_is():
    assert set(found(call("h", 0.0))["h"]) == {1.0}


def test_rows_of_maps_are_left_out_together():
    rows = found(call("c", 0.4, "reference"))["c"].reshape(30, 20)
    assert (rows == rows[:, :1]).all()
    assert 0 < (rows[:, 0] == 0).sum() < 30
    units = found(call("c", 0.4))["c"].reshape(30, 20)
    assert ((units == 0).any(axis=1) & (units > 0).any(axis=1)).all()
    np.testing.assert_array_equal(
        *(found(call("h", 0.4, profile))["h"] for profile in ("reference", "recommended"))
    )


def test_seed_epoch_sample_and_population_decide_and_nothing_else():
    base = found(call("h", 0.5))["h"]
    others = [
        found(call("h", 0.5), **one)["h"] for one in ({"seed": 4}, {"epoch": 3}, {"sample": 6})
    ]
    others.append(found(call("h", 0.5), seed=3 + 2**32)["h"])
    others.append(np.resize(found(call("c", 0.5))["c"], 4000))
    assert all(0.4 < (base == other).mean() < 0.6 for other in others)
    # Beside others, and of a sample whose train is drawn anew, whose number stands from bit 33 on.
    again = found(call("c", 0.1), call("h", 0.5), sample=5 + (7 << 33))["h"]
    np.testing.assert_array_equal(again, base)


def test_a_run_goes_on_with_the_units_of_an_earlier_version():
    left_out = np.flatnonzero(found(call("h", 0.1))["h"] == 0)
    assert left_out[:8].tolist() == [0, 3, 9, 16, 17, 29, 32, 42]
