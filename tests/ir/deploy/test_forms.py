"""What a chip does not have is refused, wherever it is said."""

from snncc.ir.deploy.choices import DeploySpec, chosen
from snncc.ir.deploy.forms import contradictions
from snncc.ir.diagnostics import Source, Span


def test_without_a_chip_anything_goes():
    assert contradictions(chosen(None, {"bits": 16, "overflow": "wrap"})) == ()


def test_what_the_chip_has():
    spec = DeploySpec({"target": "loihi", "bits": 3, "scale": "neuron", "state_bits": 24})
    assert contradictions(chosen(spec, {"guard": 14}, {"x->y": 8})) == ()


def test_each_of_what_it_has_not():
    place = Span(Source("n.snn", "x" * 40), 3, 9)
    spec = DeploySpec(
        {"target": "loihi", "bits": 9, "sums": "each"}, {"x->y": 12}, {"bits": place, "x->y": place}
    )
    asked = chosen(spec, {"rounding": "floor", "state_bits": 16}, {"h->y": 10})
    found = {d.message: (d.code, d.span) for d in contradictions(asked)}
    assert found == {
        "`bits` is 9, and `loihi` has at least 2 and at most 8": ("E086", place),
        "`sums` is each, and `loihi` has exact": ("E086", None),
        "`--round` is floor, and `loihi` has toward_zero": ("E086", None),
        "`--state-bits` is 16, and `loihi` has 24": ("E086", None),
        "`bits` of `x->y` is 12, and `loihi` has at least 2 and at most 8": ("E086", place),
        "`--bits` of `h->y` is 10, and `loihi` has at least 2 and at most 8": ("E086", None),
    }


def test_the_way_out_is_the_chips_own():
    (found,) = contradictions(chosen(DeploySpec({"target": "reckon"}), {"floor": -3.0}))
    assert found.help == "leave it out: the chip's own is none"
