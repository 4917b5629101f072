"""The PyTorch baseline: our network's spikes, and gradients that autograd finds too."""

from __future__ import annotations

import numpy as np
import pytest
from nets import compile_net

from snncc.backends.protocols import Samples
from snncc.backends.reference.network import simulate
from snncc.ir.model import draw_model

torch = pytest.importorskip("torch", reason="the baseline is measured where PyTorch is installed")

import gpu_scan  # noqa: E402
from torch_baseline import Baseline, LifLayer, Loss  # noqa: E402

STEPS, HIDDEN, BATCH, SEED = 40, 25, 3, 1
NAMES = ("h1", "h2", "digit")
CELL = gpu_scan.Cell(0.125, 0.25, 1.0, 2, 1.0)
LATERAL = gpu_scan.Cell(0.125, 0.25, 1.0, 2, 1.0, lateral=-0.5)


def make(net: str, scale: float = 1.0):
    program = compile_net(net, STEPS, HIDDEN)
    model = draw_model(program.graph, SEED)
    # Multiples of 1/64 add up exactly in whatever order.
    gains = {"image": scale, "digit": 1.0}
    coarse = {
        p.name: (np.round(model.weights(p.name) * 64 * gain) / 64).astype("f4")
        for p in program.graph.projections
        for gain in [gains.get(p.pre, 8 * scale)]
    }
    assert program.train is not None
    return program, coarse, Baseline(program.graph, program.train, coarse, SEED, "cpu")


def drawn_inputs(probability: float = 0.1) -> np.ndarray:
    return np.random.default_rng(7).random((STEPS, BATCH, 784)) < probability


@pytest.mark.parametrize("net", ["sleepy chain", "sleepy liquid"])
def test_spikes_are_those_of_the_reference(net: str) -> None:
    program, weights, baseline = make(net, scale=2.0)
    inputs = drawn_inputs()
    model = draw_model(program.graph, SEED, weights)
    wanted = simulate(model, {"image": inputs}, np.float32).spikes
    with torch.no_grad():
        found = baseline.spikes(torch.as_tensor(inputs))
    for name, spikes in zip(NAMES, found, strict=True):
        assert wanted[name].sum() > 20, f"{name} is all but silent"
        assert np.array_equal(spikes.numpy().astype(bool), wanted[name]), name


class Step(torch.autograd.Function):
    """A spike with the derivative of a triangle."""

    @staticmethod
    def forward(ctx, x, width):
        ctx.save_for_backward(x)
        ctx.width = width
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * (1 - x.abs() / ctx.width).clamp(min=0) / ctx.width, None


def plain_layer(inputs, weights, recurrent, cell):
    """The layer written down naively; autograd finds its way back."""
    v = c = torch.zeros(inputs.shape[1], weights.shape[1], dtype=inputs.dtype)
    past, found = [torch.zeros_like(v)] * (cell.refractory + 1), []
    for t in range(len(inputs)):
        drive = inputs[t - 1] @ weights if t else torch.zeros_like(v)
        if recurrent is not None:
            drive = drive + past[-1] @ recurrent
        if cell.lateral:
            drive = drive + cell.lateral * (past[-1].sum(-1, keepdim=True) - past[-1])
        c = (1 - cell.decay) * c + drive
        v = (1 - cell.leak) * v + cell.decay * c
        rests = sum(past[-cell.refractory :]).detach()
        v = v * (1 - rests)
        spike = Step.apply(v - cell.threshold, cell.width) * (1 - rests)
        v = v * (1 - spike.detach())
        past.append(spike)
        found.append(spike)
    return torch.stack(found)


