"""Where cores lie before any is moved: by the spectrum of their traffic, and along a Hilbert curve.

They fill a block of routers about as wide as high, around the one where inputs come in.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .axons import Floats, Ints
from .limits import Mesh
from .records import CoreNets

DENSE = 2048  # cores whose spectrum is worked out


def starts(nets: CoreNets, cores: int, mesh: Mesh) -> Iterator[Ints]:
    """Slots of every core, several times."""
    order = np.arange(cores)
    yield along(order, hilbert(mesh, cores), mesh)
    if cores < 3 or cores > DENSE or not len(nets.home):
        return
    near = spectrum(nets, cores)
    yield along(np.argsort(near[:, 0], kind="stable"), hilbert(mesh, cores), mesh)
    yield from spectral(near, mesh)


def spectrum(nets: CoreNets, cores: int) -> Floats:
    """Two coordinates of every core: cores with traffic between them are near. [cores, 2]

    They are the eigenvectors of the two smallest eigenvalues but 0 of the Laplacian of who sends to
    whom (Hall 1970).
    """
    flow = np.zeros((cores, cores))
    home = np.repeat(nets.home, np.diff(nets.first))
    inside = home >= 0
    rate = np.repeat(nets.rate, np.diff(nets.first))
    np.add.at(flow, (home[inside], nets.to[inside]), rate[inside])
    flow += flow.T
    flow += 1e-6 * flow.mean() + 1e-12  # parts without traffic between them
    np.fill_diagonal(flow, 0.0)
    _, vectors = np.linalg.eigh(np.diag(flow.sum(axis=0)) - flow)
    return np.asarray(vectors[:, 1:3], np.float64)


def spectral(near: Floats, mesh: Mesh) -> Iterator[Ints]:
    """Slots by these coordinates, turned and mirrored in all eight ways."""
    block = block_of(mesh, len(near))
    for turn in range(8):
        x, y = near.T[:: -1 if turn & 4 else 1]
        yield _dealt(x * (1 if turn & 1 else -1), y * (1 if turn & 2 else -1), block, mesh)


def _dealt(x: Floats, y: Floats, block: tuple[int, int, int, int], mesh: Mesh) -> Ints:
    """Column by column of the block the cores of least x, within it by y."""
    left, top, width, _ = block
    order, slots = np.argsort(x, kind="stable"), np.empty(len(x), np.int32)
    for column in range(width):
        low, high = (len(x) * c // width for c in (column, column + 1))
        members = order[low:high]
        members = members[np.argsort(y[members], kind="stable")]
        at = np.arange(len(members))
        router = left + column + (top + at // mesh.cores_a_router) * mesh.width
        slots[members] = router * mesh.cores_a_router + at % mesh.cores_a_router
    return slots


def block_of(mesh: Mesh, cores: int) -> tuple[int, int, int, int]:
    """(left, top, width, height) of the routers that so many cores are put at first."""
    routers = -(-cores // mesh.cores_a_router)
    width = min(mesh.width, int(np.ceil(np.sqrt(routers))))
    width = max(width, -(-routers // mesh.height))
    height = -(-routers // width)
    left = min(max(mesh.entry % mesh.width - width // 2, 0), mesh.width - width)
    top = min(max(mesh.entry // mesh.width - height // 2, 0), mesh.height - height)
    return left, top, width, height


def along(order: Ints, routers: Ints, mesh: Mesh) -> Ints:
    """Slots of the cores in this order, those of one router after those of the one before."""
    slots = np.empty(len(order), np.int32)
    at = np.arange(len(order))
    slots[order] = routers[at // mesh.cores_a_router] * mesh.cores_a_router
    slots[order] += (at % mesh.cores_a_router).astype(np.int32)
    return slots


def hilbert(mesh: Mesh, cores: int) -> Ints:
    """The routers of the block along a Hilbert curve; cells of the curve outside are left out."""
    left, top, width, height = block_of(mesh, cores)
    bits = max(width, height, 2) - 1
    x, y = _curve(bits.bit_length())
    inside = (x < width) & (y < height)
    return (left + x[inside] + (top + y[inside]) * mesh.width).astype(np.int64)


def _curve(order: int) -> tuple[Ints, Ints]:
    """The cells of a square of side 2^order, each a neighbour of the one before: four curves of
    half the side, the first and the last turned."""
    x = y = np.zeros(1, np.int64)
    for k in range(order):
        half = 1 << k
        x, y = (
            np.concatenate((y, x, x + half, 2 * half - 1 - y)),
            np.concatenate((x, y + half, y + half, half - 1 - x)),
        )
    return x, y
