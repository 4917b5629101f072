"""A picture of a mapping: the mesh, how full each core is, and what each link carries. SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from ...backends.mapping.limits import Mesh
from ...backends.mapping.route import DIRECTIONS, Traffic

TILE, GAP, TOP, LEFT = 96, 44, 64, 24
FULL, EMPTY, LINK = (31, 119, 180), (240, 244, 248), (214, 39, 40)
# The offset of a link from its router: to where it leads, and aside of the one that comes back.
_AWAY = {"east": (1, 0), "west": (-1, 0), "south": (0, 1), "north": (0, -1)}


def core_map(title: str, mesh: Mesh, cores: Sequence[dict[str, Any]], sent: Traffic) -> str:
    """The picture; `cores` are rows of `rows.rows_of` with `used`, the largest part of a limit that
    a core takes, 0 to 1, and `tip`, the words that a browser shows of it."""
    width = 2 * LEFT + mesh.width * (TILE + GAP)
    height = TOP + mesh.height * (TILE + GAP) + 48
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{LEFT}" y="28" font-size="16">{escape(title)}</text>',
        *_links(mesh, sent),
        *_routers(mesh),
        *(_core(mesh, row) for row in cores),
        *_legend(height, sent),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _corner(mesh: Mesh, router: int) -> tuple[int, int]:
    x, y = router % mesh.width, router // mesh.width
    return LEFT + x * (TILE + GAP), TOP + y * (TILE + GAP)


def _routers(mesh: Mesh) -> Iterator[str]:
    for router in range(mesh.routers):
        x, y = _corner(mesh, router)
        mark = ' stroke-dasharray="4 3"' if router == mesh.entry else ""
        yield (
            f'<rect x="{x}" y="{y}" width="{TILE}" height="{TILE}" rx="6" fill="#f7f7f7" '
            f'stroke="#999"{mark}/>'
        )


def _core(mesh: Mesh, row: dict[str, Any]) -> str:
    """A core in its part of its router's tile, the fuller the darker."""
    across = 1
    while across * across < mesh.cores_a_router:
        across += 1
    side = (TILE - 8) / across
    x, y = _corner(mesh, row["y"] * mesh.width + row["x"])
    x, y = x + 4 + row["place"] % across * side, y + 4 + row["place"] // across * side
    fill = _mixed(EMPTY, FULL, row["used"])
    ink = "white" if row["used"] > 0.55 else "black"
    return (
        f'<g><title>{escape(row["tip"])}</title><rect x="{x + 1:.1f}" y="{y + 1:.1f}" '
        f'width="{side - 2:.1f}" height="{side - 2:.1f}" rx="3" fill="{fill}" stroke="#555"/>'
        f'<text x="{x + side / 2:.1f}" y="{y + side / 2 + 4:.1f}" text-anchor="middle" '
        f'fill="{ink}">{row["id"]}</text></g>'
    )


def _links(mesh: Mesh, sent: Traffic) -> Iterator[str]:
    """A line for every link that carries something, the more the wider."""
    most = sent.max_link
    for router in range(mesh.routers):
        for number, way in enumerate(DIRECTIONS):
            load = float(sent.links[router, number])
            if load <= 0.0:
                continue
            dx, dy = _AWAY[way]
            x, y = (c + TILE / 2 for c in _corner(mesh, router))
            x, y = x - 7 * dy, y + 7 * dx
            ends = x + dx * TILE / 2, y + dy * TILE / 2
            far = ends[0] + dx * GAP, ends[1] + dy * GAP
            share = load / most
            ink, wide = _mixed((245, 200, 190), LINK, share), 1 + 7 * share
            yield (
                f"<g><title>{escape(f'{load:.4g} spikes a step')}</title>"
                f'<line x1="{ends[0]:.1f}" y1="{ends[1]:.1f}" x2="{far[0]:.1f}" y2="{far[1]:.1f}" '
                f'stroke="{ink}" stroke-width="{wide:.1f}"/>'
                "</g>"
            )


def _legend(height: int, sent: Traffic) -> Iterator[str]:
    y = height - 22
    for k in range(5):
        fill = _mixed(EMPTY, FULL, k / 4)
        yield f'<rect x="{LEFT + 22 * k}" y="{y - 10}" width="22" height="12" fill="{fill}"/>'
    words = f"a core's fullest limit, 0 to 100 %; widest link: {sent.max_link:.4g} spikes a step"
    yield f'<text x="{LEFT + 122}" y="{y}">{escape(words)}; dashed: where inputs come in</text>'


def _mixed(low: tuple[int, ...], high: tuple[int, ...], share: float) -> str:
    part = min(1.0, max(0.0, share))
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(low, high, strict=True))
