"""`via` in modules, behind imports, and in loops."""

from __future__ import annotations

from pathlib import Path

from snncc.frontend.program import load_program

SYNAPSE = "synapse s(U: 1 = 0.5) { on pre { emit U * weight } }"
MODULE = """
import "synapses.snn"
module part(u: real = 0.25) {
  population p[2] : lif
  p -> p : dense via s(U = u)
  port in into = p
}
"""
PROGRAM = """
import "part.snn"
network n {
  delay = 1 ms
  input x[2] encode bernoulli(duration = 5 ms)
  instance c[k in 0..2] : part(u = 0.5 + k)
  for k in 0..2 { x -> c[k].into : dense }
}
"""


def test_a_module_names_the_synapses_that_its_file_imports(tmp_path: Path) -> None:
    for name, text in (("synapses", SYNAPSE), ("part", MODULE), ("net", PROGRAM)):
        (tmp_path / f"{name}.snn").write_text(text)
    graph = load_program(tmp_path / "net.snn").graph
    found = [p.synapse for p in graph.projections if p.synapse is not None]
    assert [dict(s.parameters)["U"] for s in found] == [0.5, 1.5]
    assert found[0].model is found[1].model
