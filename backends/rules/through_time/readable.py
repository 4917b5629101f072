"""Whether a loss can read an output, and learns what decides its class."""

from __future__ import annotations

from ....ir.diagnostics import CompileError, Diagnostic, Note
from ....ir.graph import Graph, Population, TrainSpec
from ...compiled.plan import output_of
from ...losses.table import LOSSES, ScoreLoss, TrainLoss, loss_of, require_fit
from .tables import is_timed


def require_readable(graph: Graph, spec: TrainSpec) -> None:
    """CompileError where the loss reads spikes and the output emits numbers (E050), or does not
    fit the output (E051)."""
    loss, output = loss_of(spec), graph.populations[output_of(graph)]
    row = LOSSES[loss.kind]
    require_fit(spec, output, graph.dt)
    _require_first(spec, output)
    emits = output.step is not None and output.step.emit is not None
    if is_timed(spec.call("rule")) and not emits:
        _require_times(spec, output)
    if emits and not isinstance(row, ScoreLoss):
        raise CompileError(
            Diagnostic(
                "E050",
                f"`loss {loss.kind}` reads spikes, and `{output.name}` emits a number in place of "
                "them",
                spec.span,
                related=(Note(output.span, "the output"),) if output.span else (),
                help="write `loss cross_entropy`, or leave `emit` out of the output's model",
            )
        )


def _require_first(spec: TrainSpec, output: Population) -> None:
    """CompileError(E050) where the output is read by its first spikes and the loss is of scores."""
    loss, readout = loss_of(spec), output.readout
    if readout is None or readout.kind != "first_spike" or loss.kind != "cross_entropy":
        return
    raise CompileError(
        Diagnostic(
            "E050",
            f"`loss {loss.kind}` learns by no `readout = {readout.kind}`",
            spec.span,
            help="write `loss first_spike(tau = …)`, the cross-entropy of the times",
        )
    )


def undecided_by_first(graph: Graph, spec: TrainSpec) -> tuple[Diagnostic, ...]:
    """W050 where an output learns when to fire first, and its class is that of the most spikes."""
    loss, output = loss_of(spec), graph.populations[output_of(graph)]
    is_read = output.readout is not None and output.readout.kind == loss.kind
    if loss.kind != "first_spike" or is_read:
        return ()
    message = (
        f"`loss {loss.kind}` learns which output fires first, and the class is not decided by that"
    )
    return (Diagnostic("W050", message, spec.span, help=f"write `readout = {loss.kind}`"),)


def _require_times(spec: TrainSpec, output: Population) -> None:
    """CompileError(E050) where an output that spikes is judged by its counts: no count changes with
    the times of spikes."""
    loss = loss_of(spec)
    row = LOSSES[loss.kind]
    if isinstance(row, TrainLoss) or (isinstance(row, ScoreLoss) and output.readout is not None):
        return
    raise CompileError(
        Diagnostic(
            "E050",
            f"`{spec.call('rule').kind}` learns by the times of spikes, and the counts of "
            f"`{output.name}`, which `loss {loss.kind}` reads, have a gradient of 0 by them",
            spec.span,
            help="write `loss first_spike(tau = …)` or `kernel(tau = …)`, or `cross_entropy` with "
            "`readout = psc(tau = …)` or an output that emits its potential, such as `li_mean`",
        )
    )
