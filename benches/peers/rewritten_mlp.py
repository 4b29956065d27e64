"""PyTorch rewritten for speed, far beyond what people write: the same mathematics as `idiomatic`, without autograd.

What it does about time: everything under `inference_mode` into buffers that are allocated once; no weight
gradients inside the attack; the loops scripted, so that no Python runs between two operations; activations
feature-major (`[feature, row]`), which products and above all softmax over few classes like better; the radius and
the data range as one pair of bounds per batch; all parameters in one flat tensor, so that the fused Adam handles
one. `Stacked` trains several models at once with batched products.
"""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import List

import torch
from torch import Tensor

from workloads import LEARNING_RATE, Workload


def _script(function):
    """TorchScript takes a fifth off a small model; a torch that has dropped it runs the function as it is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.jit.script(function)
    except Exception as error:
        warnings.warn(f"{function.__name__} is not scripted, so rewritten is slower than it could be: {error}", stacklevel=2)
        return function


# `above[i]` is what layer `i` computes; `h[i]` what it reads, which for one model has a row of ones below.


@_script
def _forward(w: List[Tensor], bias: List[Tensor], h: List[Tensor], above: List[Tensor]) -> Tensor:
    for i in range(len(w)):
        if len(bias) > 0:
            torch.baddbmm(bias[i], w[i], h[i], out=above[i])
        else:
            torch.mm(w[i], h[i], out=above[i])
        if i + 1 < len(w):
            above[i].relu_()
    return above[-1]


@_script
def _backward(back: List[Tensor], above: List[Tensor], g: List[Tensor], down_to: int):
    for i in range(len(back) - 1, down_to - 1, -1):
        if back[i].dim() == 3:
            torch.bmm(back[i], g[i + 1], out=g[i])
        else:
            torch.mm(back[i], g[i + 1], out=g[i])
        if i > 0:
            torch.ops.aten.threshold_backward(g[i], above[i - 1], 0, grad_input=g[i])


@_script
def _attack(
    w: List[Tensor], bias: List[Tensor], back: List[Tensor], h: List[Tensor], above: List[Tensor], g: List[Tensor],
    x: Tensor, low: Tensor, high: Tensor, truth: Tensor, steps: int, step: float,
):  # fmt: skip
    for _ in range(steps):
        torch.softmax(_forward(w, bias, h, above), -2, out=g[-1]).sub_(truth)
        _backward(back, above, g, 0)
        x.add_(g[0].sign_(), alpha=step)
        torch.clamp(x, low, high, out=x)


@_script
def _observed_attack(
    w: List[Tensor], back: List[Tensor], h: List[Tensor], above: List[Tensor], g: List[Tensor],
    x: Tensor, low: Tensor, high: Tensor, truth: Tensor, steps: int, step: float,
    label: Tensor, fell: Tensor, lowest: Tensor, worst: Tensor,
):  # fmt: skip
    """Keeps whether a row fell, the lowest log-probability of its true class, and the point of that."""
    logp, own = torch.empty_like(g[-1]), torch.empty_like(lowest)
    bias: List[Tensor] = []
    for i in range(steps + 1):
        torch.log_softmax(_forward(w, bias, h, above), 0, out=logp)
        torch.gather(logp, 0, label, out=own)
        fell.logical_or_(own < logp.amax(0, keepdim=True))
        torch.where(own < lowest, x, worst, out=worst)
        torch.minimum(own, lowest, out=lowest)
        if i < steps:
            torch.exp(logp, out=g[-1]).sub_(truth)
            _backward(back, above, g, 0)
            x.add_(g[0].sign_(), alpha=step)
            torch.clamp(x, low, high, out=x)


@_script
def _gradients(
    w: List[Tensor], bias: List[Tensor], back: List[Tensor], h: List[Tensor], above: List[Tensor], g: List[Tensor],
    truth: Tensor, dw: List[Tensor], dbias: List[Tensor],
):  # fmt: skip
    torch.softmax(_forward(w, bias, h, above), -2, out=g[-1]).sub_(truth).div_(float(truth.size(-1)))
    _backward(back, above, g, 1)
    for i in range(len(w)):
        if len(bias) > 0:
            torch.bmm(g[i + 1], h[i].transpose(-1, -2), out=dw[i])
            torch.sum(g[i + 1], [-1], True, out=dbias[i])
        else:
            torch.mm(g[i + 1], h[i].t(), out=dw[i])


def _flat(shapes):
    """One parameter with its gradient, and a view of both for every shape; each starts at a cache line."""
    starts, length = [], 0
    for shape in shapes:
        starts.append(length)
        length += -(-torch.Size(shape).numel() // 16) * 16
    parameter = torch.nn.Parameter(torch.zeros(length))
    parameter.grad = torch.zeros(length)

    def views(of):
        return [of[start : start + torch.Size(s).numel()].view(s) for start, s in zip(starts, shapes)]

    return parameter, views(parameter.detach()), views(parameter.grad)


class _Mlp:
    """What one model and several stacked ones share; `lead` is the dimension that counts the stacked ones."""

    lead: tuple[int, ...] = ()

    def __init__(self, workload: Workload, x: Tensor, y: Tensor) -> None:
        self.workload, self.x, self.y = workload, x, y
        self.onehot = torch.nn.functional.one_hot(y, workload.classes).to(torch.get_default_dtype())
        self.layers = list(zip(workload.layers, workload.layers[1:]))
        self.buffers: dict[int, SimpleNamespace] = {}

    def _buffer(self, n: int) -> SimpleNamespace:
        """Everything that one batch of `n` rows needs."""
        if n not in self.buffers:
            b = SimpleNamespace()
            inputs, classes = self.workload.inputs, self.workload.classes
            activations = self._activations(n)
            b.h, b.above = activations[:-1], [a[..., :width, :] for a, (_, width) in zip(activations[1:], self.layers)]
            b.x = b.h[0][..., :inputs, :]
            b.g = [torch.empty(*self.lead, width, n) for width in self.workload.layers]
            b.rows, b.targets = torch.empty(*self.lead, n, inputs), torch.empty(*self.lead, n, classes)
            b.low, b.high, b.truth = torch.empty_like(b.g[0]), torch.empty_like(b.g[0]), torch.empty_like(b.g[-1])
            self.buffers[n] = b
        return self.buffers[n]

    def _load(self, index: Tensor, noise) -> SimpleNamespace:
        """Rows, targets, bounds and the random start; `index` is `[n]`, or `[models, n]`."""
        b = self._buffer(index.shape[-1])
        epsilon, flat = self.workload.epsilon, index.reshape(-1)
        torch.index_select(self.x, 0, flat, out=b.rows.view(len(flat), -1))
        torch.index_select(self.onehot, 0, flat, out=b.targets.view(len(flat), -1))
        b.x.copy_(b.rows.mT)
        b.truth.copy_(b.targets.mT)
        torch.sub(b.x, epsilon, out=b.low).clamp_(min=0)
        torch.add(b.x, epsilon, out=b.high).clamp_(max=1)
        noise(b.g[0].mT)
        b.x.add_(b.g[0])
        torch.clamp(b.x, b.low, b.high, out=b.x)
        return b

    @torch.inference_mode()
    def train(self, weights, orders, noise, batches: int = 0):
        """Trains from `weights` over the rows in the order of each epoch; at most `batches` where set."""
        self._set(weights)
        adam = torch.optim.Adam([self.parameter], lr=LEARNING_RATE, fused=True)
        w, bias, back, dw, dbias = self.w, self.bias, self.back, self.dw, self.dbias
        steps, step = self.workload.steps, self.workload.step
        done, size = 0, self.workload.batch
        for order in orders:
            for start in range(0, order.shape[-1], size):
                b = self._load(order[..., start : start + size], noise)
                _attack(w, bias, back, b.h, b.above, b.g, b.x, b.low, b.high, b.truth, steps, step)
                _gradients(w, bias, back, b.h, b.above, b.g, b.truth, dw, dbias)
                adam.step()
                done += 1
                if done == batches:
                    return self._get()
        return self._get()


class Single(_Mlp):
    """One model. The bias is a last column of the weights, against a row of ones below each activation."""

    def __init__(self, workload: Workload, x: Tensor, y: Tensor) -> None:
        super().__init__(workload, x, y)
        # Rows padded to whole cache lines: products are slower on odd strides.
        self.parameter, w, dw = _flat([(width, -(-(a + 1) // 16) * 16) for a, width in self.layers])
        self.w = [w[i][:, : a + 1] for i, (a, _) in enumerate(self.layers)]
        self.dw = [dw[i][:, : a + 1] for i, (a, _) in enumerate(self.layers)]
        self.back = [w[i][:, :a].t() for i, (a, _) in enumerate(self.layers)]
        self.bias: List[Tensor] = []
        self.dbias: List[Tensor] = []

    def _set(self, weights) -> None:
        for w, weight, bias in zip(self.w, weights[::2], weights[1::2]):
            w[:, :-1].copy_(weight)
            w[:, -1].copy_(bias)

    def _get(self):
        return [t.clone() for w in self.w for t in (w[:, :-1], w[:, -1])]

    def _activations(self, n: int):
        return [torch.ones(width + 1, n) for width in self.workload.layers]

    @torch.inference_mode()
    def evaluate(self, weights, noise, batch: int, batches: int = 0):
        """Per row: whether it fell, its largest loss, and the point of that; over all restarts and iterates.

        Restarts are independent, so they are rows like any others; at most `batches` batches where set.
        """
        self._set(weights)
        # The weights stand still here, so a transposed copy of them pays off.
        back = [w.contiguous() for w in self.back]
        rows, restarts, steps, step = len(self.x), self.workload.restarts, self.workload.steps, self.workload.step
        index = torch.arange(rows).repeat(restarts)
        fell, score, point = torch.zeros(len(index), dtype=torch.bool), torch.zeros(len(index)), self.x[index]
        for done, start in enumerate(range(0, len(index), batch)):
            if batches and done == batches:
                break
            part = slice(start, start + batch)
            b = self._load(index[part], noise)
            label = self.y[index[part]].unsqueeze(0)
            down, lowest = torch.zeros(label.shape, dtype=torch.bool), torch.full(label.shape, torch.inf)
            worst = torch.empty_like(b.g[0])
            settings = (b.truth, steps, step, label, down, lowest, worst)
            _observed_attack(self.w, back, b.h, b.above, b.g, b.x, b.low, b.high, *settings)
            fell[part], score[part], point[part] = down[0], lowest[0], worst.t()
        kept = score.view(restarts, rows).argmin(0) * rows + torch.arange(rows)
        return fell.view(restarts, rows).any(0), -score[kept], point[kept]


class Stacked(_Mlp):
    """Several models at once. Batched products want contiguous results, so the bias is a summand here."""

    def __init__(self, workload: Workload, x: Tensor, y: Tensor, models: int) -> None:
        self.lead = (models,)
        super().__init__(workload, x, y)
        shapes = [s for a, width in self.layers for s in ((models, width, a), (models, width, 1))]
        self.parameter, w, dw = _flat(shapes)
        self.w, self.bias, self.dw, self.dbias = w[::2], w[1::2], dw[::2], dw[1::2]
        self.back = [w.mT for w in self.w]

    def _set(self, weights) -> None:
        for model, own in enumerate(weights):
            for w, bias, weight, summand in zip(self.w, self.bias, own[::2], own[1::2]):
                w[model].copy_(weight)
                bias[model, :, 0].copy_(summand)

    def _get(self):
        return [[t.clone() for w, b in zip(self.w, self.bias) for t in (w[k], b[k, :, 0])] for k in range(*self.lead)]

    def _activations(self, n: int):
        return [torch.empty(*self.lead, width, n) for width in self.workload.layers]
