"""Where an error begins, and which populations it must reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Call, Graph, Population, Projection


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
