"""A graph as flat arrays."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.compiled.kinds import LIST, PAIRS, WINDOW, windows_of
from snncc.backends.compiled.plan import distinct_steps, make_plan
from snncc.ir.model import draw_model
from snncc.ir.rules import DRAWN
from snncc.ir.verify.durations import steps_of

NET = """
network n {
  dt = 0.5 ms
  input x[4] encode poisson(duration = 10 ms, rate = 100 Hz)
  input z[2] encode bernoulli(duration = 10 ms)
  output y[3] : lif(v_th = 3 mV)
  population h[5] : cuba_lif(v_rest = 1 mV)
  population g[6] : lif(v_th = 5 mV)
  x -> g : dense
  z -> h.inh : sparse(p = 0.6)
  h -> g : one_to_one_part
  g -> h.exc : sparse(p = 0.5) delay 1 ms
  g -> y : dense delay 1.5 ms
  h -> h.exc : lateral_inhibition delay 0.5 ms
}
""".replace("one_to_one_part", "list(synapses = [[4, 1, 0.5], [0, 5, 2], [0, 2, 1]])")


@pytest.fixture(scope="module")
def graph():
    return compiled_text(NET).graph


@pytest.fixture(scope="module")
def model(graph):
    return draw_model(graph, 3)


@pytest.fixture(scope="module")
def wirings(model):
    return model.wirings


@pytest.fixture(scope="module")
def plan(model):
    return make_plan(model)


def test_sizes(plan):
    assert plan.steps == 20
    assert plan.neurons.tolist() == [0, 4, 6, 9, 14, 20]
    assert plan.events.tolist() == [20 * n for n in plan.neurons]
    assert plan.widest == 6
    assert plan.ports == 2
    assert plan.output == 2


def test_inputs(plan):
    assert plan.inputs.tolist() == [0, 1]
    assert plan.encoder.tolist() == [DRAWN, DRAWN]
    assert plan.first.tolist() == [1, 0]
    assert plan.rate.tolist() == [*[0.05] * 4, *[1.0] * 2]


def test_populations_of_one_model_share_a_step(graph, plan):
    assert len(distinct_steps(graph)) == 2
    assert plan.model.tolist() == [-1, -1, 0, 1, 0]
    y, g = plan.constants[2], plan.constants[4]
    assert not np.array_equal(y, g)
    assert plan.constants.dtype == np.float32


def test_blocks_follow_the_schedule(graph, plan):
    names = [graph.populations[p].name for p in plan.order]
    blocks = [names[lo:hi] for lo, hi in zip(plan.block[:-1], plan.block[1:], strict=True)]
    assert blocks == [["h", "g"], ["y"]]
    assert plan.recurrent.tolist() == [1, 0]


def test_sources_from_the_own_block_come_last(graph, plan):
    index = {p.name: k for k, p in enumerate(graph.populations)}

    def names(lo, hi):
        return [
            f"{graph.projections[j].pre}{graph.projections[j].delay}" for j in plan.sources[lo:hi]
        ]

    h, y = index["h"], index["y"]
    assert names(plan.incoming[h], plan.inner[h]) == ["z0"]
    assert names(plan.inner[h], plan.incoming[h + 1]) == ["g2", "h1"]
    assert names(plan.incoming[y], plan.inner[y]) == ["g3"]
    assert plan.inner[y] == plan.incoming[y + 1]
    assert sorted(plan.sources) == list(range(6))


def test_projections(graph, plan):
    assert plan.delay.tolist() == [0, 0, 0, 2, 3, 1]
    assert plan.kind.tolist() == [PAIRS, LIST, LIST, LIST, PAIRS, LIST]
    ports = [
        graph.population(p.post).step.ports[k]
        for p, k in zip(graph.projections, plan.port, strict=True)
    ]
    assert ports == ["i", "inh", "i", "exc", "i", "exc"]


def test_synapse_lists_are_the_wirings(graph, wirings, plan):
    for j, projection in enumerate(graph.projections):
        wiring = wirings[projection.name]
        assert plan.weight[j + 1] - plan.weight[j] == np.prod(wiring.weight_shape)
        if plan.kind[j] != LIST:
            continue
        bounds = plan.csr_ptr[plan.row[j] : plan.row[j] + wiring.pre_neurons + 1]
        pre = np.repeat(np.arange(wiring.pre_neurons), np.diff(bounds))
        own = slice(bounds[0], bounds[-1])
        np.testing.assert_array_equal(pre, wiring.pairs()[0])
        np.testing.assert_array_equal(plan.csr_post[own], wiring.pairs()[1])


def test_windows_are_no_list():
    text = """
      network n {
        input x[2, 3, 3] encode bernoulli(duration = 5 ms)
        population m : lif
        output y[2] : lif
        x -> m : conv2d(channels = 2, kernel = 2)
        m -> y : dense
      }
    """
    graph = compiled_text(text).graph
    model = draw_model(graph, 1)
    plan = make_plan(model)
    wiring = model.wirings["x->m"]
    assert plan.weight.tolist() == [0, 16, 16 + 8 * 2]
    assert plan.kind.tolist() == [WINDOW, PAIRS]
    assert len(plan.csr_post) == 0
    assert windows_of(plan.windows[0]) == wiring


def test_initial_states(graph, plan):
    h = slice(plan.neurons[3], plan.neurons[4])
    assert plan.real_init[0, h].tolist() == [1.0] * 5, "v starts at v_rest"
    others = np.delete(plan.real_init, np.arange(9, 14), axis=1)
    assert not others.any()
    assert not plan.integer_init.any()


def test_duration(graph):
    assert steps_of(graph) == 20
    assert steps_of(compiled_text(NET.replace("dt = 0.5", "dt = 0.25")).graph) == 40


def test_a_network_without_projections():
    text = "network n { input x[2] encode bernoulli(duration = 5 ms)  output y[3] : izhikevich }"
    graph = compiled_text(text).graph
    plan = make_plan(draw_model(graph, 0))
    assert plan.incoming.tolist() == [0, 0, 0]
    assert plan.weight.tolist() == [0]
    np.testing.assert_array_equal(plan.real_init[:2, 2], np.float32([-65.0, -13.0]))


def test_a_network_of_nothing_but_neurons_has_the_types_of_all(plan):
    alone = compiled_text("network n { population h[5] : lif }  run n { duration 5 ms }").graph
    own = make_plan(draw_model(alone, 0))
    assert own.steps == 5
    for name, array in plan._asdict().items():
        if isinstance(array, np.ndarray):
            found = getattr(own, name)
            assert (found.dtype, found.ndim) == (array.dtype, array.ndim), name
