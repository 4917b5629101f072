"""README.md of a folder of vectors: what is in which file, and what sizes the circuit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_TEXT = """\
# Golden vectors of `{network}`

{samples} samples of {steps} steps, a step is {dt} ms: what snncc's reference simulator does, in
integers. Integer semantics {semantics}, of which docs/integer.md of snncc says every bit; graph
{graph}.

Begin with one neuron, then go on:

{parts}
The neuron: {chosen}. Its synapse is the one whose weight times the spikes that reach it is the
largest. A part is cut out of the network with its own weights, and is given the events that reached
it there. With its one synapse the neuron does less than in the network.

## In each folder

| file | what |
|---|---|
| `inputs.hex` | the spikes that come in, a line a step, sample after sample; bit k is input k |
| `numbers.hex` | where inputs send numbers: these, a line a word of 32 bits, [sample][step][word] |
| `spikes.hex` | of what fires, as `inputs.hex` |
| `states.hex` | every state after the step, a line a word of 32 bits: [sample][step][word] |
| `inputs.csv`, `spikes.csv` | a line a spike: sample, step, population, neuron, from 0 |
| `numbers.csv` | a line a number that is not 0, with the number |
| `states.csv` | a line a neuron: sample, step, population, neuron, its states as codes |
| `graph.snnir` | what a step computes, with the type of every number |
| `bench.sv` | drives a module `dut`, prints the first mismatch or PASS |
| `dut.sv` | a behavioural model, for your circuit to replace; it reads the other .hex files |

    cd 1_neuron && iverilog -g2012 -o bench.vvp bench.sv dut.sv && vvp -n bench.vvp

`vvp -n bench.vvp +log=dut.csv` writes what `dut` fires as a spike log: in `4_net`, the command
`snncc diff q8.snnpkg 4_net/dut.csv` says where it parts from the network, and why.

A step of `dut` is a rising edge of `clk`: what arrives is summed, states are updated, neurons fire,
and after the edge `spikes` and `states` show it. `rst` at a rising edge sets the state before the
first step; each sample begins with it.

## Bits and words

{layouts}
A code times its LSB is a value. Where neurons have LSBs of their own the least and the largest are
shown; `manifest.json` has all of them, and the same layout for programs. Another dt is another
network: its factors of decay and its delays in steps would be others.

## Weights

`weights.safetensors` holds the codes as they are in the package: `weights/PROJECTION`, int8 or
int16; [pre, post] of all pairs, [synapses] of a list with its ends in `pre/PROJECTION` and
`post/PROJECTION`, [channel out, channel in of its group, row, column] of a convolution.
`weights.csv` has a line a synapse: projection, pre, post, weight; of convolutions and pools
`windows.csv` has one a weight.

| projection | bits | synapses | delay | at |
|---|---|---|---|---|
{weights}

## What sizes the circuit

At most, whatever the inputs are, in {proved} steps; measured in these {samples} samples.

| population | neurons | fan in | events a step | weights added | spikes that wait | widest |
|---|---|---|---|---|---|---|
{counts}

Events a step, the spikes that arrive within it, are the depth of a FIFO that is emptied in each
step; weights are added to sums, whose bits are those of an accumulator; the widest number of a step
is a product.

| population | what | proved | bits | measured | bits |
|---|---|---|---|---|---|
{ranges}

