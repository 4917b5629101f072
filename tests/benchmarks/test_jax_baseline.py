"""The peer in XLA: our network's spikes, and two forms that are one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import speed
from nets import constant
from programs import SEED

from snncc.backends.reference.network import simulate
from snncc.ir.model import draw_model

jax = pytest.importorskip("jax", reason="the peer is measured where JAX is installed")

import jax_baseline  # noqa: E402

STEPS, HIDDEN = 40, 25


def subject_of(net: str) -> speed.Subject:
    """A network whose weights are multiples of 1/64, which add up exactly in whatever order."""
    subject = speed.make_subject("cpu", net, STEPS, HIDDEN)
    gains = {"image->h1": 2.0, "h2->digit": 4.0, "h1->h2": 8.0, "h2->h2": 4.0}
    coarse = {
        name: (np.round(w * 64 * gains.get(name, 1.0)) / 64).astype("f4")
        for name, w in subject.weights.items()
    }
    return replace(subject, weights=coarse)


@pytest.mark.parametrize("form", jax_baseline.FORMS)
@pytest.mark.parametrize("net", ["active liquid", "active dense"])
def test_spikes_are_those_of_the_reference(net: str, form: str) -> None:
    subject = subject_of(net)
    peer = jax_baseline.Peer(subject, form)
    inputs = np.random.default_rng(7).random((STEPS, 3, 784)) < 0.1
    model = draw_model(subject.network.graph, SEED, subject.weights)
    wanted = simulate(model, {"image": inputs}, np.float32).spikes
    found = peer.run(peer.weights, inputs.astype("f4"))
    for name, spikes in zip(("h1", "h2", "digit"), found, strict=True):
        assert wanted[name].sum() > 20, f"{name} is all but silent"
        assert np.array_equal(np.asarray(spikes) > 0, wanted[name]), name


def test_the_forms_learn_alike_and_only_where_there_are_synapses() -> None:
    subject = subject_of("active liquid")
    samples = constant(subject.network.graph, 4)
    peers = [jax_baseline.Peer(subject, form) for form in jax_baseline.FORMS]
    start = {name: np.asarray(w) for name, w in peers[0].weights.items()}
    for peer in peers:
        peer.train(samples, 2)
    for name, before in start.items():
        one, other = (np.asarray(peer.weights[name]) for peer in peers)
        assert 0 < np.abs(one - before).max() < 1e-5, name
        np.testing.assert_allclose(one - before, other - before, atol=5e-8)
        assert not one[~pairs_of(subject, name)].any(), name


def pairs_of(subject: speed.Subject, name: str) -> np.ndarray:
    """Where a projection has synapses, bool [pre, post]."""
    places = [p.name for p in subject.network.graph.projections]
    wiring = subject.network.links[places.index(name)].wiring
    joined = np.zeros((wiring.pre_neurons, wiring.post_neurons), bool)
    joined[wiring.pairs()] = True
    return joined
