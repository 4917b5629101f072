"""Models: what is equal, what is drawn, what fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from refusal import refusals

from snncc.ir.graph import Call, Graph
from snncc.ir.model import Model, draw_model, verify_model
from snncc.ir.passes.pipeline import run_model_passes, run_pipeline
from snncc.ir.passes.settle import Settle
from snncc.ir.tensors import Tensor, numbers, tensor, together
from snncc.ir.text import parse_graph
from snncc.ir.types import DType, Fixed
from snncc.ir.verify import GraphError
from snncc.ir.wiring import Listed

NET = """
snnir 2 network n dt 1.0 threshold step spikes 1
model cell {
  parameter tau "ms" 4.0
  parameter v_th "mV" 1.0
  state v "mV" = 0.0
  ports (i)
  derivative v = neg(v) / tau
  input v = v + i
  spike v > v_th
  reset v = 0.0
}
population x input (3) encode bernoulli(duration=5.0)
population h hidden (4) model cell (tau=4.0, v_th=1.0) method euler
projection a x -> h port i delay 0 trainable dense() init given(tensor="w")
projection b h -> h port i delay 1 trainable sparse(p=0.5) init uniform(low=-1.0, high=1.0)
"""


def graph(**tensors) -> Graph:
    return parse_graph(NET, {"w": np.zeros((3, 4), np.float32), **tensors})


def model(**values) -> Model:
    made = draw_model(run_pipeline(graph()), 3)
    return replace(made, values={**made.values, **values})


def test_graphs_are_equal_where_their_arrays_are() -> None:
    assert graph() == graph()
    assert graph(w=np.ones((3, 4), np.float32)) != graph()
    assert graph(w=np.zeros((3, 4))) != graph()
    assert graph(w=np.full((3, 4), -0.0, np.float32)) != graph()


def test_models_are_equal_where_their_arrays_are() -> None:
    one = model()
    assert one == model()
    weights = one.weights("b").copy()
    weights[0] = np.nextafter(weights[0], np.float32(9))
    assert one.with_weights({"b": weights}) != one
    other = draw_model(one.graph, 4)
    assert replace(one, wirings=other.wirings) != one
    assert replace(one, values={**one.values, "h/v": tensor(np.float32(0))}) != one
    codes = [Tensor(np.int8([1]), Fixed(8, frac)) for frac in (3, 4)]
    assert codes[0] != codes[1]


def test_all_that_cannot_be_drawn_is_told_at_once() -> None:
    text = NET.replace("low=-1.0, high=1.0", "low=2.0, high=1.0")
    made = run_pipeline(parse_graph(text, {"w": np.zeros((3, 5), np.float32)}))
    assert [d.code for d in refusals(draw_model, made, 0)] == ["E040", "E042"]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"h/w": tensor(np.float32(1))}, "a value of nothing"),
        ({"h/tau": tensor(np.zeros(3, np.float32))}, "of shape"),
        ({"weights/a": tensor(np.zeros((4, 3), np.float32))}, "of shape"),
        ({"h/tau": Tensor(np.float64(1), DType.F32)}, "float64 is not how f32"),
    ],
)
def test_values_that_do_not_fit(values, why) -> None:
    with pytest.raises(GraphError, match=why):
        verify_model(model(**values))


def test_numbers_of_codes() -> None:
    assert numbers(Tensor(np.int8([-8, 3]), Fixed(8, 2))).tolist() == [-2.0, 0.75]
    assert numbers(tensor(np.int32([4]))).dtype == np.int32
    with pytest.raises(TypeError, match="float16"):
        tensor(np.float16([1]))


def test_one_value_for_all_goes_into_the_graph() -> None:
    settled = run_model_passes(model(**{"h/tau": tensor(np.float32(8))}))
    assert settled.graph == run_pipeline(parse_graph(NET.replace("tau=4.0", "tau=8.0"), TENSORS))
    assert settled.values == model().values
    assert run_model_passes(model()) == model()


TENSORS = {"w": np.zeros((3, 4), np.float32)}


def test_what_varies_becomes_a_state_and_nothing_else() -> None:
    """v_th varies and tau does not: the step keeps the constant of tau."""
    bars = np.float32([1, 2, 3, 4])
    settled = run_model_passes(model(**{"h/v_th": tensor(bars)}))
    h = settled.graph.population("h")
    assert h.step is not None
    assert len(h.constants) == 1
    (name,) = [n for n in settled.values if n.startswith("h/")]
    np.testing.assert_array_equal(settled.values[name].array, bars)
    assert name.removeprefix("h/") in [s.name for s in h.step.states]
    assert not [a for of in h.step.assigns.values() for a in of if a.target in name.split("/")]
    assert run_model_passes(settled) == settled


def test_a_pass_of_a_model_needs_its_properties() -> None:
    with pytest.raises(GraphError, match="settle needs folded, steps"):
        run_model_passes(
            Model(replace(graph(), populations=graph().populations), {}, {}), (Settle(),)
        )


LATE = Call("uniform", (("low", 2.0), ("high", 5.0), ("min", 0.0)))


@pytest.mark.parametrize(
    ("delays", "why"),
    [
        ([2, 3, 9], ""),
        ([2, 1, 9], "a delay out of range"),
        ([2, 2**30, 9], "a delay out of range"),
        ([2, 2], "delays of int32"),
        ([2.0, 3.0, 9.0], "delays of float64"),
        (None, "delays of synapses"),
    ],
)
def test_delays_of_synapses_are_looked_at(delays: list[float] | None, why: str) -> None:
    made = model()
    a, b = made.graph.projections
    late = replace(made.graph, projections=(a, replace(b, delay=2, delays=LATE)))
    wiring = made.wirings["b"]
    assert isinstance(wiring, Listed)
    ends = wiring.pre[:3], wiring.post[:3]
    lags = None
    if delays is not None:
        lags = np.array(delays, np.int32 if isinstance(delays[0], int) else np.float64)
    wirings = {**made.wirings, "b": Listed(4, 4, *ends, lags)}  # type: ignore[arg-type]
    one = replace(made, graph=late, wirings=wirings).with_weights({"b": np.ones(3, np.float32)})
    if not why:
        verify_model(one)
        return
    with pytest.raises(GraphError, match=why):
        verify_model(one)


def test_drawn_weights_and_ends_lie_as_engines_take_them() -> None:
    """One behind the other, so that nothing is copied; a model that was changed is put together."""
    made = model()
    parts = [made.weights(name) for name in ("a", "b")]
    assert np.shares_memory(together(parts), parts[1])
    assert together(parts).tolist() == [*parts[0].ravel().tolist(), *parts[1].tolist()]
    changed = made.with_weights({"a": np.ones((3, 4), np.float32)})
    parts = [changed.weights(name) for name in ("a", "b")]
    assert not np.shares_memory(together(parts), parts[1])
    assert together(parts).tolist() == [*parts[0].ravel().tolist(), *parts[1].tolist()]
