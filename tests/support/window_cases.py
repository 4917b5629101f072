"""Networks of convolutions and pools, drawn at random, as text."""

from __future__ import annotations

from random import Random

NETWORK = """
network n {{
  dt = 1 ms
  input x[{planes}] encode {x}(duration = {steps} ms)
  population a : {cell}
  population p : {pool}
  population b : {last}
  output y[{y}] : {output}
  x -> a{port} : {first} delay {d0} ms
  a -> p : pool2d(kernel = {kernel}, stride = {stride}, init = constant({weight})) delay {d1} ms
  p -> b : {second} delay {d2} ms
  b -> y : dense(init = uniform(-0.5, 1)) delay {d3} ms
  {more}
}}
"""
PARTS = 143  # with which the seeds that are tested first draw groups of every kind
SPIKING = ("lif", "exact", "if", "alif", "soft")


def planes_of(seed: int) -> tuple[int, int, int]:
    """(channels, height, width) of the input."""
    draw = Random(seed)
    return draw.choice([(1, 6, 5), (2, 4, 5), (3, 4, 3), (2, 3, 6), (1, 5, 5)])


def windows_text(seed: int, sums: str, models: dict[str, str], steps: int) -> str:
    """An input, two convolutions with a pool between them, all sizes drawn, and an output: groups,
    strides from 1 to 3, padding from 0 to 2, kernels as large as the plane, pools that are neurons
    or sums, loops of windows, delays; inputs send spikes or numbers."""
    draw, parts = Random(seed), Random(f"groups {PARTS} of {seed}")
    planes = planes_of(seed)

    def cell(kind: str) -> str:
        return models[kind].format(a=9.5, b=4, th=draw.choice([0.5, 2]), pause=draw.choice([0, 2]))

    first, made = _convolution(draw, parts, planes)
    kernel = draw.choice([k for k in (1, 2, 2, 3, min(made[1:])) if k <= min(made[1:])])
    stride = draw.choice([0, 1, 2, 3])
    pooled = (made[0], *((n - kernel) // (stride or kernel) + 1 for n in made[1:]))
    second, last = _convolution(draw, parts, pooled)
    adds = sums == "exact" and draw.random() < 0.6
    kind = draw.choice([*SPIKING, "cuba_lif"])
    more = [f"x -> b{_flat(draw, planes, last)}"] if draw.random() < 0.3 else []
    if draw.random() < 0.4 and kind != "cuba_lif":
        more.append(_loop(draw, parts, made[0]))
    return NETWORK.format(
        planes=", ".join(map(str, planes)), x=draw.choice(["bernoulli", "poisson", "current"]),
        steps=steps, cell=cell(kind), port=".exc" if kind == "cuba_lif" else "",
        pool="linear" if adds else cell(draw.choice(SPIKING)), first=first, second=second,
        last=cell(draw.choice(SPIKING)), kernel=kernel, stride=stride, y=draw.choice([1, 3]),
        output=draw.choice([cell(draw.choice(SPIKING)), "li(tau_mem = 9 ms)"]),
        weight=draw.choice([0.25, 1.1, -0.3] if adds else [1.1, 3]), more="\n  ".join(more),
        **_delays(draw),
    )  # fmt: skip


def _delays(draw: Random) -> dict[str, int]:
    return {f"d{k}": draw.choice([0, 0, 0, 1, 5]) for k in range(4)}


Planes = tuple[int, ...]


def _convolution(draw: Random, parts: Random, planes: Planes) -> tuple[str, Planes]:
    """A call, and the planes that it makes."""
    padding = draw.choice([0, 0, 1, 2])
    most = min(planes[1:]) + 2 * padding
    sizes = [k for k in (1, 2, 3, 3, 5, min(planes[1:])) if padding < k <= most]
    kernel = draw.choice(sizes or [most])
    stride, channels = draw.choice([1, 1, 2, 3]), draw.choice([1, 2, 2, 3])
    made = ((n + 2 * padding - kernel) // stride + 1 for n in planes[1:])
    high = draw.choice([0.5, 2])
    groups = _groups(parts, planes[0])
    channels = groups * parts.choice([1, 2]) if groups > 1 else parts.choice([channels, 4])
    call = f"kernel = {kernel}, stride = {stride}, padding = {padding}, groups = {groups}"
    text = f"conv2d(channels = {channels}, {call}, init = uniform(-{high / 2}, {high}))"
    return text, (channels, *made)


def _groups(parts: Random, channels: int) -> int:
    """How many groups so many channels come in, more often than not one."""
    several = [n for n in range(2, channels + 1) if channels % n == 0]
    return parts.choice(several) if several and parts.random() < 0.45 else 1


def _flat(draw: Random, planes: Planes, last: Planes) -> str:
    """What else leads to the last planes: all pairs or a list."""
    wiring = draw.choice(["dense(", "sparse(p = 0.3, "])
    return f" : {wiring}init = uniform(-0.5, 1)) delay {draw.choice([0, 2])} ms"


def _loop(draw: Random, parts: Random, channels: int) -> str:
    """Windows from planes to themselves."""
    kernel, groups = draw.choice([1, 3, 5]), _groups(parts, channels)
    call = f"channels = {channels}, kernel = {kernel}, padding = {kernel // 2}, groups = {groups}"
    return f"a -> a : conv2d({call}, init = uniform(-1, 0.5)) delay {draw.choice([1, 3])} ms"
