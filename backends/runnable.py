"""Which graphs the simulators of this package can run, and why not."""

from __future__ import annotations

from ..ir.diagnostics import CompileError, Diagnostic
from ..ir.graph import SUMS, THRESHOLDS, Graph
from ..ir.trains import counted, most_given


def require_clocked(
    graph: Graph, sums: tuple[str, ...] = ("exact",), fires_often: bool = False
) -> None:
    """CompileError(E075) for a graph whose thresholds are not tested once a step, for one spike, or
    whose inputs have several of a neuron in a step, unless the target `fires_often`, or whose ports
    hold something else than these rows of SUMS."""
    means = graph.semantics
    if means.sums not in sums:
        raise CompileError(
            Diagnostic(
                "E075",
                f"the ports of `{graph.name}` hold {SUMS[means.sums]}; this target takes "
                f"{SUMS[sums[0]]}",
                help="take the target cpu or reference, or quantize with `--sums exact`",
            )
        )
    if fires_often:
        return
    require_single_inputs(graph)
    if means.fires_once:
        return
    raise CompileError(
        Diagnostic(
            "E075",
            f"`{graph.name}` tests its thresholds {THRESHOLDS[means.threshold]}, for up to "
            f"{means.spikes_per_step} spikes a step; this target tests them {THRESHOLDS['step']}, "
            "for one",
            help="take the target cpu, reference or c, or quantize without --threshold, --spikes",
        )
    )


def require_single_inputs(graph: Graph) -> None:
    """CompileError(E075) for inputs that have several spikes of a neuron in a step."""
    found = counted(graph)
    if found:
        raise CompileError(
            Diagnostic(
                "E075",
                f"`{p.name}` has up to {most_given(p)} spikes of a neuron in a step, and this "
                "target takes one",
                p.span,
                help="take the target cpu or reference, export with `--target xylo`, or leave "
                "`most` out",
            )
            for p in found
        )
