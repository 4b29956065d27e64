"""PyTorch as somebody writes it who knows it well and has profiled: the model and its layers stay what they are.

Batches are indexed without a DataLoader, the weights are frozen inside the attack, steps are taken in place, and the
fused Adam updates. The attack on a dense model goes through its layers by hand, into buffers allocated once; that on
the CNN has autograd compute the gradient of the input and nothing else, in channels last. The outer step is autograd's.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from idiomatic import build
from workloads import LEARNING_RATE, Workload


class _Training:
    """The outer loop, which both kinds of model share."""

    def __init__(self, workload: Workload, x: torch.Tensor, y: torch.Tensor) -> None:
        self.workload, self.x, self.y = workload, x, y

    def _set(self, weights) -> None:
        self.model = build(self.workload, weights)

    def _bounds(self, x):
        epsilon = self.workload.epsilon
        return (x - epsilon).clamp_(min=0), (x + epsilon).clamp_(max=1)

    def train(self, weights, orders, noise, batches: int = 0):
        self._set(weights)
        adam = torch.optim.Adam(self.model.parameters(), lr=LEARNING_RATE, fused=True)
        done = 0
        for order in orders:
            for index in order.split(self.workload.batch):
                y = self.y[index]
                adversarial = self._attack(self.x.index_select(0, index), y, noise)
                adam.zero_grad()
                F.cross_entropy(self.model(adversarial), y).backward()
                adam.step()
                done += 1
                if done == batches:
                    return [p.detach() for p in self.model.parameters()]
        return [p.detach() for p in self.model.parameters()]


class Mlp(_Training):
    """Rows of features throughout; the loss's gradient with respect to the logits is softmax minus one-hot."""

    def __init__(self, workload: Workload, x: torch.Tensor, y: torch.Tensor) -> None:
        super().__init__(workload, x, y)
        self.onehot = torch.eye(workload.classes)
        self.rows = 0

    def _set(self, weights) -> None:
        super()._set(weights)
        # Views that share the parameters' memory and not their graph.
        self.layers = [(m.weight.detach(), m.bias.detach()) for m in self.model if isinstance(m, nn.Linear)]

    def _buffers(self, rows: int):
        """Activations and gradients of every layer's width, the input's first; a partial batch takes the upper rows."""
        if rows > self.rows:
            self.rows = rows
            self.activations, self.gradients = ([torch.empty(rows, w) for w in self.workload.layers] for _ in range(2))
            self.masks = [torch.empty(rows, w) for w in self.workload.layers[1:-1]]
        return [[t[:rows] for t in of] for of in (self.activations, self.gradients, self.masks)]

    def _forward(self, h):
        for i, (weight, bias) in enumerate(self.layers):
            if i:
                h[i].relu_()
            torch.addmm(bias, h[i], weight.t(), out=h[i + 1])
        return h[-1]

    def _step(self, buffers, low, high) -> None:
        """From the logits' gradient to the moved input."""
        h, g, masks = buffers
        for i in range(len(self.layers) - 1, -1, -1):
            torch.mm(g[i + 1], self.layers[i][0], out=g[i])
            if i:
                # As floats: a product with booleans takes several times as long.
                g[i].mul_(torch.sign(h[i], out=masks[i - 1]))
        h[0].add_(g[0].sign_(), alpha=self.workload.step)
        torch.clamp(h[0], low, high, out=h[0])

    def _attack(self, x, y, noise) -> torch.Tensor:
        # Outside of inference mode, because autograd reads the adversarial rows after the attack.
        buffers = h, g, _ = self._buffers(len(x))
        with torch.inference_mode():
            low, high = self._bounds(x)
            truth = self.onehot[y]
            torch.clamp(noise(h[0]).add_(x), low, high, out=h[0])
            for _ in range(self.workload.steps):
                torch.softmax(self._forward(h), 1, out=g[-1]).sub_(truth)
                self._step(buffers, low, high)
        return h[0]

    @torch.inference_mode()
    def evaluate(self, weights, noise, batch: int, batches: int = 0):
        """Per row: whether it fell, its largest loss, and the point of that; over all restarts and iterates.

        Restarts are independent, so they are rows like any others; at most `batches` batches where set.
        """
        self._set(weights)
        rows, restarts = len(self.x), self.workload.restarts
        x, y = self.x.repeat(restarts, 1), self.y.repeat(restarts)
        fell, score, point = torch.zeros(len(x), dtype=torch.bool), torch.full((len(x),), torch.inf), x.clone()
        for done, start in enumerate(range(0, len(x), batch)):
            if batches and done == batches:
                break
            part = slice(start, start + batch)
            self._observed_attack(x[part], y[part], noise, fell[part], score[part].unsqueeze(1), point[part])
        kept = score.view(restarts, rows).argmin(0) * rows + torch.arange(rows)
        return fell.view(restarts, rows).any(0), -score[kept], point[kept]

    def _observed_attack(self, x, y, noise, fell, lowest, worst) -> None:
        """Keeps whether a row fell, the lowest log-probability of its true class, and the point of that."""
        buffers = h, g, _ = self._buffers(len(x))
        low, high = self._bounds(x)
        truth, label = self.onehot[y], y.unsqueeze(1)
        torch.clamp(noise(h[0]).add_(x), low, high, out=h[0])
        for i in range(self.workload.steps + 1):
            logp = torch.log_softmax(self._forward(h), 1, out=g[-1])
            own = logp.gather(1, label)
            fell.logical_or_((own < logp.amax(1, keepdim=True)).squeeze(1))
            torch.where(own < lowest, h[0], worst, out=worst)
            torch.minimum(own, lowest, out=lowest)
            if i < self.workload.steps:
                logp.exp_().sub_(truth)
                self._step(buffers, low, high)


class Cnn(_Training):
    def __init__(self, workload: Workload, x: torch.Tensor, y: torch.Tensor) -> None:
        super().__init__(workload, x.view(-1, 1, 28, 28), y)

    def _set(self, weights) -> None:
        super()._set(weights)
        self.model.to(memory_format=torch.channels_last)
        for module in self.model:
            if isinstance(module, nn.ReLU):
                module.inplace = True

    def _attack(self, x, y, noise) -> torch.Tensor:
        low, high = self._bounds(x)
        adversarial = torch.clamp(noise(torch.empty_like(x)).add_(x), low, high)
        self.model.requires_grad_(False)
        adversarial.requires_grad_()
        for _ in range(self.workload.steps):
            loss = F.cross_entropy(self.model(adversarial), y)
            (gradient,) = torch.autograd.grad(loss, adversarial)
            with torch.no_grad():
                adversarial.add_(gradient.sign_(), alpha=self.workload.step)
                torch.clamp(adversarial, low, high, out=adversarial)
        self.model.requires_grad_(True)
        return adversarial.detach()
