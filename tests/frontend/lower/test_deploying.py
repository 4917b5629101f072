from __future__ import annotations

import pytest

from snncc.frontend.program import compile_text, survey_text
from snncc.ir.deploy.choices import DeploySpec
from snncc.ir.deploy.entries import DEPLOY_ENTRIES
from snncc.ir.diagnostics import Source

NET = """
module part { population h[2] : lif  port in i = h.i  port out o = h }
network n(wide: int = 4, chip: text = "loihi", neuron_scale: text = "pow2") {
  input x[6] encode poisson(duration = 10 ms)
  population h[k in 0..2][5] : lif
  population e[4] : cuba_lif
  output y[2] : lif
  instance c : part
  x -> h[0] : dense
  h[0] -> h[1] : dense
  h[0] -> h[1] : dense as other
  h[1] -> e.exc : dense
  h[1] -> e.inh : dense
  e -> c.i : dense
  c.o -> y : dense
}
"""


def spec(entries: str, net: str = NET, **defines: str) -> DeploySpec:
    source = Source("t.snn", net + f"deploy n {{ {entries} }}")
    assert survey_text(source).diagnostics == () or defines
    deploy = compile_text(source, defines).deploy
    assert deploy is not None
    return deploy


def test_a_program_without_a_block() -> None:
    assert compile_text(Source("t.snn", NET)).deploy is None
    assert spec("") == DeploySpec()


@pytest.mark.parametrize("name", [n for n, e in DEPLOY_ENTRIES.items() if e.rows is not None])
def test_every_row_can_be_named(name: str) -> None:
    for row in DEPLOY_ENTRIES[name].rows or {}:
        assert spec(f"{name} {row}").said == {name: row}
        assert spec(f'{name} "{row}"').said == {name: row}


@pytest.mark.parametrize("name", [n for n, e in DEPLOY_ENTRIES.items() if e.range.low > -1e9])
def test_every_number_to_its_ends(name: str) -> None:
    for end in (DEPLOY_ENTRIES[name].range.low, DEPLOY_ENTRIES[name].range.high):
        assert spec(f"{name} {end:g}").said == {name: end}


def test_parameters_of_the_network_can_be_named() -> None:
    block = "bits wide + 1 target chip scale neuron_scale guard -wide"
    asked = {"bits": 5, "target": "loihi", "scale": "pow2"}
    # Of Loihi's guard bits -4 is none.
    assert spec(block.replace("-wide", "wide * 2")).said == {**asked, "guard": 8}
    assert spec(block.replace("-wide", "wide * 3"), wide="2").said["bits"] == 3


@pytest.mark.parametrize(
    ("lines", "bits"),
    [
        ("x -> h[0] bits 3", {"x->h[0]": 3}),
        ("h[0] -> h[1] bits wide", {"h[0]->h[1]": 4, "other": 4}),
        ("h[0] -> h[wide - 3].i bits 5", {"h[0]->h[1]": 5, "other": 5}),
        ("h[1] -> e bits 3", {"h[1]->e.exc": 3, "h[1]->e.inh": 3}),
        ("h[1] -> e.inh bits 3  h[1] -> e.exc bits 4", {"h[1]->e.inh": 3, "h[1]->e.exc": 4}),
        ("e -> c.h bits 3  c.h -> y bits 4", {"e->c.h": 3, "c.h->y": 4}),
    ],
)
def test_bits_of_projections_are_said_by_their_ends(lines: str, bits: dict[str, int]) -> None:
    assert spec("bits 8 " + lines) == DeploySpec({"bits": 8}, bits)


def test_the_floor_is_in_the_unit_of_membranes() -> None:
    assert spec("floor -0.005 V").said == {"floor": -5.0}
    plain = "neuron m { state v: 1 = 0 on input { v = v + i } input i: 1 spike when v > 1 }"
    net = NET.replace("lif", "m").replace("cuba_m", "cuba_lif")
    found = survey_text(Source("t.snn", plain + net + "deploy n { floor -1 }")).diagnostics
    assert [d.message for d in found] == ["the membrane of `e` is in mV, not in 1"]


def test_of_a_network_with_mistakes_nothing_is_asked() -> None:
    """What a line misses may be what is wrong."""
    wrong = NET.replace("x -> h[0] : dense", "x -> h[0] : dens")
    found = survey_text(Source("t.snn", wrong + "deploy n { x -> h[0] bits 3 bits 1 }")).diagnostics
    assert [d.code for d in found] == ["E010", "E087"]
    torn = NET.replace("x -> h[0] : dense", "x -> h[0] dense")
    found = survey_text(Source("t.snn", torn + "deploy n { x -> h[0] bits 3 }")).diagnostics
    assert [d.code for d in found] == ["E001"]


def test_what_the_chip_has_not_is_told_at_its_line() -> None:
    source = Source("t.snn", NET + "deploy n { target loihi\nbits 9\nx -> h[0] bits 12 }")
    found = survey_text(source).diagnostics
    assert [d.code for d in found] == ["E086", "E086"]
    places = [d.span.source.position(d.span.start)[0] for d in found if d.span]
    assert [line - NET.count("\n") for line in places] == [2, 3]


def test_a_line_about_a_composed_projection_is_of_all_its_parts() -> None:
    net = NET.replace("x -> h[0] : dense", "x -> h[0] : one_to_one then one_to_one then dense")
    bits = spec("x -> h[0] bits 3 e -> c.h bits 5", net).bits
    parts = ("x->x.one_to_one", "x.one_to_one->x.one_to_one#2", "x.one_to_one#2->h[0]")
    assert bits == {**dict.fromkeys(parts, 3), "e->c.h": 5}
    assert spec("x -> x.one_to_one bits 3", net).bits == {parts[0]: 3}