@pytest.mark.parametrize(("cell", "is_recurrent"), [(CELL, False), (CELL, True), (LATERAL, False)])
def test_gradients_are_those_of_autograd(cell, is_recurrent: bool) -> None:
    generator = torch.Generator().manual_seed(3)

    def draw(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    inputs = (draw(20, 2, 6) > 0.5).double().requires_grad_()
    weights, own = (draw(6, 5) + 0.3).requires_grad_(), None
    mask = (draw(5, 5) > 0).double()
    if is_recurrent:
        own = (draw(5, 5) * mask).requires_grad_()
    leaves = [inputs, weights] + ([own] if is_recurrent else [])
    wanted = plain_layer(inputs, weights, own, cell)
    found = LifLayer.apply(inputs, weights, own, mask, cell)
    assert 10 < found.sum() < 100
    assert torch.equal(found, wanted)
    sent = draw(*found.shape)
    of_plain = torch.autograd.grad(wanted, leaves, sent)
    of_ours = torch.autograd.grad(found, leaves, sent)
    for name, a, b in zip(("inputs", "weights", "own"), of_plain, of_ours, strict=False):
        expected = a * mask if name == "own" else a
        assert torch.allclose(b.double(), expected, atol=1e-6), name
        assert expected.abs().max() > 0.1


def test_the_gradient_of_the_loss_is_the_count_error_outside_the_margin() -> None:
    counts = torch.tensor([[35.0, 11.0, 10.0], [0.0, 31.0, 29.0]], requires_grad=True)
    value = Loss(35.0, 5.0, 5.0)(counts, torch.tensor([0, 2]))
    value.backward()
    assert (2 * counts.grad).tolist() == [[0, 6, 0], [0, 26, -6]]
    assert value.item() == (36 + 26**2 + 36) / 4


def samples(count: int) -> Samples:
    rng = np.random.default_rng(5)
    patterns = rng.random((2, 784), np.float32)
    labels = (np.arange(count) % 2).astype(np.int32)
    values = patterns[labels]
    numbers = np.arange(count)
    ids = numbers.astype(np.uint64)
    return Samples(values, numbers, ids, labels, np.ones(count, np.float32))


def error(counts: np.ndarray, labels: np.ndarray) -> float:
    wanted = np.full(counts.shape, 5.0)
    wanted[np.arange(len(labels)), labels] = 35
    return float(((counts - wanted) ** 2).mean())


def test_training_lowers_the_error() -> None:
    _, _, baseline = make("sleepy liquid", scale=2.0)
    for group in baseline.adam.param_groups:
        group["lr"] = 0.05
    data = samples(8)
    before = error(baseline.present(data, 4), data.labels)
    for _ in range(6):
        baseline.train(data, 4)
    assert error(baseline.present(data, 4), data.labels) < 0.9 * before


def test_the_mask_of_a_recurrence_stays() -> None:
    _, _, baseline = make("sleepy liquid", scale=2.0)
    layer = baseline.layers[1]
    start = layer.recurrent.detach().clone()
    baseline.train(samples(2), 2)
    moved = (layer.recurrent.detach() != start).double()
    assert moved.sum() > 0
    assert not (moved * (1 - layer.mask)).any()


def test_inputs_are_frozen_by_their_ids() -> None:
    _, _, baseline = make("sleepy chain")
    values, _, ids = baseline.load(samples(4))
    once, again = baseline.encode(values, ids), baseline.encode(values[2:], ids[2:])
    assert torch.equal(once[:, 2:], again)
    assert not torch.equal(once[:, 0], once[:, 2])
    assert once.mean().item() == pytest.approx(values.mean().item(), rel=0.05)


def test_rewinding_forgets_what_came_since() -> None:
    _, _, baseline = make("sleepy chain", scale=2.0)
    before = [(kept, kept.detach().clone()) for kept in baseline._state()]
    baseline.train(samples(2), 2)
    moments = [v for state in baseline.adam.state.values() for v in state.values()]
    assert any(bool((kept != value).any()) for kept, value in before)
    assert all(bool(m.abs().max() > 0) for m in moments)
    baseline.rewind(before)
    assert all(torch.equal(kept, value) for kept, value in before)
    assert not any(bool(m.any()) for m in moments)


@pytest.mark.gpu
@pytest.mark.parametrize("net", ["sleepy chain", "sleepy liquid"])
def test_fused_kernels_spike_as_the_loop_does(net: str) -> None:
    program, weights, on_cpu = make(net, scale=2.0)
    on_card = Baseline(program.graph, program.train, weights, SEED, "cuda")
    inputs = torch.as_tensor(drawn_inputs())
    with torch.no_grad():
        pairs = zip(on_cpu.spikes(inputs), on_card.spikes(inputs.cuda()), strict=True)
        assert all(torch.equal(a, b.cpu()) for a, b in pairs)


@pytest.mark.gpu
@pytest.mark.parametrize(("cell", "is_recurrent"), [(CELL, False), (CELL, True), (LATERAL, False)])
def test_fused_kernels_go_back_as_the_loop_does(cell, is_recurrent: bool) -> None:
    generator = torch.Generator().manual_seed(3)
    inputs = (torch.randn((21, 3, 6), generator=generator) > 0.5).float()
    weights = torch.randn((6, 10), generator=generator) + 0.3
    own = torch.randn((10, 10), generator=generator) if is_recurrent else None
    found = []
    for device in ("cpu", "cuda"):
        leaves = [a.to(device).requires_grad_() for a in (inputs, weights, own) if a is not None]
        mask = torch.ones((10, 10), device=device)
        recurrent = leaves[2] if is_recurrent else None
        spikes = LifLayer.apply(*leaves[:2], recurrent, mask, cell)
        sent = torch.linspace(-1, 1, spikes.numel(), device=device).reshape(spikes.shape)
        found.append([g.cpu() for g in torch.autograd.grad(spikes, leaves, sent)])
    for a, b in zip(*found, strict=True):
        assert a.abs().max() > 0.1
        assert torch.allclose(a, b, atol=1e-4 * float(a.abs().max()))


@pytest.mark.gpu
def test_a_graph_learns_and_its_capture_does_not() -> None:
    program, weights, _ = make("sleepy liquid", scale=2.0)
    baseline = Baseline(program.graph, program.train, weights, SEED, "cuda", "bf16", 0.05)
    data = samples(8)
    start = baseline.layers[0].weights.detach().clone()
    baseline._step("train", 4)
    assert torch.equal(baseline.layers[0].weights, start)
    before = error(baseline.present(data, 4), data.labels)
    for _ in range(8):
        baseline.train(data, 4)
    assert error(baseline.present(data, 4), data.labels) < 0.9 * before
