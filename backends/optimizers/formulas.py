"""What the steps of a chain compute, scalar by scalar, alike on every device.

Plain functions: `text` puts their text into each device's module, under its own decorator. Whatever
they name besides their arguments must be among the names here.

w is a weight, g its gradient, m and v its moments; size and eps are the optimizer's for this update
(see `table.Step.pace`), rate the learning rate itself. A function of a weight returns (w, g, m, v).
"""

from __future__ import annotations

import math

import numpy as np

f32 = np.float32
ONE = f32(1.0)
ZERO = f32(0.0)
FAINT = f32(1e-30)  # below it a moment moves no weight


def norm(length, limit):  # type: ignore[no-untyped-def]
    """Factor of a gradient of this length: its norm is `limit` at most."""
    return limit / length if length > limit else ONE


def exponential(squares, synapses, strength, beta, limit):  # type: ignore[no-untyped-def]
    """k = (strength beta / limit) exp(beta (mean_j (w_j / limit)^2 - 1)): k w joins the gradient
    of every weight w of a row, whose squares add up to `squares`; Jin, Zhang & Li 2018."""
    if strength == ZERO:
        return ZERO
    mean = squares / (synapses * limit * limit)
    return strength * beta / limit * math.exp(beta * (mean - ONE))


def l2(squares, synapses, strength):  # type: ignore[no-untyped-def]
    """k = strength, added as k w."""
    return strength


def decoupled(w, g, m, v, size, eps, rate, share):  # type: ignore[no-untyped-def]
    """w <- w - rate share w, past the moments; Loshchilov & Hutter 2019."""
    return w - rate * share * w, g, m, v


def adam(w, g, m, v, size, eps, rate, beta1, beta2):  # type: ignore[no-untyped-def]
    """Adam, its bias corrections in size and eps; Kingma & Ba 2015.

    Moments too small to move a weight become zero: weights that rarely get a gradient would else
    decay into denormal numbers, on which a processor is a hundred times slower.
    """
    m = beta1 * m + (ONE - beta1) * g
    v = beta2 * v + (ONE - beta2) * (g * g)
    m = m if abs(m) > FAINT else ZERO
    v = v if v > FAINT else ZERO
    return w - size * m / (f32(math.sqrt(v)) + eps), g, m, v


def sgd(w, g, m, v, size, eps, rate, momentum):  # type: ignore[no-untyped-def]
    """m <- momentum m + g, w <- w - size m; faint momenta become zero, as in `adam`."""
    m = momentum * m + g
    m = m if abs(m) > FAINT else ZERO
    return w - size * m, g, m, v


def limits(w, g, m, v, size, eps, rate, low, high):  # type: ignore[no-untyped-def]
    """The weight between low and high; no number stays none."""
    w = low if w < low else w
    return high if w > high else w, g, m, v
