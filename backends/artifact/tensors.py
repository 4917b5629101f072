"""Named arrays as safetensors bytes; nothing in such a file can be executed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

Arrays = dict[str, npt.NDArray[Any]]


class TensorError(ValueError):
    """Bytes that are not named arrays."""


def encode_tensors(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """The arrays' bytes; the same for equal arrays."""
    ordered = {name: np.asarray(arrays[name], order="C") for name in sorted(arrays)}
    content: bytes = save(ordered)
    return content


def decode_tensors(content: bytes) -> Arrays:
    """The arrays; TensorError if the bytes are damaged."""
    try:
        arrays: Arrays = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TensorError(f"its arrays are damaged: {error}") from error
    return arrays
