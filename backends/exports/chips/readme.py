"""What a folder for an emulator of Loihi says of itself."""

from __future__ import annotations

from typing import Any

from .flavours import Flavour

TEXT = """# {network} on {emulator}

Written by `snncc export --target loihi --flavour {flavour}`. It runs in an environment of its own:

```sh
python3.11 -m venv env && . env/bin/activate
{packages}
python run.py inputs.npz log.npz
snncc diff MODEL log.npz --states
```

`MODEL` is the package that was exported, on the samples of which `inputs.npz` holds the spikes. `run.py` takes any spike log of
the inputs, or an `.npy` of spikes [samples, steps, {inputs}]; every sample starts from zero.

| file | what |
|---|---|
| `net.json` | numbers of populations and projections, as the emulator takes them |
| `weights.npz` | the weights of each projection by its name, int16 [pre, post], even |
| `run.py` | reads spikes, runs the samples, writes the log |
| `emulator.py` | the network in the emulator, which is not changed |
| `inputs.npz` | spikes of the inputs, if there were samples |

## A step of a neuron

    u = trunc(u {keep_u} / 4096) + in        in = sum over arriving spikes of weight 2^(6 + weight_exp)
    v = trunc(v (4096 - dv) / 4096) + u + bias_mant 2^bias_exp, {clipped}
    v > 64 vth: a spike, and v = 0; then v = 0 for refractory_steps more

`trunc` drops what is behind the point, towards 0. In the log a state of the network, such as `c` and `v` of `lif`, is u and v after the step, code for code.

- `du`: this emulator keeps {keep_u} of 4096 of a current; one of a population without a current has no memory.
- Weights are even, whatever their signs, from -254 to 254: twice the codes of the package. `sign_mode` is 1 (mixed), 2 (excitatory) or 3
  (inhibitory), `num_weight_bits` 8. `weight_exp` is -1 at least, so that it makes no difference whether a weight is shifted or the sum of them.
- All that arrives in a step has 22 bits, a current 24: it was proved when it was quantized that neither is left, so that nothing wraps.
- A vth, and a state of the package that a threshold is compared with, is a multiple of 64.
{own}
## Time

A spike of a neuron takes {delays} on this emulator, one of an input {least} at least. `steps` of a projection are those of the network. A population with
`lag` n does in step t + n here what it does in step t there; `delay` of a projection is what the emulator is told beyond its own step, `shift` by
how much later an input is played. Lags are such that every spike arrives in its step; `run.py` takes them out of the log again.

| population | lag |
|---|---|
{lags}
"""

OWN = {
    "lava": "- Dense has [post, pre], so that `emulator.py` transposes. LIF in fixed point has no refractory time, one threshold and one pair of decays.",
    "brian2": "- brian2-loihi does not clip voltages: a run in which one leaves 24 bits is ended with an error. There are no biases.",
    "nengo": "- The emulator's lowest voltage, which its own neurons put to 0, is -(2^23 - 1) here. Its weights go through its own `discretize_weights`.\n"
    "  `refract_delay` is refractory_steps + 1. A sum or a current that wraps ends the run.",
}


def readme(net: dict[str, Any], row: Flavour) -> str:
    """The text of README.md."""
    low, high = int(row.delays.low), int(row.delays.high)
    return TEXT.format(
        network=net["network"],
        emulator=row.summary,
        flavour=net["flavour"],
        packages=row.packages,
        inputs=sum(one["neurons"] for one in net["inputs"]),
        keep_u="(4096 - du - 1)" if row.offset else "(4096 - du)",
        clipped="clipped to +-(2^23 - 1)" if row.clips else "which must stay in +-(2^23 - 1)",
        own=OWN[net["flavour"]],
        delays=f"{low} step" if low == high else f"{low} to {high} steps",
        least=f"{row.least_input} step{'' if row.least_input == 1 else 's'}",
        lags="\n".join(f"| {one['name']} | {one['lag']} |" for one in net["populations"]),
    )
