"""Where the time of training a sample goes: the CPU backend's kernels, stage by stage.

One thread presents a sample and learns it as `learn` in the backend's driver does, with a clock
read between the stages. S-PSP rows, message and update share a loop in the kernels, so a projection
is run three times: rows alone, with the message, and whole; the stages are the differences. The
clock counts this process's own time: others disturb only the caches.
"""

from __future__ import annotations

import ctypes
import time
from functools import cache
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from cost import STAGES

from snncc.backends.cpu.scratch import make_work
from snncc.backends.protocols import Samples
from snncc.backends.rules.spike_train.cpu.scratch import make_backward
from snncc.backends.trainers.cpu import GROUPS, CpuTrainer, Store, make_optimizer

Array = npt.NDArray[Any]
ENCODE, DRIVE, STEP, JUDGE, SOLVE, TRACES, ROWS, MESSAGE, UPDATE, WRITE_BACK = range(len(STAGES))
RATE = 1e-7  # too small to change the spikes


def stage_times(trainer: CpuTrainer, samples: Samples, batch: int) -> dict[str, float]:
    """Milliseconds a sample of every stage on one thread; `trainer` learns the samples.

    The mean over all batches but the first, which warms up.
    """
    numba.set_num_threads(1)
    batches = [(k, k + batch) for k in range(0, len(samples.ids) - batch + 1, batch)]
    if len(batches) < 2:
        raise ValueError(f"want two batches of {batch} samples at least, got {len(samples.ids)}")
    learn = make_learn(trainer, samples, batch)
    learn(*batches[0])
    seconds = sum(learn(*bounds) for bounds in batches[1:])
    samples_timed = batch * (len(batches) - 1)
    return {name: float(1e3 * s / samples_timed) for name, s in zip(STAGES, seconds, strict=True)}


def make_learn(trainer: CpuTrainer, samples: Samples, batch: int) -> Any:
    """Learn the samples first:last and update; seconds by stage."""
    groups = GROUPS if batch > 1 else 1
    work = make_work(trainer.plan, groups)
    back = make_backward(trainer.plan, trainer.rule.slots, groups)
    gradient = np.zeros((groups if batch > 1 else 0, len(trainer.flat)), np.float32)
    store = Store(trainer.flat, trainer.rows, trainer.first, trainer.second, gradient)
    optimizer, rules = make_optimizer(trainer.spec, RATE), variants(trainer.rule)
    data, plan = trainer.data(samples), trainer.plan
    sample, finish = make_harness(trainer.kernels.module)

    def learn(first: int, last: int) -> Array:
        seconds = np.zeros(len(STAGES))
        trainer.updates += 1
        for g in range(min(groups, last - first)):
            sample(
                trainer.kernels.advance, plan, rules, optimizer, store, work, back, data,
                trainer.seed, trainer.updates, first + g, last, groups, g, batch > 1, seconds,
            )  # fmt: skip
        if batch > 1:
            start = time.process_time()
            scale = 1.0 / (last - first)
            trainer.kernels.module.update(
                plan, trainer.rule, optimizer, store, trainer.updates, scale
            )
            whole, copied = time.process_time() - start, finish(plan, trainer.rule, store)
            seconds[UPDATE] += whole - copied
            seconds[WRITE_BACK] += copied
        return seconds

    return learn


def variants(rule: Any) -> tuple[Any, Any, Any]:
    """The rule without messages and updates, without updates, and whole."""
    none = np.zeros_like(rule.trains)
    return rule._replace(carries=none, trains=none), rule._replace(trains=none), rule


@cache
def make_harness(module: Any) -> tuple[Any, Any]:
    """(what learns the samples of a group, what times the write-back), compiled once a module."""
    now = make_clock()
    present, copy_back = make_present(module, now), make_copy_back(module)
    backward = make_backward_pass(module, now, copy_back)
    judge, step_size = module.judge, module.step_size

    @numba.njit(nogil=True)
    def sample(  # type: ignore[no-untyped-def]
        advance, plan, rules, optimizer, store, work, back, data, seed, updates, first, last,
        stride, w, is_batch, seconds,
    ):  # fmt: skip
        clock = np.zeros(2, np.int64)
        counts = np.zeros(plan.neurons[plan.output + 1] - plan.neurons[plan.output], np.int32)
        for s in range(first, last, stride):
            present(advance, plan, store.weights, data, s, seed, work, w, clock, seconds)
            start = now(clock)
            judge(
                plan, rules[2], store.weights, work, back, w, data.labels[s], data.importance[s],
                counts,
            )  # fmt: skip
            seconds[JUDGE] += now(clock) - start
            size, eps = step_size(optimizer, updates)
            group = w if is_batch else -1
            backward(plan, rules, optimizer, size, eps, store, work, back, w, group, clock, seconds)

    @numba.njit(nogil=True)
    def finish(plan, rule, store):  # type: ignore[no-untyped-def]
        clock = np.zeros(2, np.int64)
        start = now(clock)
        for j in range(len(plan.pre)):
            if rule.trains[j] and not rule.listed[j]:
                copy_back(plan, store, j)
        return now(clock) - start

    return sample, finish


