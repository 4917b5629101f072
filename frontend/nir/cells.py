"""Neurons of NIR as neurons of the language.

    LIF      tau v' = (v_leak - v) + r I          CubaLIF  tau_syn c' = -c + w_in I
    LI       the same without a threshold                  tau_mem v' = (v_leak - v) + r c
    IF, I    v' = r I                             CubaLI   the same without a threshold

I is what arrives in a step, with the biases of all that leads here. A floor of the potential acts
before each step, which is where what is below it would next be seen. A neuron that fires several
times in a step counts its spikes, which it sends as a number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ...ir.nir.graph import INTEGRATING, SPIKING
from .decisions import Settled
from .wiring import number_text


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
    first = ["n = 0"] if _counts(kind, settled) else []
    if kind in INTEGRATING and settled.floor is not None:
        first.append(f"v = {_floored(settled)}")
    lines += [*_DYNAMICS[kind](settled, first), *_ending(kind, settled)]
    return [f"neuron {name} {{", *(f"  {line}" for line in lines), "}"]


def _counts(kind: str, settled: Settled) -> bool:
    return kind in SPIKING and settled.spikes > 1


def _floored(settled: Settled) -> str:
    return "v" if settled.floor is None else f"max(v, {number_text(settled.floor)})"


def _on_input(first: list[str], *then: str) -> list[str]:
    """What is done first in a step, and then."""
    done = [*first, *then]
    return ["on input { " + "  ".join(done) + " }"] if done else []


def _states(first: list[str]) -> list[str]:
    counter = ["state n: 1 = 0  # its spikes of this step"] if "n = 0" in first else []
    return ["state v: 1 = 0", *counter, "input i: 1"]


def _leaky(_settled: Settled, first: list[str]) -> list[str]:
    equation = "dv/dt = (v_leak - v + r * (i + bias)) / tau"
    return [*_states(first), *_on_input(first), equation]


def _plain(settled: Settled, first: list[str]) -> list[str]:
    if settled.gain == "step":
        return [*_states(first), *_on_input(first, "v = v + r * (i + bias)")]
    return [*_states(first), *_on_input(first), "dv/dt = r * (i + bias)"]


def _current(settled: Settled, first: list[str]) -> list[str]:
    lines = ["state c: 1 = 0  # the synaptic current", *_states(first)]
    potential = "dv/dt = (v_leak - v + r * c) / tau_mem"
    if settled.discretize != "euler":
        return [*lines, *_on_input(first), "dc/dt = (w_in * (i + bias) - c) / tau_syn", potential]
    step = f"{settled.dt!r} s"
    (current,) = _on_input(first, f"c = c + {step} / tau_syn * (w_in * (i + bias) - c)")
    return [*lines, f"{current}  # first the current,", f"{potential}  # then what it does"]


def _none(_settled: Settled, _first: list[str]) -> list[str]:
    return ["input i: 1"]


_DYNAMICS: dict[str, Callable[[Settled, list[str]], list[str]]] = {
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
        return [f"emit {_floored(settled)}"]
    if _counts(kind, settled):
        return [f"spike when v {sign} v_threshold", *_several(settled)]
    reset = {"zero": "v = v_reset", "subtract": "v = v - v_threshold"}[settled.reset]
    return [f"spike when v {sign} v_threshold", f"on spike {{ {reset} }}"]


def _several(settled: Settled) -> list[str]:
    """How often the threshold can be taken from the potential, and that it is taken as often."""
    whole = {
        "above": "-floor(-v / v_threshold) - 1",
        "at-least": "floor(v / v_threshold)",
    }[settled.comparison]
    count = f"n = clip({whole}, 1, {settled.spikes})"
    return [f"on spike {{ {count}  v = v - n * v_threshold }}", "emit n"]
