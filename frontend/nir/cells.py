"""Neurons of NIR as neurons of the language.

    LIF      tau v' = (v_leak - v) + r I          CubaLIF  tau_syn c' = -c + w_in I
    LI       the same without a threshold                  tau_mem v' = (v_leak - v) + r c
    IF, I    v' = r I                             CubaLI   the same without a threshold

I is what arrives in a step, with the biases of all that leads here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ...ir.nir.graph import SPIKING
from .decisions import Settled


class Quantity(NamedTuple):
    """A parameter: its unit in the language, and the value where a file has none."""

    unit: str
    absent: float | None = None


_V = Quantity("1")
_TAU = Quantity("s")
_RESET = Quantity("1", 0.0)
_LEAK = {"r": _V, "v_leak": _V}
_THRESHOLD = {"v_threshold": _V, "v_reset": _RESET}
_CURRENT = {"tau_mem": _TAU, "tau_syn": _TAU, **_LEAK, "w_in": Quantity("1", 1.0)}

QUANTITIES: dict[str, dict[str, Quantity]] = {
    "LIF": {"tau": _TAU, **_LEAK, **_THRESHOLD},
    "LI": {"tau": _TAU, **_LEAK},
    "IF": {"r": _V, **_THRESHOLD},
    "I": {"r": _V},
    "CubaLIF": {**_CURRENT, **_THRESHOLD},
    "CubaLI": _CURRENT,
    "Threshold": {"threshold": _V},
    "Sum": {},
}
_METHODS = {
    "euler": "forward_euler",
    "euler-together": "forward_euler",
    "exponential": "exponential_euler",
    "exact": "exact",
}


def model_name(kind: str, settled: Settled, own: Settled) -> str:
    """What the neuron of a kind is called in a program, `own` being what holds for it in place of
    what holds for all."""
    odd = [
        value for value, other in zip(_marks(own), _marks(settled), strict=True) if value != other
    ]
    return "_".join([f"nir_{kind.lower()}", *odd]).replace("-", "_")


def _marks(settled: Settled) -> tuple[str, str]:
    return settled.reset, settled.comparison


def method_of(settled: Settled) -> str:
    """The method of the language that makes the step."""
    return _METHODS[settled.discretize]


def quantities_of(kind: str, settled: Settled) -> dict[str, Quantity]:
    """The parameters of the neuron that a program writes for the kind."""
    found = dict(QUANTITIES[kind])
    if kind in SPIKING and settled.reset == "subtract":
        del found["v_reset"]
    if kind in ("I", "IF") and settled.gain == "time":
        found["r"] = Quantity("Hz")
    return found


def neuron_text(name: str, kind: str, settled: Settled) -> list[str]:
    """The lines of the neuron of a kind, called so."""
    quantities = quantities_of(kind, settled)
    lines = [f"param {name}: {quantity.unit}" for name, quantity in quantities.items()]
    lines.append("param bias: 1 = 0  # of what leads here, a current in every step")
    lines += [*_DYNAMICS[kind](settled), *_ending(kind, settled)]
    return [f"neuron {name} {{", *(f"  {line}" for line in lines), "}"]


def _leaky(_settled: Settled) -> list[str]:
    return [
        "state v: 1 = 0",
        "input i: 1",
        "dv/dt = (v_leak - v + r * (i + bias)) / tau",
    ]


def _plain(settled: Settled) -> list[str]:
    lines = ["state v: 1 = 0", "input i: 1"]
    if settled.gain == "step":
        return [*lines, "on input { v = v + r * (i + bias) }"]
    return [*lines, "dv/dt = r * (i + bias)"]


def _current(settled: Settled) -> list[str]:
    lines = ["state c: 1 = 0  # the synaptic current", "state v: 1 = 0", "input i: 1"]
    potential = "dv/dt = (v_leak - v + r * c) / tau_mem"
    if settled.discretize != "euler":
        return [*lines, "dc/dt = (w_in * (i + bias) - c) / tau_syn", potential]
    step = f"{settled.dt!r} s"
    current = f"on input {{ c = c + {step} / tau_syn * (w_in * (i + bias) - c) }}"
    return [*lines, f"{current}  # first the current,", f"{potential}  # then what it does"]


def _none(_settled: Settled) -> list[str]:
    return ["input i: 1"]


_DYNAMICS: dict[str, Callable[[Settled], list[str]]] = {
    "LIF": _leaky,
    "LI": _leaky,
    "IF": _plain,
    "I": _plain,
    "CubaLIF": _current,
    "CubaLI": _current,
    "Threshold": _none,
    "Sum": _none,
}


def _ending(kind: str, settled: Settled) -> list[str]:
    sign = {"above": ">", "at-least": ">="}[settled.comparison]
    if kind == "Threshold":
        return [f"spike when i + bias {sign} threshold"]
    if kind == "Sum":
        return ["emit i + bias"]
    if kind not in SPIKING:
        return ["emit v"]
    reset = {"zero": "v = v_reset", "subtract": "v = v - v_threshold"}[settled.reset]
    return [f"spike when v {sign} v_threshold", f"on spike {{ {reset} }}"]
