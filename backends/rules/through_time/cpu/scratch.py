"""Scratch memory of learning through time; the leading axis is the workers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ....compiled.plan import Plan
from ....cpu.scratch import whole_lines, zeros
from ..tables import Through

MOST, NEAR = 8, 1 << 20  # samples together; bytes of their adjoints, which stay near


class Sweep(NamedTuple):
    """W workers, S = `together` W samples in flight, N neurons, T steps, of which L are gone back
    over at a time, F states and own ones of the adjoints, K kept numbers: 4 L N (K + 1 + ports)
    bytes a sample. Row r of a segment that begins with step t is that of step t + r."""

    together: int  # samples that a worker learns from at once: a weight is read once for all
    tape: Any  # f32[S, K, L, N]
    aim: Any  # f32[S, T, outputs] dL/d(spike) of the output, by the loss alone
    asked: Any  # f32[S, L, N] dL/d(spike, or number emitted)
    # dL/d(what arrived) f32[S, L + the longest delay, ports * N], the rows after the segment those
    # of the one before; as many again where spikes are asked for their times: what asks them.
    arrived: Any
    later: Any  # f32[S, F, N] dL/d(state after the step)
    reals: Any  # f32[S, F, N] states of the steps that are done once more
    integers: Any  # i32[S, I, N]
    starts_of_reals: Any  # f32[S, segments, F, N] those at the start of each; none of a single one
    starts_of_integers: Any  # i32[S, segments, I, N]
    error: Any  # f64[S, outputs] dL/d(count or score)
    totals: Any  # f32[S, steady currents] the adjoint where it arrived, of all steps
    sums: Any  # f32[1, weights] dL/d(weight) of one sample, laid out as the weights are
    starts: Any  # f32[W, F, N] dL/d(where a state starts); none where no parameter learns
    until: Any  # i32[W, widest + 2] spikes of a population by neuron: bounds within `when`
    laid: Any  # f32[W, laid weights] kernels of convolutions as errors go down by them
    kernel: Any  # f32[W, the largest of them] dL/d(weight) of one, as spikes go up by it; 0 between
    when: Any  # i32[W, spikes] the row of `arrived`, of all samples, where each arrived


def together(plan: Plan) -> int:
    """Samples that a worker learns from at once, so that weights are read once for all of them."""
    adjoints = 4 * plan.steps * plan.ports * int(plan.neurons[-1])
    return max(1, min(MOST, NEAR // adjoints))


def make_sweep(plan: Plan, through: Through, workers: int) -> Sweep:
    """The scratch of so many workers."""
    neurons, steps, each = int(plan.neurons[-1]), through.segment, together(plan)
    samples, f32 = workers * each, np.float32
    sending = plan.pre[(through.trains != 0) & (np.diff(plan.steady) == 0)]
    widest = int(np.diff(plan.neurons)[sending].max(initial=0))
    outputs = int(np.diff(plan.neurons)[plan.output])
    most = int(np.diff(plan.events)[sending].max(initial=0)) // max(1, plan.steps)  # of a step
    reals, integers = len(plan.real_init) + through.own, len(plan.integer_init)
    delays = plan.delay[plan.delay < plan.steps]
    several = through.segments > 1
    ahead, starts = (int(delays.max(initial=0)), through.segments) if several else (0, 0)
    width = (1 + through.is_timed) * plan.ports * neurons
    return Sweep(
        together=each,
        tape=zeros((samples, max(1, through.kept), steps, neurons), f32),
        aim=zeros((samples, plan.steps, outputs), f32),
        asked=zeros((samples, steps, neurons), f32),
        arrived=zeros((samples, steps + ahead, width), f32),
        later=zeros((samples, len(plan.real_init), neurons), f32),
        reals=zeros((samples, reals, neurons), f32),
        integers=zeros((samples, integers, neurons), np.int32),
        starts_of_reals=zeros((samples, starts, reals, neurons), f32),
        starts_of_integers=zeros((samples, starts, integers, neurons), np.int32),
        error=zeros((samples, outputs), np.float64),
        totals=zeros((samples, int(plan.steady[-1])), f32),
        sums=zeros((min(workers, 1), whole_lines(int(plan.weight[-1]))), f32),
        starts=zeros((workers, len(plan.real_init) * through.learns, neurons), f32),
        until=zeros((workers, plan.widest + 2), np.int32),
        laid=zeros((workers, int(plan.laid[-1])), f32),
        kernel=zeros((workers, int(np.diff(plan.laid).max(initial=0))), f32),
        when=zeros((workers, each * steps * max(widest, most)), np.int32),
    )
