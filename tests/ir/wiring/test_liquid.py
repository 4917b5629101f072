"""The reservoir wiring: expected synapse counts of both variants, and its direction."""

import numpy as np
import pytest

from snncc.ir.diagnostics import CompileError
from snncc.ir.graph import Call, Projection
from snncc.ir.types import size
from snncc.ir.wiring import Wiring, initial_weights, wire


def liquid_arguments(grid, wiring: str = "symmetric", **changed):
    arguments = {"grid": grid, "lambda": 2.0, "wiring": wiring, "inhibitory": 0.2, "density": 1.5}
    return tuple({**arguments, **changed}.items())


def liquid(grid, wiring: str, seed: int, **changed) -> Wiring:
    call = Call("liquid", liquid_arguments(grid, wiring, **changed))
    neurons = (size(grid),)
    return wire(Projection("p", "h", "h", call, Call("constant")), neurons, neurons, seed)


@pytest.mark.parametrize(
    ("grid", "paper", "symmetric"),
    [
        ((5, 5, 4), 280, 881),
        ((5, 5, 8), 633, 2071),
        ((5, 5, 10), 807, 2656),
        ((5, 5, 16), 1325, 4463),
        ((10, 10, 8), 3071, 10_772),
    ],
)
@pytest.mark.parametrize("wiring", ["paper", "symmetric"])
def test_expected_counts(grid, paper, symmetric, wiring) -> None:
    expected = paper if wiring == "paper" else symmetric
    mean = np.mean([liquid(grid, wiring, seed).synapses for seed in range(6)])
    assert abs(mean - expected) < 3 * np.sqrt(expected)


def test_paper_wiring_points_one_way() -> None:
    pre, post = liquid((5, 5, 4), "paper", 1).pairs()
    source, target = (np.array(np.unravel_index(side, (5, 5, 4))) for side in (pre, post))
    assert (source >= target).all()
    assert (pre == post).any(), "self-connections are allowed"
    pre, post = liquid((5, 5, 4), "symmetric", 1).pairs()
    assert 0.35 < (pre < post).mean() < 0.65


def test_probability_falls_with_distance() -> None:
    """Without inhibition p = 1.5 * 0.3 * exp(-(dist / lambda)^2), measured on a line."""
    hits, trials = np.zeros(40), np.zeros(40)
    for seed in range(60):
        pre, post = liquid((40,), "symmetric", seed, inhibitory=0.0).pairs()
        np.add.at(hits, np.abs(pre - post), 1)
    distance = np.abs(np.subtract.outer(np.arange(40), np.arange(40)))
    trials = 60 * np.bincount(distance.ravel())
    expected = 0.45 * np.exp(-(np.arange(40) ** 2) / 4.0)
    error = np.sqrt(expected * (1 - expected) / trials)
    assert (np.abs(hits / trials - expected) < 5 * error + 1e-12)[:5].all()


def test_all_inhibitory_is_sparser() -> None:
    """I -> I has the base 0.1 where E -> E has 0.3."""
    few = np.mean([liquid((5, 5, 8), "symmetric", s, inhibitory=1.0).synapses for s in range(6)])
    many = np.mean([liquid((5, 5, 8), "symmetric", s, inhibitory=0.0).synapses for s in range(6)])
    assert few / many == pytest.approx(1 / 3, rel=0.1)


def test_dale_begins_with_the_signs_of_the_neurons() -> None:
    """Those that inhibit are what the wiring took them for: they reach others more rarely."""
    signs, fan_out = [], []
    for seed in range(20):
        call = Call("liquid", liquid_arguments((5, 5, 8)))
        init = Call("dale", (("magnitude", 2.0),))
        projection = Projection("p", "h", "h", call, init)
        wiring = wire(projection, (200,), (200,), seed)
        weights = initial_weights(projection, wiring, seed, {})
        pre, _ = wiring.pairs()
        assert set(np.abs(weights)) == {2.0}
        of_neuron = np.zeros(200)
        of_neuron[pre] = weights
        assert (weights == of_neuron[pre]).all(), "one sign a neuron"
        signs.append(of_neuron[np.unique(pre)] < 0)
        fan_out.append(np.bincount(pre, minlength=200)[np.unique(pre)])
    inhibits, reached = np.concatenate(signs), np.concatenate(fan_out)
    assert inhibits.mean() == pytest.approx(0.2, abs=0.03)
    # p = 0.3 (0.8) + 0.2 (0.2) of those that excite, 0.4 (0.8) + 0.1 (0.2) of the others.
    ratio = reached[inhibits].mean() / reached[~inhibits].mean()
    assert ratio == pytest.approx(0.34 / 0.28, rel=0.05)


def test_dale_wants_a_reservoir() -> None:
    projection = Projection("p", "a", "b", Call("dense"), Call("dale", (("magnitude", 1.0),)))
    with pytest.raises(CompileError, match="which neurons inhibit, and `dense` does not say"):
        initial_weights(projection, wire(projection, (3,), (4,), 1), 1, {})
