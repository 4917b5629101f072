"""Whose word holds: an option's, the program's, the chip's, or the default."""

import pytest

from snncc.ir.deploy.choices import Chosen, DeploySpec, chosen
from snncc.ir.integers.precision import Deployment, Precision

BLOCK = DeploySpec({"target": "loihi", "bits": 6, "method": "mse"}, {"h->y": 8})


def test_nothing_said_is_the_default():
    asked = chosen(None)
    assert asked.deployment == Deployment()
    assert asked.chip is None
    assert {c.origin for c in asked.values.values()} == {"default"}


def test_each_word_in_its_turn():
    asked = chosen(BLOCK, {"method": "percentile", "spikes": 1})
    values = {name: (c.value, c.origin) for name, c in asked.values.items()}
    assert values["method"] == ("percentile", "option")
    assert values["bits"] == (6, "program")
    assert values["state_bits"] == (24, "target")
    assert values["spikes"] == (1, "option")
    assert values["input_bits"] == (8, "default")
    assert asked.chip == "loihi"
    assert asked.bits == {"h->y": Chosen(8, "program")}
    assert asked.deployment == Deployment(
        Precision(
            bits=6,
            scale="population",
            state_bits=24,
            rounding="toward_zero",
            registers="loihi",
            by_projection={"h->y": 8},
        ),
        method="percentile",
    )


def test_a_target_as_an_option_brings_its_own_forms():
    asked = chosen(BLOCK, {"target": "reckon"})
    assert (asked.chip, asked.deployment.precision.state_bits) == ("reckon", 16)
    assert asked.values["sums"] == Chosen("each", "target")


def test_bits_of_one_projection():
    """As an option they go before the program's; bits of all as an option take these back."""
    assert chosen(BLOCK, {}, {"h->y": 3}).bits == {"h->y": Chosen(3, "option")}
    assert chosen(BLOCK, {}, {"x->h": 3}).bits.keys() == {"h->y", "x->h"}
    assert chosen(BLOCK, {"bits": 4}).bits == {}
    assert chosen(BLOCK, {"bits": 4}, {"x->h": 3}).bits == {"x->h": Chosen(3, "option")}


def test_a_document_says_where_each_value_is_from():
    document = chosen(BLOCK, {"guard": -2}).document()
    assert document["guard"] == {"value": -2, "from": "option"}
    assert document["floor"] == {"value": None, "from": "target"}
    assert document["bits_of"] == {"h->y": {"value": 8, "from": "program"}}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (BLOCK, ""),
        (DeploySpec({"bits": 1}), "`bits` is 1"),
        (DeploySpec({"depth": 1}), "there is no `depth` to deploy"),
        (DeploySpec({}, {"h->z": 4}), "there is no `h->z` to deploy"),
        (DeploySpec({}, {"h->y": 17}), "`bits` is 17"),
        (DeploySpec({"target": "cpu"}), "`target` is one of loihi"),
    ],
)
def test_a_block_that_no_program_has(spec, said):
    found = spec.problem(frozenset({"h->y"}))
    assert said in found
    assert bool(said) == bool(found)
