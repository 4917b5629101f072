"""Programs from their text."""

from __future__ import annotations

from snncc.frontend.program import Program, compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Population
from snncc.ir.passes.pipeline import run_pipeline


def compiled_text(text: str, **defines: float | str) -> Program:
    """The program of a text, its graph after the pipeline."""
    source = Source("net.snn", text)
    program = compile_text(source, {name: str(value) for name, value in defines.items()})
    return Program(run_pipeline(program.graph), program.train)


ONE = """
{model}
network n {{
  dt = {dt} ms
  input x[2] encode bernoulli(duration = 10 ms)
  output y[3] : {cell}
  x -> y{port} : dense
}}
"""


def population(cell: str, model: str = "", port: str = "", dt: float = 0.5) -> Population:
    """The compiled population `y` of such cells, fed by two inputs; `model` defines a neuron."""
    text = ONE.format(model=model, cell=cell, port=port, dt=dt)
    return compiled_text(text).graph.population("y")
