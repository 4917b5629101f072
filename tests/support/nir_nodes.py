"""Nodes of NIR for tests, as dictionaries of their type and their numbers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

Nodes = dict[str, dict[str, Any]]


def inp(*shape: int) -> dict[str, Any]:
    return {"type": "Input", "shape": np.array(shape)}


def out(*shape: int) -> dict[str, Any]:
    return {"type": "Output", "shape": np.array(shape)}


def f32(values: Any) -> Any:
    return np.asarray(values, np.float32)


def lif(n: int, draw: np.random.Generator, **given: Any) -> dict[str, Any]:
    """Neurons of different time constants and thresholds."""
    return {
        "type": "LIF",
        "tau": f32(draw.uniform(0.005, 0.03, n)),
        "r": f32(draw.uniform(3, 6, n)),
        "v_leak": f32(draw.uniform(-0.1, 0.1, n)),
        "v_threshold": f32(draw.uniform(0.6, 1, n)),
        "v_reset": f32(np.zeros(n)),
    } | given


def cuba(n: int, draw: np.random.Generator, **given: Any) -> dict[str, Any]:
    return {
        "type": "CubaLIF",
        "tau_mem": f32(draw.uniform(0.01, 0.03, n)),
        "tau_syn": f32(draw.uniform(0.004, 0.01, n)),
        "r": f32(draw.uniform(2, 4, n)),
        "v_leak": f32(np.zeros(n)),
        "v_threshold": f32(draw.uniform(0.3, 0.6, n)),
        "v_reset": f32(np.zeros(n)),
        "w_in": f32(draw.uniform(1, 3, n)),
    } | given


def affine(post: int, pre: int, draw: np.random.Generator, scale: float = 1.0) -> dict[str, Any]:
    return {
        "type": "Affine",
        "weight": f32(draw.normal(0.1, scale, (post, pre))),
        "bias": f32(draw.normal(0, 0.1, post)),
    }


def linear(post: int, pre: int, draw: np.random.Generator, scale: float = 1.0) -> dict[str, Any]:
    return {"type": "Linear", "weight": f32(draw.normal(0, scale, (post, pre)))}


def chain(nodes: Nodes) -> list[tuple[str, str]]:
    """The edges from each node to the next."""
    return list(pairwise(nodes))
