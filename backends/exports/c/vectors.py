"""vectors.h and test_net.c: what the network does with samples, and a program that compares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from textwrap import dedent

import numpy as np
import numpy.typing as npt

from ....ir.graph import Graph
from ....ir.neuron import LAST_EMITTED
from ....ir.rules import sends_numbers
from ...trace import Trace
from .header import scored
from .tables import table

PRIME, START = 16777619, 2166136261  # of the 32-bit FNV hash

Bits = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Golden:
    """What the network does with samples: of each sample and step the inputs' and the output's
    spikes, eight a byte, the first in the lowest bit, and a hash of all states after the step; of
    each sample the numbers that inputs send."""

    given: npt.NDArray[np.uint8]  # [B, T, bytes]
    numbers: npt.NDArray[np.int16]  # [B, numbers]
    wanted: npt.NDArray[np.uint8]
    hashes: npt.NDArray[np.uint32]  # [B, T]


def golden(graph: Graph, trace: Trace, states: Mapping[tuple[str, str], str]) -> Golden:
    """What a test compares with."""
    given = [p.name for p in graph.populations if p.role == "input"]
    steps, samples, _ = next(iter(trace.spikes.values())).shape
    none = np.zeros((steps, samples, 0), bool)
    trains = [trace.spikes[name] for name in given if name not in trace.numbers]
    numbers = [trace.numbers[name] for name in given if name in trace.numbers]
    output = next((p.name for p in graph.populations if p.role == "output"), None)
    return Golden(
        _packed(np.concatenate([none, *trains], axis=2)),
        np.concatenate([np.zeros((samples, 0)), *numbers], axis=1).astype(np.int16),
        _packed(none if output is None else trace.spikes[output]),
        _hashed(graph, trace, states),
    )


def vectors_header(graph: Graph, trace: Trace, states: Mapping[tuple[str, str], str]) -> str:
    """The text of vectors.h."""
    found = golden(graph, trace, states)
    samples, steps = found.hashes.shape
    parts = (
        f"#define NET_SAMPLES {samples}\n#define NET_STEPS {steps}\n",
        table("net_given", found.given, "[sample][step][byte]"),
        table("net_numbers", found.numbers, "[sample][number]"),
        table("net_wanted", found.wanted, "[sample][step][byte]"),
        table("net_hashes", found.hashes, "[sample][step]"),
    )
    return "\n".join(("#include <stdint.h>\n", *parts))


def _packed(spikes: Bits) -> npt.NDArray[np.uint8]:
    """[T, B, N] as bytes [B, T, ceil(N / 8)]."""
    return np.packbits(spikes.transpose(1, 0, 2), axis=2, bitorder="little")


def _hashed(
    graph: Graph, trace: Trace, states: Mapping[tuple[str, str], str]
) -> npt.NDArray[np.uint32]:
    """Of the states, of what goes out as scores, and of how often the output fires, where that may
    be several times in a step."""
    found = hashes(trace, _with_scores(graph, states))
    output = next((p.name for p in graph.populations if p.role == "output"), None)
    if output is not None and graph.semantics.spikes_per_step > 1:
        counts = trace.spikes[output].astype(np.uint32)
        for neuron in range(counts.shape[2]):
            found = (found ^ counts[:, :, neuron].T) * np.uint32(PRIME)
    return found


def _with_scores(graph: Graph, states: Mapping[tuple[str, str], str]) -> list[tuple[str, str]]:
    """The states, and once more what goes out as scores."""
    output = scored(graph)
    return [*states, *([] if output is None else [(output.name, LAST_EMITTED)])]


def hashes(trace: Trace, states: Iterable[tuple[str, str]]) -> npt.NDArray[np.uint32]:
    """u32 [B, T]: h = (h xor x) PRIME over all neurons' states x, in the order of `states`."""
    first = next(iter(trace.spikes.values()))
    found = np.full(first.shape[:2], START, np.uint32)
    for population, state in states:
        codes = trace.states[population][state].astype(np.int64).astype(np.uint32)
        for neuron in range(codes.shape[2]):
            found = (found ^ codes[:, :, neuron]) * np.uint32(PRIME)
    return found.T


def test_program(graph: Graph, states: Mapping[tuple[str, str], str]) -> str:
    """The program: status 0 where all is equal, else 1 and the first difference."""
    sizes = graph.index()
    lines = [
        f"    for (n = 0; n < {sizes[population].neurons}; n++) h = mixed(h, s->{field}[n]);"
        for (population, _), field in states.items()
    ]
    has_numbers = any(sends_numbers(p) for p in graph.populations)
    has_scores = scored(graph) is not None
    numbers = {"START": f"{START}u", "PRIME": f"{PRIME}u"}
    text = _TEST
    for name, number in numbers.items():
        text = text.replace(name, number)
    text = text.replace("/*numbers*/", ", numbers" if has_numbers else "")
    text = text.replace("/*scores*/", ", scores" if has_scores else "")
    counts = "    for (n = 0; n < NET_OUTPUTS; n++) h = mixed(h, out[n]);"
    counted = [counts] if graph.semantics.spikes_per_step > 1 else []
    text = text.replace("    COUNTS\n", "\n".join([*counted, ""]))
    return text.replace("    STATES\n", "\n".join([*lines, ""]))


_TEST = dedent(
    """\
    #include <stdio.h>

    #include "net.h"
    #include "vectors.h"

    static uint32_t mixed(uint32_t h, int32_t x) {
        return (h ^ (uint32_t)x) * PRIME;
    }

    static uint32_t hash_of(const net_state *s, const int32_t *scores, const uint8_t *out) {
        uint32_t h = START;
        int32_t n;
        (void)n;
        (void)s;
        (void)out;
        STATES
        for (n = 0; n < NET_SCORES; n++) h = mixed(h, scores[n]);
        COUNTS
        return h;
    }

    static net_state state;

    int main(void) {
        const uint8_t *given = net_given, *wanted = net_wanted;
        uint8_t in[NET_INPUTS + 1], out[NET_OUTPUTS + 1];
        const int16_t *numbers = net_numbers;
        int32_t scores[NET_SCORES + 1];
        int sample, step, n;
        (void)numbers;
        scores[0] = 0;
        for (sample = 0; sample < NET_SAMPLES; sample++) {
            net_reset(&state);
            for (step = 0; step < NET_STEPS; step++) {
                for (n = 0; n < NET_INPUTS; n++) in[n] = given[n / 8] >> n % 8 & 1;
                net_step(&state, in/*numbers*/, out/*scores*/);
                for (n = 0; n < NET_OUTPUTS; n++) {
                    if ((out[n] != 0) != (wanted[n / 8] >> n % 8 & 1)) {
                        printf("sample %d, step %d: output %d ", sample, step, n);
                        printf(out[n] ? "fires\\n" : "does not fire\\n");
                        return 1;
                    }
                }
                if (hash_of(&state, scores, out) != net_hashes[sample * NET_STEPS + step]) {
                    printf("sample %d, step %d: a state differs\\n", sample, step);
                    return 1;
                }
                given += (NET_INPUTS + 7) / 8;
                wanted += (NET_OUTPUTS + 7) / 8;
            }
            numbers += NET_NUMBERS;
        }
        printf("%d samples of %d steps: ", NET_SAMPLES, NET_STEPS);
        printf("every spike and every state is equal\\n");
        return 0;
    }
    """
)
