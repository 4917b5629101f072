"""The spike response of a neuron step: what spike-train-level rules need to know of a model.

They hold for any neuron whose step is linear below threshold with one voltage that a spike resets
to zero (a reset by subtraction leaves a rest that the S-PSP does not know) and at most one synaptic
current that it leaves alone:

    c <- keep_c c + i,   v <- keep_v v + gain c,   spike when v > threshold,   v <- 0 for a while

(Jin, Zhang & Li 2018; Zhang & Li 2019). The numbers are those of `ir.analysis.linear`, so a user's
own model of that form trains like the prelude's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ....ir.analysis.linear import LinearNeuron, Synapse, Why, linear_neuron
from ....ir.analysis.reset import ResetKind
from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Population
from ....ir.relays import spiking_instead

WAY_OUT = "use the prelude's `lif`, or a model with dv/dt = -v/tau_mem + c/tau_syn"


@dataclass(frozen=True, slots=True)
class SpikeResponse:
    """Coefficients a step; `refractory` in steps.

    `gain` and `threshold` are those of the potential over `scale`, which makes gain 1 / tau_syn,
    the papers' kernel: a model whose potential is twice as large, threshold and all, trains alike.
    """

    keep_v: float
    keep_c: float
    gain: float
    threshold: float
    refractory: int
    scale: float

    @property
    def tau_mem(self) -> float:
        """1 / (1 - keep_v), the membrane time constant in steps; infinite without a leak."""
        return 1.0 / (1.0 - self.keep_v) if self.keep_v < 1.0 else math.inf

    @property
    def tau_syn(self) -> float:
        """1 / (1 - keep_c), the synaptic time constant in steps."""
        return 1.0 / (1.0 - self.keep_c)


def spike_response(population: Population) -> SpikeResponse:
    """The response of a population's step; CompileError(E050) where it is not of this form."""
    _require_spikes(population)
    neuron = linear_neuron(population)
    if isinstance(neuron, Why):
        raise _refused(population, neuron.reason)
    synapse = _only_synapse(population, neuron)
    _require_silence_after(population, neuron)
    scale = synapse.gain / (1.0 - synapse.keep_c)
    return SpikeResponse(
        keep_v=neuron.keep_v,
        keep_c=synapse.keep_c,
        gain=synapse.gain / scale,
        threshold=_threshold(population, neuron) / scale,
        refractory=neuron.refractory,
        scale=scale,
    )


def _require_spikes(population: Population) -> None:
    if population.model is None or population.model.emit is None:
        return
    name = population.name
    raise CompileError(
        Diagnostic(
            "E050",
            f"spike-train-level rules learn by spike trains, and `{name}` sends what it emits",
            population.span,
            help=f"{spiking_instead(population)}, or learn by `rule surrogate`",
        )
    )


def _only_synapse(population: Population, neuron: LinearNeuron) -> Synapse:
    if len(neuron.synapses) != 1:
        raise _refused(population, "it needs one voltage, at most one current and one input port")
    synapse = neuron.synapses[0]
    fits = (
        neuron.drift == 0.0
        and synapse.gain != 0.0
        and (synapse.current is None or synapse.weight == 1.0)
        and np.isclose(synapse.drive, synapse.gain * synapse.keep_c, rtol=1e-6)
    )
    if not fits:
        raise _refused(population, "its voltage is not a leaky integral of its synaptic current")
    if not synapse.keep_c < 1.0:
        way_out = "make its time constant shorter, or dt longer"
        raise _refused(population, "its synaptic current loses nothing in a step", way_out)
    return synapse


def _threshold(population: Population, neuron: LinearNeuron) -> float:
    assert neuron.threshold is not None  # a model that never fires emits
    if neuron.threshold.v_th <= 0.0:
        raise _refused(population, "its threshold is not a constant positive voltage")
    return neuron.threshold.v_th


def _require_silence_after(population: Population, neuron: LinearNeuron) -> None:
    """Refuse a spike that leaves anything of the voltage, since the S-PSP begins anew with each,
    and a refractory time that does other than hold the voltage at 0."""
    v = neuron.voltage
    if neuron.threshold and (neuron.reset is None or neuron.reset.kind is not ResetKind.ZERO):
        way_out = f"write `{v} = 0 mV` in `on spike`, or take the prelude's `lif`"
        raise _refused(population, f"its spike does not reset `{v}` to 0", way_out)
    if neuron.refractory and neuron.holds != ((v, 0.0),):
        way_out = f"write `{v} = 0 mV`, and nothing else, in `refractory`"
        raise _refused(population, f"it is not `{v}` alone that it holds at 0", way_out)


def _refused(population: Population, why: str, way_out: str = WAY_OUT) -> CompileError:
    name = population.model.name if population.model else population.name
    if way_out is WAY_OUT and population.method != "euler":
        way_out = "write `method euler`: the rules are written for its steps"
    return CompileError(
        Diagnostic(
            "E050",
            f"spike-train-level rules cannot train `{population.name}`: {name} is not a "
            f"leaky integrate-and-fire neuron ({why})",
            population.span,
            help=way_out,
        )
    )
