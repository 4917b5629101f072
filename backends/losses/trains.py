"""A loss of spike trains: every output's spikes against a train that is wanted of it.

With the filter a[t] = keep a[t-1] + (1 - keep) s[t], keep = 1 - dt / tau, of the output's spikes
and of the wanted train, and e their difference: the cost is sum e[t]^2 / 2, and a spike in step t
is asked for the sum over t' >= t of (1 - keep) keep^(t' - t) e[t'].
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.calls import number
from ...ir.graph import Call, Population
from ...ir.ranges import unfit_filter
from ...ir.rules import Train, Trains

Floats = npt.NDArray[np.float64]


class Wanted(NamedTuple):
    """The trains that are wanted of the outputs: of output i where y is the label, row which[y, i]
    of `trains` f64[K, T], filtered by `keep`."""

    which: npt.NDArray[np.int32]
    trains: Floats
    keep: float


def wanted_trains(loss: Call, outputs: int, steps: int, dt: float) -> Wanted:
    """Those of a loss `kernel` for a network of so many outputs and steps."""
    own = _trains(loss)
    if own:
        rows = [one for of_class in own for one in of_class]
        which = np.arange(outputs * outputs, dtype=np.int32).reshape(outputs, outputs)
    else:
        rows = [_train(loss, "other"), _train(loss, "target")]
        which = np.eye(outputs, dtype=np.int32)
    keep = 1.0 - dt / number(loss, "tau")
    return Wanted(which, filtered(np.array([_repeated(r, steps) for r in rows]), keep), keep)


def train_terms(
    loss: Call, spikes: npt.NDArray[Any], label: int, dt: float
) -> tuple[Floats, Floats]:
    """(dL/d spike [T, outputs], cost [outputs]) of one sample's spikes [T, outputs]."""
    steps, outputs = spikes.shape
    wanted = wanted_trains(loss, outputs, steps, dt)
    found = filtered(spikes.T.astype(np.float64), wanted.keep)
    error = found - wanted.trains[wanted.which[label]]
    asked = filtered(error[:, ::-1], wanted.keep)[:, ::-1]
    return asked.T, (error**2).sum(axis=1) / 2


def filtered(trains: Floats, keep: float) -> Floats:
    """a[t] = keep a[t-1] + (1 - keep) s[t] along the last axis."""
    found, now = np.zeros_like(trains, np.float64), np.zeros(trains.shape[:-1])
    for t in range(trains.shape[-1]):
        now = keep * now + (1.0 - keep) * trains[..., t]
        found[..., t] = now
    return found


def train_moved(loss: Call, spikes: npt.NDArray[Any], label: int, dt: float) -> Floats:
    """dL/d(time of a spike) [T, outputs], a step: half of what a step later costs more than a step
    earlier, but for what the end cuts off."""
    asked, _ = train_terms(loss, spikes, label, dt)
    return slopes(asked)


def slopes(asked: Floats) -> Floats:
    """What the spike of a step gains by being later, a step: the differences across it of what is
    asked of spikes [T, …]; nothing is asked of one after the end."""
    later = np.concatenate([asked[1:], np.zeros_like(asked[:1])])
    earlier = np.concatenate([asked[:1], asked[:-1]])
    share = np.where(np.arange(len(asked)) == 0, 1.0, 0.5)
    found: Floats = share.reshape(-1, *[1] * (asked.ndim - 1)) * (later - earlier)
    return found


def train_problem(loss: Call, output: Population, dt: float) -> tuple[str, str] | None:
    """Why the trains do not fit the output, are said twice, or the filter is shorter than a step,
    and a way out; None if all is well."""
    own, neurons = _trains(loss), output.neurons
    reason = unfit_filter(number(loss, "tau"), dt)
    if reason:
        return f"`tau` of `loss kernel` is {reason}", "choose another one"
    if not own:
        return None
    if (_train(loss, "target"), _train(loss, "other")) != ((1,), (0,)):
        said = "`loss kernel` says its trains twice, as `trains` and as `target` or `other`"
        return said, "leave out one of them"
    sizes = {len(own), *map(len, own)}
    if sizes != {neurons}:
        found = f"{len(own)} classes of {' or '.join(map(str, sorted(set(map(len, own)))))} trains"
        said = f"`trains` of `loss kernel` has {found}, and `{output.name}` has {neurons} neurons"
        return said, f"give {neurons} trains for each of {neurons} classes"
    return None


def _trains(loss: Call) -> Trains:
    value = loss["trains"]
    assert isinstance(value, tuple), value
    return value


def _train(loss: Call, name: str) -> Train:
    value = loss[name]
    assert isinstance(value, tuple), value
    return value


def _repeated(train: Train, steps: int) -> Floats:
    return np.resize(np.array(train, np.float64), steps)
