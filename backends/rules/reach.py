"""Where an error begins, and which populations it must reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Call, Graph, Population, Projection
from ...ir.trains import counted, most_given
from ..compiled.plan import output_of


def taught(graph: Graph, passes: Callable[[Projection], bool]) -> frozenset[str]:
    """The populations whose error is needed: those whose parameters learn, or to which weights that
    learn lead, by any way over projections that pass one. None passes through the others, such as a
    fixed reservoir before a readout that learns."""
    found: set[str] = set()
    assert graph.schedule is not None
    learns = {p.name for p in graph.populations if p.learnt}
    for block in graph.schedule:
        into = [p for p in graph.projections if p.post in block.populations and passes(p)]
        if learns & set(block.populations) or any(p.trainable or p.pre in found for p in into):
            found |= set(block.populations)
    return frozenset(found)


def require_weights_alone(populations: Iterable[Population], rule: Call) -> None:
    """CompileError(E050) where parameters of neurons are to learn: the rule knows weights only."""
    found = [(p, learnt) for p in populations for learnt in p.learnt]
    if found:
        raise CompileError(
            Diagnostic(
                "E050",
                f"`{rule.kind}` trains weights only, and `{learnt.name}` of `{p.name}` is to learn",
                p.span,
                help=f"write `{learnt.name} = … fixed` where `{p.name}` says its model, or take "
                "`rule surrogate`",
            )
            for p, learnt in found
        )


def require_one_output(graph: Graph, rule: Call) -> None:
    """CompileError(E050) unless the graph has exactly one output population."""
    outputs = [p for p in graph.populations if p.role == "output"]
    if len(outputs) != 1:
        raise CompileError(
            Diagnostic(
                "E050",
                f"`{rule.kind}` trains a network with one output population, not {len(outputs)}",
                outputs[1].span if outputs else None,
                help="declare exactly one population with `output`",
            )
        )


def within_blocks(graph: Graph) -> frozenset[str]:
    """The projections between populations of one block."""
    assert graph.schedule is not None
    block = {name: k for k, b in enumerate(graph.schedule) for name in b.populations}
    return frozenset(p.name for p in graph.projections if block[p.pre] == block[p.post])


def require_output_apart(graph: Graph, rule: Call) -> None:
    """CompileError(E050) where the output lies in a loop with other populations."""
    output = graph.populations[output_of(graph)]
    assert graph.schedule is not None
    block = next(b.populations for b in graph.schedule if output.name in b.populations)
    if len(block) > 1:
        others = ", ".join(f"`{name}`" for name in block if name != output.name)
        raise CompileError(
            Diagnostic(
                "E050",
                f"`{rule.kind}` passes no error within a loop, and `{output.name}` lies in one "
                f"with {others}",
                output.span,
                help=f"leave out what `{output.name}` sends back, or learn by `rule surrogate`",
            )
        )


def require_single_spikes(graph: Graph, rule: Call) -> None:
    """CompileError(E050) where neurons may fire several times in a step: the rule knows one."""
    most, inputs = graph.semantics.spikes_per_step, counted(graph)
    knows = f"`{rule.kind}` learns from a spike a neuron and step, and"
    if most > 1:
        message = f"{knows} there may be {most}"
        way_out = "learn by `rule surrogate`, or train without `--spikes`"
        raise CompileError(Diagnostic("E050", message, help=way_out))
    if inputs:
        way_out = "learn by `rule surrogate` or `rule e_prop`, or leave `most` out"
        said = [(p, f"{knows} `{p.name}` may have {most_given(p)}") for p in inputs]
        raise CompileError(Diagnostic("E050", m, p.span, help=way_out) for p, m in said)
