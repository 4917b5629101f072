"""What arrives through windows, summed tap by tap: no synapse is written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .kinds import Windows


def through_windows(
    windows: Windows, weights: npt.NDArray[Any], sent: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """The sums [..., post] that weights, as `weight_shape` has them, make of what each pre neuron
    sends [..., pre]; exact for whole numbers whose sums are below 2^53."""
    pre, post, reach = windows.pre, windows.post, windows.padding
    planes = sent.reshape(-1, *pre).astype(np.float64)
    padded = np.pad(planes, ((0, 0), (0, 0), (reach, reach), (reach, reach)))
    made = np.zeros((len(planes), *post))
    for a, b in np.ndindex(windows.kernel, windows.kernel):
        rows, columns = (
            slice(tap, tap + windows.stride * (outputs - 1) + 1, windows.stride)
            for tap, outputs in ((a, post.height), (b, post.width))
        )
        part = padded[:, :, rows, columns]
        if windows.is_pool:
            made += part * float(weights.ravel()[0])
        else:
            tap_weights = weights[:, :, a, b].astype(np.float64)
            each = part.reshape(len(planes), windows.groups, windows.read, -1)
            of_group = tap_weights.reshape(windows.groups, windows.reached, windows.read)
            made += (of_group @ each).reshape(made.shape)
    return made.reshape(*sent.shape[:-1], post.neurons)
