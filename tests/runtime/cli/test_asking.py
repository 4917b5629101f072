"""Options that are made of the table of a `deploy` block."""

import inspect
from typing import get_args

import pytest
import typer

from snncc.ir.deploy.entries import DEPLOY_ENTRIES
from snncc.runtime.cli.asking import Said, takes_choices


@takes_choices()
def command(model: str, said: Said, quiet: bool = False) -> None:
    raise RuntimeError(model, said, quiet)


def called(**given):
    options = dict.fromkeys([*DEPLOY_ENTRIES, "projection"])
    with pytest.raises(RuntimeError) as found:
        command(model="m", **{**options, **given})
    return found.value.args


def test_an_option_for_every_entry():
    parameters = inspect.signature(command).parameters
    assert list(parameters) == [
        *("model", "bits", "projection", *[n for n in DEPLOY_ENTRIES if n != "bits"], "quiet")
    ]
    for name, entry in DEPLOY_ENTRIES.items():
        assert parameters[name].default is None
        _, option = get_args(parameters[name].annotation)
        assert option.default == entry.option(name)  # typer's first declaration
        if entry.rows is None and not entry.is_quantity:
            assert (option.min, option.max) == (entry.range.low, entry.range.high)
        for row in entry.rows or {}:
            assert row in option.help


def test_a_command_may_have_an_option_of_that_name():
    @takes_choices("target")
    def other(target: str, said: Said) -> None:
        raise RuntimeError(target, said)

    assert list(inspect.signature(other).parameters)[:2] == ["target", "bits"]
    given = dict.fromkeys([*DEPLOY_ENTRIES, "projection"]) | {"target": "cpu", "bits": 4}
    with pytest.raises(RuntimeError) as found:
        other(**given)
    assert found.value.args == ("cpu", Said({"bits": 4}))


def test_what_is_said_and_no_more():
    assert called() == ("m", Said({}, ()), False)
    said = Said({"bits": 4, "floor": 0.0, "scale": "pow2"}, ("a:bits=3",))
    assert called(bits=4, floor=0.0, scale="pow2", projection=["a:bits=3"]) == ("m", said, False)


@pytest.mark.parametrize("name", [n for n, e in DEPLOY_ENTRIES.items() if e.rows is not None])
def test_a_row_that_is_none(name):
    with pytest.raises(typer.BadParameter, match="there is no `nothing`"):
        command(**{**dict.fromkeys([*DEPLOY_ENTRIES, "projection"]), "model": "m", name: "nothing"})
