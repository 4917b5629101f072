"""Numbers of neurons, their order, and when they run."""

from __future__ import annotations

import pytest
from refusal import refused
from xylo_nets import NET, in_xylo

from snncc.backends.exports.xylo.network import network_of
from snncc.ir.model import weights_name

LAYERS = """
network n {
  dt = 1 ms
  input x[2] encode spikes(duration = 40 ms)
  population a[3] : one
  population b[2] : one
  output y[2] : one
  x -> a : dense(init = uniform(0.5, 2))
  a -> b : dense(init = uniform(0.5, 2)) delay 1 ms
  b -> y : dense(init = uniform(0.5, 2))
}
"""
MORE = "  b -> y : dense(init = uniform(0.5, 2))"


def with_more(line: str) -> str:
    return LAYERS.replace(MORE, f"{MORE}\n  {line}")


def test_the_numbers_of_neurons_and_synapses() -> None:
    model = in_xylo(LAYERS, guard=2)
    made = network_of(model)
    assert made.first == {"x": 0, "a": 0, "b": 3, "y": 0}
    assert (dict(made.lags), dict(made.late)) == ({"x": 0, "a": 0, "b": 0, "y": 1}, {"x": 0})
    weights = model.values[weights_name("a->b")].array
    found = made.synapses["rec"]
    assert [len(each) for each in found] == [2, 2, 2, 0, 0]
    assert found[1] == [(3, 0, weights[1, 0]), (4, 0, weights[1, 1])]
    assert [len(each) for each in made.synapses["out"]] == [0, 0, 0, 2, 2]


def test_hidden_neurons_are_numbered_as_their_spikes_arrive() -> None:
    made = network_of(in_xylo(with_more("b -> a : dense delay 1 ms").replace("b -> y", "a -> y")))
    assert [p.name for p in made.kinds["hidden"]] == ["a", "b"]
    later = LAYERS.replace(MORE, "  b -> y : dense(init = uniform(0.5, 2))\n  a -> y : dense")
    made = network_of(in_xylo(later))
    assert [p.name for p in made.kinds["hidden"]] == ["b", "a"]
    assert made.first["a"] == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x -> y : dense", "leads from an input to an output"),
        ("y -> a : dense delay 1 ms", "leads away from an output"),
        ("x -> b : dense", "brings its spikes in another order"),
        ("a -> y : dense delay 3 ms", "no population's lag makes up for"),
    ],
)
def test_what_xylo_does_not_have(line, said) -> None:
    refusal = refused("E071", network_of, in_xylo(with_more(line), None))
    assert said in refusal.message
    assert refusal.help


def test_an_input_of_two_times() -> None:
    """Without a delay b runs late, and what reaches it of the input has to."""
    text = LAYERS.replace("  a -> b", "  x -> b : dense\n  a -> b").replace(" delay 1 ms", "")
    refusal = refused("E071", network_of, in_xylo(text))
    assert "`x->b` takes a spike of `x` at another time" in refusal.message
    made = network_of(
        in_xylo(
            text.replace("x -> b : dense", "x -> b : dense(init = uniform(0, 1))")
            .replace("x -> a", "x -> a")
            .replace(
                "a -> b : dense(init = uniform(0.5, 2))",
                "a -> b : dense(init = uniform(0.5, 2)) delay 1 ms",
            )
        )
    )
    assert made.lags["b"] == 0


def test_orders_that_contradict() -> None:
    text = with_more("a -> y : dense\n  b -> a : dense delay 1 ms")
    text = text.replace("  a -> b", "  a -> a : dense delay 1 ms\n  a -> b")
    assert "another order" in refused("E071", network_of, in_xylo(text)).message


def test_a_shift_of_more_bits() -> None:
    text = NET.replace("uniform(-1, ", "uniform(-900, ")
    refusal = refused("E071", network_of, in_xylo(text, None, guard=9))
    assert "shifted by 9" in refusal.message
