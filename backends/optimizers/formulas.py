"""One weight's update, and the regularizer's pull on a row: alike on every device."""

from __future__ import annotations

import math

import numpy as np

from ..compiled.formulas import formula

f32 = np.float32
ONE = np.float32(1.0)
ZERO = np.float32(0.0)
FAINT = np.float32(1e-30)


@formula
def kept(moment):  # type: ignore[no-untyped-def]
    """The moment, or 0 where it is too small to move a weight.

    Weights that rarely get a gradient would else decay into denormal numbers, on which a processor
    is a hundred times slower.
    """
    return moment if abs(moment) > FAINT else ZERO


@formula
def adam_step(w, g, m, v, beta1, beta2, size, eps):  # type: ignore[no-untyped-def]
    """(weight, first moment, second moment) after one step of Adam along the gradient g; size and
    eps have the bias corrections in them."""
    m = kept(beta1 * m + (ONE - beta1) * g)
    v = kept(beta2 * v + (ONE - beta2) * (g * g))
    return w - size * m / (f32(math.sqrt(v)) + eps), m, v


@formula
def descent_step(w, g, m, momentum, size):  # type: ignore[no-untyped-def]
    """(weight, momentum) after one step of gradient descent along g."""
    m = kept(momentum * m + g)
    return w - size * m, m


@formula
def pull_factor(squares, synapses, strength, beta, limit):  # type: ignore[no-untyped-def]
    """k of the exponential regularizer: k w is added to the gradient of every weight w of a row.

    k = (strength beta / limit) exp(beta (mean_j (w_j / limit)^2 - 1)); Jin, Zhang & Li 2018.
    squares is the row's sum of w^2.
    """
    mean = squares / (synapses * limit * limit)
    return f32(strength * beta / limit * math.exp(beta * (mean - ONE)))