def make_clock() -> Any:
    """A kernel that returns this process's processor time [s]; it needs an i64[2] of its own."""
    read = ctypes.CDLL(None).clock_gettime
    read.argtypes, read.restype = (ctypes.c_int, ctypes.c_void_p), ctypes.c_int
    kind = time.CLOCK_PROCESS_CPUTIME_ID

    @numba.njit
    def now(clock):  # type: ignore[no-untyped-def]
        read(kind, clock.ctypes)
        return clock[0] + 1e-9 * clock[1]

    return now


def make_present(module: Any, now: Any) -> Any:
    """`present` of the backend's driver, timed."""
    encode_inputs, rest = module.encode_inputs, module.rest
    drive_outside, step_block = module.drive_outside, module.step_block

    @numba.njit
    def present(advance, plan, weights, data, s, seed, work, w, clock, seconds):  # type: ignore[no-untyped-def]
        start = now(clock)
        values = data.values[data.rows[s] % len(data.values)]
        raster = data.rasters[s % len(data.rasters)]
        encode_inputs(plan, values, raster, data.ids[s], seed, work, w, False)
        encoded = now(clock)
        seconds[ENCODE] += encoded - start
        rest(plan, work.reals[w], work.integers[w])
        currents = work.currents[w]
        for b in range(len(plan.block) - 1):
            for first in range(0, plan.steps, currents.shape[0]):
                last = min(first + currents.shape[0], plan.steps)
                start = now(clock)
                for k in range(plan.block[b], plan.block[b + 1]):
                    drive_outside(plan, weights, plan.order[k], first, last, work, w, currents)
                driven = now(clock)
                step_block(advance, plan, weights, b, first, last, work, w, currents)
                seconds[DRIVE] += driven - start
                seconds[STEP] += now(clock) - driven

    return present


def make_backward_pass(module: Any, now: Any, copy_back: Any) -> Any:
    """`backward` of the kernels, timed."""
    block_error, add = module.block_error, module.add
    learn_projection = make_learn_projection(module, now, copy_back)

    @numba.njit
    def backward(plan, rules, optimizer, size, eps, store, work, back, w, group, clock, seconds):  # type: ignore[no-untyped-def]
        rule = rules[2]
        for b in range(len(plan.block) - 2, -1, -1):
            start = now(clock)
            members = rule.members[rule.member[b] : rule.member[b + 1]]
            block_error(plan, rule, store, work, back, w, b, members)
            seconds[SOLVE] += now(clock) - start
            for k in range(plan.block[b], plan.block[b + 1]):
                p = plan.order[k]
                for s in range(plan.incoming[p], plan.incoming[p + 1]):
                    j = plan.sources[s]
                    if rule.takes[j] and (rule.trains[j] or rule.carries[j]):
                        message = learn_projection(
                            plan, rules, optimizer, size, eps, store, work, back, w, group, j,
                            clock, seconds,
                        )  # fmt: skip
                        if rule.carries[j]:
                            lo, hi = plan.neurons[plan.pre[j]], plan.neurons[plan.pre[j] + 1]
                            add(message, back.delta[w, lo:hi])

    return backward


def make_learn_projection(module: Any, now: Any, copy_back: Any) -> Any:
    """`learn_projection` of the kernels three times over, timed by difference."""
    make_trace, once = module.make_trace, module.learn_projection

    @numba.njit
    def learn_projection(  # type: ignore[no-untyped-def]
        plan, rules, optimizer, size, eps, store, work, back, w, group, j, clock, seconds
    ):
        rule, traced, copied = rules[2], 0.0, 0.0
        start = now(clock)
        if not rule.inside[j]:
            make_trace(plan, rule, work, back, w, j)
            traced = now(clock) - start
        t0 = now(clock)
        once(plan, rules[0], optimizer, size, eps, store, work, back, w, group, j, False)
        t1 = now(clock)
        once(plan, rules[1], optimizer, size, eps, store, work, back, w, group, j, False)
        t2 = now(clock)
        message = once(plan, rule, optimizer, size, eps, store, work, back, w, group, j, False)
        t3 = now(clock)
        if group < 0 and rule.trains[j] and not rule.listed[j]:
            copy_back(plan, store, j)
            copied = now(clock) - t3
        seconds[TRACES] += traced
        seconds[ROWS] += (t1 - t0) - traced
        seconds[MESSAGE] += (t2 - t1) - (t1 - t0)
        seconds[UPDATE] += (t3 - t2) - (t2 - t1) - copied
        seconds[WRITE_BACK] += copied
        return message

    return learn_projection


def make_copy_back(module: Any) -> Any:
    """The write-back of one dense projection, in groups of posts as an update does it."""
    write_back, tile = module.write_back, module.WRITTEN

    @numba.njit
    def copy_back(plan, store, j):  # type: ignore[no-untyped-def]
        n = plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
        posts = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
        rows = store.rows[plan.weight[j] : plan.weight[j + 1]]
        weights = store.weights[plan.weight[j] : plan.weight[j + 1]]
        for first in range(0, posts, tile):
            write_back(rows, weights, n, posts, first, min(first + tile, posts))

    return copy_back