In all {neurons} neurons and {synapses} synapses: {weight_bits} bits of weights, {state_bits} bits
of states of 32 bits each, {delay_bits} bits of spikes that wait.
At most {spikes} neurons, inputs too, fire in a step; {measured} did.
"""


def readme(manifest: dict[str, Any]) -> str:
    """The text."""
    sizes = manifest["sizes"]
    network = sizes["network"]
    return _TEXT.format(
        network=manifest["network"],
        samples=manifest["samples"],
        steps=manifest["steps"],
        dt=f"{manifest['dt_ms']:g}",
        semantics=manifest["semantics"],
        graph=manifest["graph"],
        parts="".join(f"- `{p['folder']}`: {p['about']}\n" for p in manifest["parts"]),
        chosen=manifest["neuron"]["chosen"],
        layouts="\n".join(_layout(part) for part in manifest["parts"]),
        weights="\n".join(_weights(row) for row in manifest["weights"]),
        proved=sizes["proved_steps"],
        counts="\n".join(_counts(row) for row in sizes["populations"]),
        ranges="\n".join(line for row in sizes["populations"] for line in _ranges(row)),
        spikes=network["spikes_a_step"]["at_most"],
        measured=network["spikes_a_step"]["measured"],
        **{name: network[name] for name in (*_TOTALS, "delay_bits")},
    )


_TOTALS = ("neurons", "synapses", "weight_bits", "state_bits")


def _layout(part: dict[str, Any]) -> str:
    lines = [f"`{part['folder']}`:\n", "| | from | to | what |", "|---|---|---|---|"]
    for field in part["inputs"]:
        delay = field["delayed_steps"]
        when = f", {delay} steps after they fired" if delay else ""
        of = f"`{field['name']}`: {_neurons(field)}{when}"
        lines.append(_row("input bit", field, of))
    for field in part["numbers"]:
        worth = f"LSB {field['lsb']:.6g}"
        lines.append(_row("number word", field, f"`{field['name']}`: {_neurons(field)}, {worth}"))
    for field in part["spikes"]:
        lines.append(_row("spike bit", field, _neurons(field)))
    for field in part["states"]:
        what = f"`{field['state']}` of `{field['population']}`, {field['type']}, {_lsb(field)}"
        lines.append(_row("state word", field, what))
    for field in part["constants"]:
        codes = field["start"]
        said = f"{min(codes)} to {max(codes)}" if isinstance(codes, list) else codes
        role = f"the {field['role']} of `{field['of']}`" if field["of"] else f"`{field['state']}`"
        worth = f", {_lsb(field)}" if field["of"] else ""
        what = f"{role} of `{field['population']}` stands still at {said}{worth}"
        lines.append(f"| constant | | | {what} |")
    return "\n".join([*lines, ""])


def _row(kind: str, field: dict[str, Any], what: str) -> str:
    last = field["first"] + field["count"] - 1
    return f"| {kind} | {field['first']} | {last} | {what} |"


def _neurons(field: dict[str, Any]) -> str:
    numbers = field["neurons"]
    if numbers == "all":
        return f"all neurons of `{field['of']}`"
    if len(numbers) > 8:
        return f"{len(numbers)} neurons of `{field['of']}`, listed in `manifest.json`"
    return f"neuron {', '.join(map(str, numbers))} of `{field['of']}`"


def _lsb(field: dict[str, Any]) -> str:
    least = field["lsb"]
    if isinstance(least, list):
        return f"LSB {min(least):.6g} to {max(least):.6g} {field['unit']}"
    return f"LSB {least:.6g} {field['unit']}"


def _weights(row: dict[str, Any]) -> str:
    port = f"`{row['port']}` of `{row['post']}`"
    shown = " | ".join(str(row[c]) for c in ("bits", "synapses", "delay_steps"))
    return f"| `{row['projection']}` | {shown} | {port} |"


def _counts(row: dict[str, Any]) -> str:
    columns = ("events_a_step", "weights_added_a_step", "delayed_spikes")
    pairs = (f"{row[c]['at_most']}, measured {row[c]['measured']}" for c in columns)
    shown = " | ".join(pairs)
    return (
        f"| `{row['name']}` | {row['neurons']} | {row['fan_in']} | {shown} | "
        f"{row['widest_bits']} bits |"
    )


def _ranges(row: dict[str, Any]) -> Iterator[str]:
    for kind, named in (("sum at", row["sums"]), ("state", row["states"])):
        for name, found in named.items():
            proved = "" if found["proved"] is None else "{} to {}".format(*found["proved"])
            measured = "{} to {}".format(*found["measured"])
            bits = "" if found["bits"] is None else found["bits"]
            yield (
                f"| `{row['name']}` | {kind} `{name}` | {proved} | {bits} | {measured} | "
                f"{found['measured_bits']} |"
            )
