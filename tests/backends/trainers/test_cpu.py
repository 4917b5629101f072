"""What a trainer promises beyond the gradients: threads, batches, states."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from backend_cases import check_moments, samples_with

from snncc.backends.trainers.cpu import GROUPS
from snncc.backends.trainers.sharing import Piece
from snncc.frontend.program import Program
from snncc.ir.diagnostics import CompileError

NET = """
network net {{
  dt = 1 ms
  delay = 1 ms
  neuron cell = lif(tau_mem = 8 ms, tau_syn = 4 ms, refractory = 1 ms)
  input  x[10] encode poisson(duration = {steps} ms, rate = 300 Hz)
  population g[7] : cell(v_th = 1.5 mV)
  population h[6] : cell(v_th = 2 mV)
  output y[3] : cell(v_th = 2 mV)
  x -> g : dense
  g -> h : {middle}
  {inside}
  h -> y : dense
  y -> y : lateral_inhibition(weight = -1)
}}
train net {{
  data digits
  rule {rule}(target = 6, other = 1, margin = 0)
  optimizer {optimizer}
  {more}
}}
"""
STEPS = 24
RULES = {
    "st_rsbp": {"rule": "st_rsbp", "inside": "h -> h : sparse(p = 0.5) delay 2 ms"},
    "hm2_bp": {"rule": "hm2_bp", "inside": ""},
}
SGD = "sgd(lr = 1)"


@pytest.fixture(scope="session")
def program(compiled):
    """program(rule, optimizer, middle, more): the net with its train block."""

    def make(rule, optimizer="adam(lr = 0.01)", middle="dense", more=""):
        settings = {"steps": STEPS, "optimizer": optimizer, "middle": middle, "more": more}
        return compiled(NET.format(**RULES[rule], **settings))

    return make


@pytest.fixture
def data(samples_of):
    """data(count): samples of three classes; every other one weighs more."""

    def make(count):
        values = np.random.default_rng(4).random((count, 10)).astype(np.float32)
        samples = samples_of(values, np.arange(count) % 3)
        importance = np.where(np.arange(count) % 2, 1.5, 1.0).astype(np.float32)
        return replace(samples, importance=importance)

    return make


def digest(trainer):
    digest = hashlib.sha256()
    for name, array in sorted(trainer.state().items()):
        digest.update(name.encode() + array.tobytes())
    return digest.hexdigest()


def outcome_of(outcome):
    return [getattr(outcome, n).tolist() for n in outcome.__slots__]


def moves(trainer, samples, batch, rate=1.0):
    """What one call of `train` adds to the weights."""
    before = trainer.weights()
    trainer.train(samples, batch, rate)
    return {name: w.astype(np.float64) - before[name] for name, w in trainer.weights().items()}


@pytest.mark.parametrize("middle", ["dense", "sparse(p = 0.6)"])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("batch", [1, 3, 32])
def test_threads_change_no_bit(program, trainer, data, rule, batch, middle):
    net = program(rule, middle=middle)
    samples = data(min(batch, 9) + 2)  # the last batch is smaller
    one, two = trainer(net, threads=1), trainer(net, threads=2)
    first, second = one.train(samples, batch, 0.01), two.train(samples, batch, 0.01)
    assert digest(one) == digest(two)
    assert outcome_of(first) == outcome_of(second)
    assert digest(one) != digest(trainer(net)), "nothing was learnt"
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
def test_threads_that_share_a_sample_change_no_bit(compiled, trainer, data):
    net, samples = compiled(LARGE), data(4)
    one, two = trainer(net, threads=1), trainer(net, threads=2)
    two._sharing = Shared()
    first, second = one.train(samples, 1, 0.01), two.train(samples, 1, 0.01)
    assert digest(one) == digest(two)
    assert outcome_of(first) == outcome_of(second)
    assert digest(one) != digest(trainer(net)), "nothing was learnt"


@pytest.mark.parametrize("rule", RULES)
def test_a_batch_is_the_mean_of_its_samples(program, trainer, data, rule):
    net = program(rule, SGD, "sparse(p = 0.6)")
    count = GROUPS + 3  # some groups take two samples
    samples = data(count)
    singly = [moves(trainer(net), samples.part(k, k + 1), 1) for k in range(count)]
    together = moves(trainer(net), samples, count)
    for name, moved in together.items():
        mean = np.mean([m[name] for m in singly], axis=0)
        np.testing.assert_allclose(moved, mean, atol=2e-5 * (1 + np.abs(moved).max()), err_msg=name)
    assert {name for name, moved in together.items() if moved.any()} == trained(net)


def trained(net: Program) -> set[str]:
    return {p.name for p in net.graph.projections if p.trainable}


@pytest.mark.parametrize("optimizer", [SGD, "adam(lr = 0.01)"])
@pytest.mark.parametrize("rule", RULES)
def test_batch_one_is_a_batch_of_one_sample(program, trainer, data, rule, optimizer):
    net = program(rule, optimizer, more="regularizer exponential(strength = 0.5, limit = 2)")
    samples = data(2)
    direct, grouped = trainer(net), trainer(net)
    direct.train(samples, 1, 0.01)
    for k in range(2):
        grouped.train(samples.part(k, k + 1), 2, 0.01)
    assert direct.updates == grouped.updates == 2
    for name, array in direct.state().items():
        np.testing.assert_allclose(grouped.state()[name], array, rtol=2e-4, atol=2e-5, err_msg=name)


EVERY = "regularizer exponential(limit = 2) decay decoupled(0.1) clamp range(-0.9, 0.8)"


@pytest.mark.parametrize("more", ["", "regularizer l2(0.01)", EVERY])
@pytest.mark.parametrize("optimizer", [SGD, "adam(lr = 0.01)"])
@pytest.mark.parametrize("rule", RULES)
def test_at_once_and_apart_give_the_same_bits(program, trainer, data, rule, optimizer, more):
    """A clip that is never reached looks at the whole gradient all the same."""
    at_once = trainer(program(rule, optimizer, more=more))
    apart = trainer(program(rule, optimizer, more=more + " clip norm(limit = 1e30)"))
    assert (at_once.chain.is_local, apart.chain.is_local) == (True, False)
    for trained in (at_once, apart):
        trained.train(data(5), 1, 0.01)
    assert digest(at_once) == digest(apart)


def test_a_gradient_is_clipped_as_a_whole(program, trainer, data):
    plain = "sgd(lr = 1, momentum = 0)"
    free = moves(trainer(program("st_rsbp", plain)), data(3), 3)
    short = moves(trainer(program("st_rsbp", plain, more="clip norm(limit = 0.25)")), data(3), 3)
    length = np.sqrt(sum((move**2).sum() for move in free.values()))
    assert length > 1
    for name, move in free.items():
        np.testing.assert_allclose(short[name], move * 0.25 / length, atol=1e-5, err_msg=name)


def test_a_projection_learns_at_its_own_rate(program, trainer, data):
    net = program("st_rsbp", "sgd(lr = 1, momentum = 0)")
    slower = replace(net, train=replace(net.train, rates={"h->y": 0.25}))
    for batch in (1, 3):
        all_alike, apart = (moves(trainer(p), data(batch), batch) for p in (net, slower))
        for name, move in all_alike.items():
            factor = 0.25 if name == "h->y" else 1.0
            np.testing.assert_allclose(apart[name], factor * move, atol=2e-5, err_msg=name)


def test_the_last_batch_may_be_smaller(program, trainer, data):
    net, samples = program("st_rsbp"), data(5)
    whole, parts = trainer(net), trainer(net)
    outcome = whole.train(samples, 3, 0.01)
    pieces = [parts.train(samples.part(*ends), 3, 0.01) for ends in ((0, 3), (3, 5))]
    assert digest(whole) == digest(parts)
    assert whole.updates == 2
    np.testing.assert_array_equal(outcome.counts, np.concatenate([p.counts for p in pieces]))
    np.testing.assert_array_equal(outcome.activity, sum(p.activity for p in pieces))


@pytest.mark.parametrize("batch", [1, 3])
def test_counts_are_those_before_the_update(program, trainer, data, batch):
    net, samples = program("hm2_bp"), data(batch)
    learner, still = trainer(net), trainer(net)
    outcome, seen = learner.train(samples, batch, 0.5), still.run(samples)
    np.testing.assert_array_equal(outcome.counts, seen.counts)
    np.testing.assert_array_equal(outcome.predictions, seen.predictions)
    np.testing.assert_array_equal(outcome.activity, seen.activity)
    wanted = np.where(np.arange(3) == samples.labels[:, None], 6.0, 1.0)
    taught = (np.arange(3) == samples.labels[:, None]) & (seen.counts == 0)
    error = np.where(taught, 0.0, seen.counts - wanted)
    np.testing.assert_allclose(outcome.cost, (error**2).sum(axis=1))


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("rule", RULES)
def test_a_restored_trainer_goes_on_with_the_same_bits(program, trainer, data, rule, batch):
    net, samples = program(rule), data(6)
    straight = trainer(net)
    straight.train(samples, batch, 0.01)
    first = trainer(net)
    first.train(samples.part(0, 3), batch, 0.01)
    state = first.state()
    resumed = trainer(net, seed=99)
    resumed.restore(state)
    assert digest(resumed) == digest(first)
    first.train(samples.part(0, 3), batch, 0.01)  # its state was a copy
    resumed.train(samples.part(3, 6), batch, 0.01)
    assert digest(resumed) == digest(straight)
    np.testing.assert_array_equal(resumed.run(samples).counts, straight.run(samples).counts)


def test_weights_are_copies(program, trainer):
    learner = trainer(program("st_rsbp"))
    before = digest(learner)
    for array in (*learner.weights().values(), *learner.state().values()):
        array[:] = 7
    assert digest(learner) == before
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


def test_a_state_that_does_not_fit(program, trainer):
    learner = trainer(program("st_rsbp"))
    before = digest(learner)
    for name, states in broken(learner.state()).items():
        for state in states:
            with pytest.raises(CompileError) as error:
                learner.restore(state)
            (diagnostic,) = error.value.diagnostics
            assert diagnostic.code == "E060"
            assert f"`{name}`" in diagnostic.message
    assert digest(learner) == before


@pytest.mark.parametrize("inside", ["", "\n  h -> h : dense"])
def test_moments_have_the_shape_and_the_order_of_their_weights(program, trainer, data, inside):
    net = program("st_rsbp", "sgd(lr = 1, momentum = 0.5)", "dense" + inside)
    check_moments(trainer(net), data(2))


def test_all_misfits_are_told_at_once(program, trainer):
    learner = trainer(program("st_rsbp"))
    with pytest.raises(CompileError) as error:
        learner.restore({"weights/x->z": np.zeros(3)})
    assert len(error.value.diagnostics) == 1 + len(learner.state())


def test_a_run_that_has_come_to_nan_resumes_as_what_it_was(program, trainer):
    learner, other = trainer(program("st_rsbp")), trainer(program("st_rsbp"), seed=99)
    state = learner.state()
    state["weights/x->g"][0, :2] = np.nan, np.inf
    state["optimizer/second/x->g"][0, 3] = np.nan
    learner.restore(state)
    other.restore(learner.state())
    assert digest(other) == digest(learner)
    assert np.isnan(other.weights()["x->g"][0, 0])


def test_fixed_projections_keep_their_weights(program, trainer, data):
    net = program("st_rsbp", middle="dense fixed")
    learner = trainer(net)
    before = learner.weights()
    learner.train(data(2), 1, 0.1)
    learner.train(data(4), 4, 0.1)
    after = learner.weights()
    moved = {name for name in before if not np.array_equal(before[name], after[name])}
    assert moved == trained(net) == {"x->g", "h->h", "h->y"}


def test_learning_rate_zero_moves_nothing(program, trainer, data):
    learner = trainer(program("st_rsbp"))
    assert not any(m.any() for m in moves(learner, data(3), 1, 0.0).values())


@pytest.mark.parametrize("optimizer", [SGD, "adam(lr = 0.01)"])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("rule", RULES)
def test_a_matrix_learns_like_its_list_of_synapses(program, trainer, data, rule, batch, optimizer):
    """`sparse(p = 1)` has the synapses of `dense`, but is learnt one by one."""
    more = "regularizer exponential(strength = 0.5, limit = 2)"
    matrix = trainer(program(rule, optimizer, "dense", more))
    listed = trainer(program(rule, optimizer, "sparse(p = 1)", more))
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
def test_neurons_without_a_leak_learn(compiled, trainer, data, rule):
    text = NET.format(**RULES[rule], steps=STEPS, optimizer=SGD, middle="dense", more="")
    text = text.replace("lif(tau_mem = 8 ms, tau_syn = 4 ms, refractory = 1 ms)", "leakless")
    moved = moves(trainer(compiled(LEAKLESS + text)), data(2), 2, 0.01)
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


def test_shared_weights_learn_from_all_their_synapses_before_they_change(compiled, trainer):
    """Batches of one sample too: a kernel is moved once, by the mean of two equal samples."""
    net = compiled(SHARED)
    images = np.random.default_rng(1).random((1, 16)).astype(np.float32)
    sample = samples_with(images, [0])
    twice = replace(sample, **{f: np.repeat(getattr(sample, f), 2, axis=0) for f in FIELDS})
    alone, mean = trainer(net), trainer(net)
    alone.train(sample, 1, 0.01)
    mean.train(twice, 2, 0.01)
    for name, weights in alone.weights().items():
        np.testing.assert_allclose(weights, mean.weights()[name], rtol=1e-6, err_msg=name)
    assert (alone.weights()["x->m"] != trainer(net).weights()["x->m"]).any()
