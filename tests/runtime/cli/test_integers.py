"""What the options about integers ask for."""

import inspect

import pytest
import typer

from snncc.ir.integers.precision import Deployment, Precision
from snncc.runtime.cli.integers import ASKED, Round, asked_of, require_projections
from snncc.runtime.cli.quantizing import quantize

SAID = {name: p.default for name, p in inspect.signature(quantize).parameters.items()}
GIVEN = {name: SAID[name] for name in ASKED}


def test_the_defaults_are_those_of_a_deployment():
    assert asked_of(GIVEN) == Deployment()


def test_what_is_given_is_asked_for():
    given = {
        **GIVEN, "bits": 3, "projection": ["h->y:bits=5"], "scale": "pow2", "method": "mse",
        "guard": 2, "state_bits": 20, "decay": "shift", "decay_bits": 7, "floor": -1.5,
        "rounding": Round.TOWARD_ZERO, "overflow": "wrap", "sums": "each", "table": 64,
        "threshold": "event", "spikes": 4, "input_bits": 6,
    }  # fmt: skip
    assert given.keys() == set(ASKED)
    wanted = Precision(
        3, "pow2", 8, 20, "shift", 7, "toward_zero", "wrap", "each", 6, -1.5, "event", 4, 64,
        by_projection={"h->y": 5},
    )  # fmt: skip
    assert asked_of(given) == Deployment(wanted, 2, "mse")


def test_bits_of_a_projection_that_is_not_there():
    asked = asked_of({**GIVEN, "projection": ["h->z:bits=4"]})
    with pytest.raises(typer.BadParameter, match="did you mean `h->y`"):
        require_projections(asked, ["x->h", "h->y"])
    require_projections(asked, ["h->z"])
