"""The chips: their limits, the forms of their numbers, and what neither says of them.

Of every fact `source` names where it is from; what could not be verified is left out. A chip here
is limits and forms of numbers; what a core of it holds is in `cores`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..ranges import ANY, Range

Choice = int | float | str


@dataclass(frozen=True, slots=True)
class Form:
    """What an entry of `deploy.entries.DEPLOY_ENTRIES` may be on a chip: `own`, which is what it
    is where nobody says it (None: nothing), or one of `also`."""

    own: Choice | None
    also: Range | tuple[Choice, ...] = ()

    def __contains__(self, value: Choice | None) -> bool:
        if value == self.own:
            return True
        if isinstance(self.also, Range):
            return isinstance(value, (int, float)) and value in self.also
        return value in self.also

    def __str__(self) -> str:
        if isinstance(self.also, Range):
            return str(self.also)
        return " or ".join("none" if v is None else str(v) for v in (self.own, *self.also))


Limit = int | Range | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    """`limits` by rows of `limits.LIMITS`, `forms` by rows of `deploy.entries.DEPLOY_ENTRIES`,
    and `beside`: what the chip does that neither can say."""

    summary: str
    source: str
    limits: Mapping[str, Limit]
    forms: Mapping[str, Form]
    beside: tuple[str, ...] = ()


# A sum on the way to a state has 32 bits here: it is proved not to need more, and states are
# clipped to the chip's `state_bits`, after every event where `sums` are "each". No chip has tables.
_PROVED: dict[str, Form] = {
    "overflow": Form("prove"),
    "table": Form(0),
    "floor": Form(None),
    "leak": Form("first"),
    "extra_delay": Form(0),
    "axon_types": Form(0),
    "reset": Form("nearest"),
    "registers": Form("plain"),
}
_BY_NEURON = Form("neuron", ("population", "pow2"))
_SPIKES_OUT = ("spikes",)
_NO_DELAYS = Range(0, 1)  # a spike arrives in the same step, or by recurrence in the next

_XYLO_FORMS: dict[str, Form] = {
    **_PROVED,
    "bits": Form(8, Range(2, 8)),
    "scale": _BY_NEURON,
    "guard": Form(None, Range(0, 24)),
    "state_bits": Form(16),
    "decay": Form("shift"),
    "sums": Form("each"),
    "threshold": Form("step"),
    "spikes": Form(31, Range(1, 31)),
}
_XYLO_BESIDE = (
    "outputs fire once in a step at most, hidden neurons up to 31 times",
    "an input sends up to 15 spikes in a step; inputs here send one",
    "outputs receive the hidden spikes of the step before, whatever the delay",
    "currents decay after what arrives, membranes before it: here both before it",
)


def _xylo(name: str, core: str, hidden: int, outputs: int, states: int) -> Chip:
    return Chip(
        f"{name} (SynSense): spikes of one core, decays by shifts",
        f"rockpool 3.1 mappers ({core}); xylosim v2",
        {
            "inputs": 16,
            "hidden": hidden,
            "outputs": outputs,
            "states": states,
            "delay": _NO_DELAYS,
            "refractory": 0,
            "resets": ("subtract",),
            "outputs_are": _SPIKES_OUT,
        },
        _XYLO_FORMS,
        _XYLO_BESIDE,
    )


_AXONS: dict[str, Limit] = {
    "neurons_a_core": 256,
    "fan_in": 256,
    "values": 4,
    "states": 1,
    "delay": Range(1, 15),
    "refractory": 0,
    "resets": ("zero", "value", "subtract"),
    "outputs_are": _SPIKES_OUT,
}
_AXON_FORMS: dict[str, Form] = {
    **_PROVED,
    "bits": Form(9, Range(2, 9)),
    "scale": _BY_NEURON,
    "guard": Form(0),
    "decay": Form("constant"),
    "floor": Form(0.0, ANY),
    "below": Form("reset", ("subtract",)),
    "leak": Form("arrived"),
    "axon_types": Form(4, Range(1, 4)),
    "reset": Form("threshold"),
    "sums": Form("exact"),
    "threshold": Form("step"),
    "spikes": Form(1),
}
_AXON_BESIDE = (
    "a neuron drives one axon: `snncc export --target ranc` puts in relays for more, which take a "
    "step each of the delay",
)

_EVENT_LIMITS: dict[str, Limit] = {
    "neurons_and_inputs": 256,
    "states": 1,
    "delay": _NO_DELAYS,
    "refractory": 0,
    "resets": ("zero",),
    "outputs_are": _SPIKES_OUT,
}
_EVENT_FORMS: dict[str, Form] = {
    **_PROVED,
    "bits": Form(4, Range(2, 4)),
    "scale": _BY_NEURON,
    "guard": Form(0),
    "decay": Form("linear"),
    "leak": Form("first", ("arrived",)),
    "sums": Form("each"),
    "threshold": Form("event"),
    "spikes": Form(31, Range(1, 31)),
}
_EVENT_BESIDE = (
    "time passes by events alone: a recurrent spike arrives in the step in which it was fired",
    "a neuron fires as often in a step as its events make it",
)

CHIPS: dict[str, Chip] = {
    "loihi": Chip(
        "Loihi 1 (Intel): 128 cores of 1024 neurons, currents and voltages of 24 bits",
        "nengo_loihi block.py and nxsdk_objects; SANA-FE loihi.yaml; Davies et al. 2018",
        {
            "cores": 128,
            "neurons_a_core": 1024,
            "neurons": 128 * 1024,
            "fan_in": 4096,
            "synapse_bytes": 128 * 16384 * 8,
            "states": 2,
            "delay": Range(0, 62),
            "refractory": 62,
            "resets": ("zero",),
        },
        {
            **_PROVED,
            "bits": Form(8, Range(2, 8)),
            "scale": Form("population", ("shared_exponent", "exponent", "neuron", "pow2")),
            "guard": Form(None, Range(6, 14)),
            "state_bits": Form(24),
            "decay": Form("multiply"),
            "decay_bits": Form(12),
            "rounding": Form("toward_zero"),
            "extra_delay": Form(0, (1,)),  # lava's connections take a step
            "registers": Form("loihi"),
            "sums": Form("exact"),
            "threshold": Form("step"),
            "spikes": Form(1),
        },
        (
            "a core has 8 thresholds and 32 pairs of decays: more of them want more cores",
            "an emulator says less: lava has no refractory time, brian2-loihi no bias and no end "
            "of a voltage, nengo-loihi no delay but of a step",
        ),
    ),
    "truenorth": Chip(
        "TrueNorth (IBM): 4096 cores of 256 axons and 256 neurons",
        "SANA-FE truenorth.yaml; RANC docs",
        {"cores": 4096, "neurons": 4096 * 256, **_AXONS},
        _AXON_FORMS,
        _AXON_BESIDE,
    ),
    "ranc": Chip(
        "RANC: TrueNorth-like cores of 256 axons and 256 neurons, as many as are made",
        "RANC RTL and C++ simulator, run",
        _AXONS,
        {**_AXON_FORMS, "state_bits": Form(9), "bits": Form(5, Range(2, 9))},
        (
            *_AXON_BESIDE,
            "potentials wrap at 9 bits, where they are clipped here: `snncc export --target ranc` "
            "proves that none comes to that, or refuses",
        ),
    ),
    "xylo_audio2": _xylo("Xylo Audio 2", "syns61201", hidden=1000, outputs=8, states=3),
    "xylo_imu": _xylo("Xylo IMU", "syns63300", hidden=496, outputs=16, states=2),
    "xylo_audio3": _xylo("Xylo Audio 3", "syns65302", hidden=992, outputs=32, states=3),
    "odin": Chip(
        "ODIN: 256 neurons of 8 bits in a crossbar, weights of 3 bits and a sign by row",
        "ODIN RTL, run",
        {**_EVENT_LIMITS, "signs": 1},
        {**_EVENT_FORMS, "state_bits": Form(9), "floor": Form(0.0)},
        (*_EVENT_BESIDE, "a loop that excites more than it inhibits never comes to rest"),
    ),
    "tinyodin": Chip(
        "tinyODIN: 256 neurons of 12 bits in a crossbar, weights of 4 bits",
        "tinyODIN RTL, run",
        _EVENT_LIMITS,
        {**_EVENT_FORMS, "state_bits": Form(12)},
        _EVENT_BESIDE,
    ),
    "reckon": Chip(
        "ReckOn: 256 inputs, 256 recurrent neurons, 16 outputs that are read as membranes",
        "ReckOn RTL and its documentation, run",
        {
            "inputs": 256,
            "hidden": 256,
            "outputs": 16,
            "states": 1,
            "keeps": Range(0.875, 1.125, is_high_open=True),
            "delay": _NO_DELAYS,
            "refractory": 0,
            "resets": ("zero", "subtract"),
            "outputs_are": ("membranes",),
        },
        {
            **_PROVED,
            "bits": Form(8, Range(2, 8)),
            "scale": Form("population", ("exponent",)),
            "guard": Form(None, Range(0, 7)),
            "state_bits": Form(16),
            "decay": Form("multiply"),
            "decay_bits": Form(15),
            "rounding": Form("floor"),
            "leak": Form("tested"),
            "sums": Form("each"),
            "threshold": Form("step"),
            "spikes": Form(1),
        },
        (
            "decays and thresholds are those of pairs of neurons",
            "outputs decay by a factor of 7 bits",
        ),
    ),
}
