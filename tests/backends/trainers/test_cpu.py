"""What a trainer promises beyond the gradients: threads, batches, states."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from backend_cases import samples_with
from compiled_texts import compiled_text
from kernel_flags import SPIKE_TRAIN
from refusal import refusals, refused
from trainer_cases import (
    ADAM,
    CLIP,
    PLAIN,
    RULES,
    SGD,
    STRONG,
    UNREACHED,
    bits,
    check_clip,
    check_counts,
    check_mean,
    check_moments,
    check_restored,
    data,
    moves,
    program,
    text_of,
)

from snncc.backends.trainers.sharing import GROUPS, Piece
from snncc.frontend.program import Program

pytestmark = SPIKE_TRAIN
AT_NIGHT = pytest.mark.compiled_at_night


def outcome_of(outcome):
    return [getattr(outcome, n).tolist() for n in outcome.__slots__]


@pytest.mark.parametrize("middle", ["dense", "sparse(p = 0.6)"])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("batch", [1, 3, 32])
def test_threads_change_no_bit(trainer, rule, batch, middle):
    net = program(rule, middle=middle)
    samples = data(min(batch, 9) + 2)  # the last batch is smaller
    one, two = trainer(net, threads=1), trainer(net, threads=2)
    first, second = one.train(samples, batch, 0.01), two.train(samples, batch, 0.01)
    assert bits(one) == bits(two)
    assert outcome_of(first) == outcome_of(second)
    assert bits(one) != bits(trainer(net)), "nothing was learnt"
    assert outcome_of(one.run(samples)) == outcome_of(two.run(samples))


LARGE = """
network net {
  dt = 1 ms
  neuron cell = lif(tau_mem = 8 ms, tau_syn = 4 ms, refractory = 1 ms)
  input  x[10] encode poisson(duration = 90 ms, rate = 300 Hz)
  population g[83] : cell(v_th = 2 mV)
  output y[3] : cell(v_th = 9 mV)
  x -> g : dense
  g -> y : dense
}
train net {
  data digits
  rule st_rsbp(target = 6, other = 1, margin = 0)
  optimizer adam(lr = 0.01)
}
"""


class Shared:
    """Every sample is shared by the threads."""

    def next(self, left, _may_share):
        return Piece(left, True)

    def took(self, piece, seconds):
        assert piece.is_shared


@pytest.mark.slow
def test_threads_that_share_a_sample_change_no_bit(trainer):
    net, samples = compiled_text(LARGE), data(4)
    one, two = trainer(net, threads=1), trainer(net, threads=2)
    two._sharing = Shared()
    first, second = one.train(samples, 1, 0.01), two.train(samples, 1, 0.01)
    assert bits(one) == bits(two)
    assert outcome_of(first) == outcome_of(second)
    assert bits(one) != bits(trainer(net)), "nothing was learnt"


@pytest.mark.parametrize("rule", RULES)
def test_a_batch_is_the_mean_of_its_samples(trainer, rule):
    net = program(rule, SGD, "sparse(p = 0.6)")
    together = check_mean(lambda: trainer(net), GROUPS + 3)  # some groups take two samples
    assert {name for name, moved in together.items() if moved.any()} == trained(net)


def trained(net: Program) -> set[str]:
    return {p.name for p in net.graph.projections if p.trainable}


@pytest.mark.parametrize("optimizer", [SGD, ADAM])
@pytest.mark.parametrize("rule", RULES)
def test_batch_one_is_a_batch_of_one_sample(trainer, rule, optimizer):
    net = program(rule, optimizer, more=STRONG)
    samples = data(2)
    direct, grouped = trainer(net), trainer(net)
    direct.train(samples, 1, 0.01)
    for k in range(2):
        grouped.train(samples.part(k, k + 1), 2, 0.01)
    assert direct.updates == grouped.updates == 2
    for name, array in direct.state().items():
        np.testing.assert_allclose(grouped.state()[name], array, rtol=2e-4, atol=2e-5, err_msg=name)


EVERY = "regularizer exponential(limit = 2) decay decoupled(0.1) clamp range(-0.9, 0.8)"
STEPS = [*(pytest.param(m, marks=AT_NIGHT) for m in ("", "regularizer l2(0.01)")), EVERY]


@pytest.mark.parametrize("more", STEPS)
@pytest.mark.parametrize("optimizer", [SGD, ADAM])
@pytest.mark.parametrize("rule", RULES)
def test_at_once_and_apart_give_the_same_bits(trainer, rule, optimizer, more):
    at_once = trainer(program(rule, optimizer, more=more))
    apart = trainer(program(rule, optimizer, more=more + UNREACHED))
    assert (at_once.chain.is_local, apart.chain.is_local) == (True, False)
    for trained in (at_once, apart):
        trained.train(data(5), 1, 0.01)
    assert bits(at_once) == bits(apart)


def test_a_gradient_is_clipped_as_a_whole(trainer):
    free, short = (trainer(program("st_rsbp", PLAIN, more=more)) for more in ("", CLIP))
    check_clip(free, short)


def test_a_projection_learns_at_its_own_rate(trainer):
    net, slower = (
        program("st_rsbp", PLAIN, last=last)
        for last in ("dense", "dense trainable(lr_mult = 0.25)")
    )
    for batch in (1, 3):
        all_alike, apart = (moves(trainer(p), data(batch), batch) for p in (net, slower))
        for name, move in all_alike.items():
            factor = 0.25 if name == "h->y" else 1.0
            np.testing.assert_allclose(apart[name], factor * move, atol=2e-5, err_msg=name)


def test_the_last_batch_may_be_smaller(trainer):
    net, samples = program("st_rsbp"), data(5)
    whole, parts = trainer(net), trainer(net)
    outcome = whole.train(samples, 3, 0.01)
    pieces = [parts.train(samples.part(*ends), 3, 0.01) for ends in ((0, 3), (3, 5))]
    assert bits(whole) == bits(parts)
    assert whole.updates == 2
    np.testing.assert_array_equal(outcome.counts, np.concatenate([p.counts for p in pieces]))
    np.testing.assert_array_equal(outcome.activity, sum(p.activity for p in pieces))


@pytest.mark.parametrize("batch", [1, 3])
def test_counts_are_those_before_the_update(trainer, batch):
    net = program("hm2_bp")
    check_counts(trainer(net), trainer(net), data(batch))


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("rule", RULES)
def test_a_restored_trainer_goes_on_with_the_same_bits(trainer, rule, batch):
    net = program(rule)
    check_restored(trainer(net), trainer(net), trainer(net, seed=99), batch)


def test_weights_are_copies(trainer):
    learner = trainer(program("st_rsbp"))
    before = bits(learner)
    for array in (*learner.weights().values(), *learner.state().values()):
        array[:] = 7
    assert bits(learner) == before
    shapes = {name: array.shape for name, array in learner.weights().items()}
    assert shapes["x->g"] == (10, 7)
    assert shapes["y->y"] == (6,)


def broken(state):
    """States that do not fit, by what is wrong with them."""
    first, wide = dict(state), dict(state)
    del first["weights/x->g"]
    wide["weights/x->g"] = np.zeros((10, 8), np.float32)
    doubles = {**state, "weights/x->g": state["weights/x->g"].astype(np.float64)}
    moment = "optimizer/first/x->g"
    short = {**state, moment: state[moment][:-1]}
    halves = {**state, moment: state[moment].astype(np.float16)}
    lost = {name: array for name, array in state.items() if name != "optimizer/updates"}
    before = {**state, "optimizer/updates": np.array([-1])}
    return {
        "weights/x->g": [first, wide, doubles],
        "weights/x->z": [{**state, "weights/x->z": state["weights/x->g"]}],
        moment: [short, halves],
        "optimizer/updates": [lost, before],
    }


def test_a_state_that_does_not_fit(trainer):
    learner = trainer(program("st_rsbp"))
    before = bits(learner)
    for name, states in broken(learner.state()).items():
        for state in states:
            diagnostic = refused("E060", learner.restore, state)
            assert f"`{name}`" in diagnostic.message
    assert bits(learner) == before


@pytest.mark.parametrize("inside", ["", "\n  h -> h : dense"])
def test_moments_have_the_shape_and_the_order_of_their_weights(trainer, inside):
    net = program("st_rsbp", "sgd(lr = 1, momentum = 0.5)", "dense" + inside)
    check_moments(trainer(net), data(2))


def test_all_misfits_are_told_at_once(trainer):
    learner = trainer(program("st_rsbp"))
    assert len(refusals(learner.restore, {"weights/x->z": np.zeros(3)})) == 1 + len(learner.state())


def test_a_run_that_has_come_to_nan_resumes_as_what_it_was(trainer):
    learner, other = trainer(program("st_rsbp")), trainer(program("st_rsbp"), seed=99)
    state = learner.state()
    state["weights/x->g"][0, :2] = np.nan, np.inf
    state["optimizer/second/x->g"][0, 3] = np.nan
    learner.restore(state)
    other.restore(learner.state())
    assert bits(other) == bits(learner)
    assert np.isnan(other.weights()["x->g"][0, 0])


def test_fixed_projections_keep_their_weights(trainer):
    net = program("st_rsbp", middle="dense fixed")
    learner = trainer(net)
    before = learner.weights()
    learner.train(data(2), 1, 0.1)
    learner.train(data(4), 4, 0.1)
    after = learner.weights()
    moved = {name for name in before if not np.array_equal(before[name], after[name])}
    assert moved == trained(net) == {"x->g", "h->h", "h->y"}


def test_learning_rate_zero_moves_nothing(trainer):
    learner = trainer(program("st_rsbp"))
    assert not any(m.any() for m in moves(learner, data(3), 1, 0.0).values())


@pytest.mark.parametrize("optimizer", [SGD, ADAM])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("rule", RULES)
def test_a_matrix_learns_like_its_list_of_synapses(trainer, rule, batch, optimizer):
    """`sparse(p = 1)` has the synapses of `dense`, but is learnt one by one."""
    matrix = trainer(program(rule, optimizer, "dense", STRONG))
    listed = trainer(program(rule, optimizer, "sparse(p = 1)", STRONG))
    same = {name: a.ravel() if "g->h" in name else a for name, a in matrix.state().items()}
    listed.restore(same)
    for trained in (matrix, listed):
        trained.train(data(3), batch, 0.01)
    for name, array in matrix.weights().items():
        other = listed.weights()[name].reshape(array.shape)
        np.testing.assert_allclose(other, array, rtol=1e-3, atol=1e-4, err_msg=name)


LEAKLESS = """
neuron leakless {
  param v_th: mV = 1 mV
  state v: mV = 0 mV
  on input { v = v + i }
  spike when v >= v_th
  on spike { v = 0 mV }
}
"""


@pytest.mark.parametrize("rule", RULES)
def test_neurons_without_a_leak_learn(trainer, rule):
    text = text_of(rule, SGD, "dense", "")
    text = text.replace("lif(tau_mem = 8 ms, tau_syn = 4 ms, refractory = 1 ms)", "leakless")
    moved = moves(trainer(compiled_text(LEAKLESS + text)), data(2), 2, 0.01)
    assert all(np.isfinite(m).all() for m in moved.values())
    assert moved["g->h"].any()


SHARED = """
network net {
  input  x[4, 4] encode bernoulli(duration = 20 ms)
  population m : lif(v_th = 0.5 mV)
  output y[2] : lif(v_th = 0.5 mV)
  x -> m : conv2d(channels = 2, kernel = 2, init = uniform(0, 1))
  m -> y : dense
}
train net { data digits  rule st_rsbp  optimizer adam(lr = 0.01) }
"""
FIELDS = ("rows", "ids", "labels", "importance")


def test_shared_weights_learn_from_all_their_synapses_before_they_change(trainer):
    """Batches of one sample too: a kernel is moved once, by the mean of two equal samples."""
    net = compiled_text(SHARED)
    images = np.random.default_rng(1).random((1, 16)).astype(np.float32)
    sample = samples_with(images, [0])
    twice = replace(sample, **{f: np.repeat(getattr(sample, f), 2, axis=0) for f in FIELDS})
    alone, mean = trainer(net), trainer(net)
    alone.train(sample, 1, 0.01)
    mean.train(twice, 2, 0.01)
    for name, weights in alone.weights().items():
        np.testing.assert_allclose(weights, mean.weights()[name], rtol=1e-6, err_msg=name)
    assert (alone.weights()["x->m"] != trainer(net).weights()["x->m"]).any()
