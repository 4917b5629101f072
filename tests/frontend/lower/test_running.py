from __future__ import annotations

import pytest

from snncc.frontend.program import compile_text, survey_text, time_called
from snncc.ir.diagnostics import CompileError, Source
from snncc.ir.running import Probe, RunSpec

NET = """
module part { population h[6] : lif  port in i = h.i  port out o = h }
network n(wide: int = 4, long: ms = 20 ms) {
  dt = 0.5 ms
  population h[k in 0..2][5] : lif
  population e[wide] : cuba_lif
  instance c : part
  h[0] -> h[1] : dense
  h[1] -> e.exc : dense
  e -> c.i : dense
}
"""


def run(entries: str, net: str = NET, **defines: str) -> RunSpec:
    source = Source("t.snn", net + f"run n {{ {entries} }}")
    assert survey_text(source).diagnostics == () or defines
    found = compile_text(source, defines).run
    assert found is not None
    return found


def codes(entries: str, net: str = NET) -> list[str]:
    source = Source("t.snn", net + f"run n {{ {entries} }}")
    with pytest.raises(CompileError) as refused:
        compile_text(source)
    assert all(d.span is not None for d in refused.value.diagnostics)
    assert refused.value.diagnostics == survey_text(source).diagnostics
    return [d.code for d in refused.value.diagnostics]


def test_a_program_without_a_block() -> None:
    program = compile_text(Source("t.snn", NET))
    assert program.run is None
    assert program.graph.duration == 0.0
    assert run("") == RunSpec()


def test_what_is_recorded() -> None:
    block = """
      duration long
      record spikes of h[0], c.h, e[1..wide - 1]
      record v of h[1], h[0][0..2] every 1.5 ms
      record c of c.h
    """
    assert run(block) == RunSpec(
        20.0,
        (
            Probe("spikes", "h[0]", 0, 5),
            Probe("spikes", "c.h", 0, 6),
            Probe("spikes", "e", 1, 3),
            Probe("v", "h[1]", 0, 5, 3),
            Probe("v", "h[0]", 0, 2, 3),
            Probe("c", "c.h", 0, 6),
        ),
    )
    assert run(block, long="40 ms").duration == 40.0


def test_a_network_without_inputs_runs_as_long() -> None:
    alone = compile_text(Source("t.snn", NET + "run n { duration 30 ms }"))
    assert alone.graph.duration == 30.0
    given = "input x[3] encode poisson(duration = 9 ms)"
    driven = NET.replace("population h[k", f"{given} population h[k")
    program = compile_text(Source("t.snn", driven + "run n { duration 30 ms }"))
    assert program.run is not None
    assert (program.run.duration, program.graph.duration) == (30.0, 0.0)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ("lasts 5 ms", ["E012"]),
        ("duration 5 ms duration 5 ms", ["E014"]),
        ("duration 5", ["E021"]),
        ("duration 0 ms", ["E022"]),
        ("duration 5.2 ms", ["E045"]),
        ("duration 50000 s", ["E005"]),
        ("record spikes of hh", ["E010"]),
        ("record spikes of h", ["E010"]),
        ("record spikes of c.o", ["E010"]),
        ("record w of e", ["E010"]),
        ("record v of e, e", ["E014"]),
        ("record v of e record v of e[0..2]", ["E014"]),
        ("record v of e[2..2]", ["E022"]),
        ("record v of e[0..5]", ["E022"]),
        ("record v of e[0 - 1..2]", ["E022"]),
        ("record v of e[0..1][1..2]", ["E044"]),
        ("record v of e every 0.7 ms", ["E045"]),
        ("record v of e every 2", ["E021"]),
        ("record spikes of e every 2 ms", ["E022"]),
        ("record v of missing record w of e", ["E010", "E010"]),
        ("record v e", ["E001"]),
    ],
)
def test_mistakes(entries: str, expected: list[str]) -> None:
    assert codes(entries) == expected


def test_a_slice_without_neurons_is_told_so() -> None:
    entries = "record v of e[2..2] record spikes of e[2..1]"
    found = survey_text(Source("t.snn", NET + f"run n {{ {entries} }}")).diagnostics
    assert [d.message for d in found] == [
        "`[2..2]` of `e` are no neurons",
        "`[2..1]` of `e` are no neurons",
    ]


def test_blocks_of_no_network_and_twice() -> None:
    for text, code in (("run m { }", "E010"), ("run n { } run n { }", "E011")):
        found = survey_text(Source("t.snn", NET + text)).diagnostics
        assert [d.code for d in found] == [code]


def test_a_time_on_the_command_line() -> None:
    assert time_called("500ms", "--duration") == 500.0
    assert time_called("0.5 s + 2 ms", "--duration") == 502.0
    for text, code in (("500", "E021"), ("5 mV", "E021"), ("5 ms ms", "E001"), ("x", "E010")):
        with pytest.raises(CompileError) as refused:
            time_called(text, "--duration")
        assert refused.value.diagnostics[0].code == code
