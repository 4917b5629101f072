"""Which nodes neurons are, by what they compute."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.exports.nir.cells import cell_of
from snncc.backends.exports.nir.trouble import UnsaidError
from snncc.frontend.program import load_program
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline


def found(tmp_path, body: str, given: str = "", method: str = "euler"):
    path = tmp_path / "net.snn"
    path.write_text(f"""neuron cell {{ {body} }}
network net {{
  input  x[2] encode spikes(duration = 9 ms)
  output y[2] : cell{given} method {method}
}}""")
    model = draw_model(run_pipeline(load_program(path).graph), 0)
    return cell_of(model, model.graph.population("y"))


V = "state v: mV = 0 mV  "
INTO = "on input { v = v + i }  "
FIRES = "spike when v > 1 mV  on spike { v = 0 mV }"
C = "state c: mV = 0 mV  on input { c = c + i }  dc/dt = -c / (4 ms)  "


@pytest.mark.parametrize(
    ("body", "method", "kind", "fields"),
    [
        (V + INTO + "dv/dt = -v / (8 ms)  " + FIRES, "euler", "LIF", {"tau": 0.008, "r": 8}),
        (V + INTO + "dv/dt = -v / (8 ms)  emit v", "euler", "LI", {"tau": 0.008, "r": 8}),
        (V + "dv/dt = (3 * i + 2 mV - v) / (8 ms)  " + FIRES, "forward_euler", "LIF", {"r": 3}),
        (V + INTO + FIRES, "euler", "IF", {"r": 1}),
        (V + "dv/dt = i / (4 ms)  emit v", "euler", "I", {"r": 0.25}),
        (V + C + "dv/dt = (c - v) / (8 ms)  " + FIRES, "euler", "CubaLIF", {"r": 1, "w_in": 4}),
        (V + C + "dv/dt = (c - v) / (8 ms)  emit v", "exact", "CubaLI", {"tau_syn": 0.004}),
        ("spike when i > 2 mV", "euler", "Threshold", {"threshold": 2}),
        ("emit i", "euler", "Sum", {}),
    ],
)
def test_a_neuron_is_the_node_that_computes_it(tmp_path, body, method, kind, fields) -> None:
    cell = found(tmp_path, body, method=method)
    assert cell.kind == kind
    for name, value in fields.items():
        assert np.allclose(cell.fields[name], value), name


def test_what_it_adds_to_its_port_is_a_bias_and_all_else_the_leak(tmp_path) -> None:
    body = "param b: mV = 0.5 mV  param e: mV = 2 mV  " + V
    cell = found(tmp_path, body + "dv/dt = (e - v + 3 * (i + b)) / (8 ms)  " + FIRES)
    assert float(cell.bias) == 0.5
    assert float(cell.fields["v_leak"]) == 2.0


def test_parameters_that_differ_are_numbers_of_each_neuron(tmp_path) -> None:
    body = "param tau: ms = 8 ms  param v_th: mV = 1 mV  " + V + INTO + "dv/dt = -v / tau  "
    body += "spike when v >= v_th  on spike { v = v - v_th }"
    cell = found(tmp_path, body, "(tau = expression(4 ms + 4 ms * i), v_th = 3 mV)")
    assert np.allclose(cell.fields["tau"], [0.004, 0.008])
    assert cell.fields["r"].shape == (2,)
    assert cell.firing is not None
    assert (cell.firing.reset, cell.firing.comparison) == ("subtract", "at-least")


NEITHER = {
    "no threshold of one potential": V
    + INTO
    + "spike when v > 1 mV or v < -1 mV  on spike { v = 0 mV }",
    "takes something else than the threshold": V
    + INTO
    + "spike when v > 1 mV  on spike { v = 2 * v }",
    "not linear below": V + INTO + "dv/dt = -v * v / (8 mV * ms)  " + FIRES,
    "takes `c` in no order": V
    + "state c: mV = 0 mV  on input { c = c + i  v = v + i }  dc/dt = -c / (4 ms)  "
    + "dv/dt = (2 * c - v) / (8 ms)  "
    + FIRES,
    "has the states `a`, `c`": V
    + "state a: mV = 0 mV  "
    + C
    + "dv/dt = (c + a - v) / (8 ms)  "
    + FIRES,
}


@pytest.mark.parametrize("reason", NEITHER)
def test_what_is_no_such_neuron_is_told(tmp_path, reason) -> None:
    with pytest.raises(UnsaidError) as caught:
        found(tmp_path, NEITHER[reason].replace("8 mV * ms", "8 mV * 1 ms"))
    assert reason in str(caught.value)
