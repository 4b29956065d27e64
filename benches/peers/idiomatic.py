"""Adversarial training and evaluation in PyTorch as tutorials write it: DataLoader, modules, autograd, Adam."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from workloads import LEARNING_RATE, Workload


def build(workload: Workload, weights) -> nn.Module:
    dense = []
    for inputs, outputs in zip(workload.layers, workload.layers[1:]):
        dense += [nn.Linear(inputs, outputs), nn.ReLU()]
    convolutions = []
    if workload.images:
        convolutions = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        convolutions += [nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    model = nn.Sequential(*convolutions, *dense[:-1])
    with torch.no_grad():
        for parameter, weight in zip(model.parameters(), weights):
            parameter.copy_(weight)
    return model


def start(x, workload: Workload, noise):
    return (x + noise(torch.empty_like(x))).clamp(x - workload.epsilon, x + workload.epsilon).clamp(0, 1)


def step(adversarial, x, workload: Workload):
    moved = adversarial + workload.step * adversarial.grad.sign()
    return moved.clamp(x - workload.epsilon, x + workload.epsilon).clamp(0, 1)


class Idiomatic:
    def __init__(self, workload: Workload, x: torch.Tensor, y: torch.Tensor) -> None:
        self.workload = workload
        self.data = TensorDataset(x.view(-1, 1, 28, 28) if workload.images else x, y)

    def attack(self, model: nn.Module, x, y, noise):
        adversarial = start(x, self.workload, noise)
        for _ in range(self.workload.steps):
            adversarial = adversarial.detach().requires_grad_()
            loss = F.cross_entropy(model(adversarial), y)
            loss.backward()
            with torch.no_grad():
                adversarial = step(adversarial, x, self.workload)
        return adversarial.detach()

    def train(self, weights, orders, noise, batches: int = 0):
        """An order of `None` shuffles, as one would; a given one is for comparisons."""
        model = build(self.workload, weights)
        optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
        done = 0
        for order in orders:
            given = None if order is None else order.tolist()
            loader = DataLoader(self.data, batch_size=self.workload.batch, shuffle=given is None, sampler=given)
            for x, y in loader:
                adversarial = self.attack(model, x, y, noise)
                optimizer.zero_grad()
                F.cross_entropy(model(adversarial), y).backward()
                optimizer.step()
                done += 1
                if done == batches:
                    return [p.detach() for p in model.parameters()]
        return [p.detach() for p in model.parameters()]

    def evaluate(self, weights, noise, batch: int = 128, batches: int = 0):
        """Per row: whether it fell, its largest loss, and the point of that; over all restarts and iterates."""
        model = build(self.workload, weights).eval()
        parts = []
        for x, y in DataLoader(self.data, batch_size=batch):
            fell = torch.zeros(len(x), dtype=torch.bool)
            largest = torch.full((len(x),), -torch.inf)
            point = x.clone()
            for _ in range(self.workload.restarts):
                adversarial = start(x, self.workload, noise)
                for i in range(self.workload.steps + 1):
                    adversarial = adversarial.detach().requires_grad_()
                    logits = model(adversarial)
                    loss = F.cross_entropy(logits, y, reduction="none")
                    with torch.no_grad():
                        fell |= logits.argmax(1) != y
                        larger = loss > largest
                        point[larger] = adversarial[larger]
                        largest[larger] = loss[larger]
                    if i < self.workload.steps:
                        loss.sum().backward()
                        with torch.no_grad():
                            adversarial = step(adversarial, x, self.workload)
            parts.append((fell, largest, point))
            if len(parts) == batches:
                break
        return tuple(torch.cat(p) for p in zip(*parts))
