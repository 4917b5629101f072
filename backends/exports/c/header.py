"""net.h: the sizes of a network, its state as a struct, and its two functions."""

from __future__ import annotations

from collections.abc import Sequence

from ....ir.graph import Graph, Population
from ....ir.rules import sends_numbers
from .layout import Field


def header(graph: Graph, digest: str, fields: Sequence[Field]) -> str:
    """The text of net.h."""
    given = [p for p in graph.populations if p.role == "input"]
    inputs = [p for p in given if not sends_numbers(p)]
    output = next((p for p in graph.populations if p.role == "output"), None)
    count = sum(p.neurons for p in inputs)
    numbers = sum(p.neurons for p in given) - count
    scores = 0 if scored(graph) is None or output is None else output.neurons
    outputs = 0 if output is None else output.neurons
    members = "\n".join(f"    {f.text} /* {f.comment} */" for f in fields)
    which = "none" if output is None else output.name
    return f"""\
/* Network `{comment(graph.name)}`, a step is {graph.dt:g} ms.
   Integer semantics {graph.semantics.integers}, graph {digest}. Made by snncc. */
#ifndef SNNCC_NET_H
#define SNNCC_NET_H

#include <stdint.h>

#define NET_INPUTS {count} /* {comment(", ".join(p.name for p in inputs))} */
#define NET_OUTPUTS {outputs} /* {comment(which)} */
#define NET_NUMBERS {numbers} /* whole numbers that inputs send in place of spikes */
#define NET_SCORES {scores} /* of the outputs, whose codes are numbers */
#define NET_SEMANTICS {graph.semantics.integers}

typedef struct {{
{members}
}} net_state;

/* The state before the first step. */
void net_reset(net_state *s);

/* One step: what the inputs fire, 0 or 1, in, and the numbers that they send; what the outputs fire
   out, and their scores so far. */
{signature(graph)};

#endif
"""


def scored(graph: Graph) -> Population | None:
    """The output, if its score is a number that it keeps."""
    output = next((p for p in graph.populations if p.role == "output"), None)
    if output is None or output.step is None or not output.step.score:
        return None
    return output


def signature(graph: Graph) -> str:
    """The head of the function for a step."""
    has_numbers = any(sends_numbers(p) for p in graph.populations)
    numbers = ", const int16_t *numbers_in" if has_numbers else ""
    scores = "" if scored(graph) is None else ", int32_t *scores_out"
    ends = f"const uint8_t *spikes_in{numbers}, uint8_t *spikes_out{scores}"
    return f"void net_step(net_state *s, {ends})"


def comment(text: str) -> str:
    """Text that cannot end a comment."""
    return "".join(c if c.isalnum() or c in " _-.,[]>" else "_" for c in text)
