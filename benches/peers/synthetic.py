"""Small models: from weights under their usual names, and trained on synthetic images where there is nothing else to attack.

An image is a smooth prototype of its class plus noise, clipped to the box from 0 to 1. Models are
trained adversarially for a short while, so that a suite has rows to break and rows that stand.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import tensors

CLASSES = 10
TRAINING_ROWS = 2000
# Side of the image, channels of the convolutions, hidden widths, rows to attack, training radius, epochs, contrast, noise.
KINDS = {
    "mlp-64": (8, (), (128, 128), 500, 0.1, 20, 0.8, 0.6),
    "mlp-784": (28, (), (256, 256), 300, 0.05, 10, 0.4, 0.8),
    "cnn-784": (28, (16, 32), (128,), 200, 0.05, 5, 0.5, 0.8),
}


def network(weights: dict[str, np.ndarray]) -> torch.nn.Module:
    """Stages of convolution, ReLU and pooling, then dense layers with ReLU between them."""
    layers: list[torch.nn.Module] = []

    def fill(layer, name: str):
        layer.weight.data = torch.tensor(weights[f"{name}.weight"])
        layer.bias.data = torch.tensor(weights[f"{name}.bias"])
        layers.append(layer)

    number = 1
    while f"conv{number}.weight" in weights:
        outputs, inputs = weights[f"conv{number}.weight"].shape[:2]
        fill(torch.nn.Conv2d(inputs, outputs, 3, padding=1), f"conv{number}")
        layers += [torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
        number += 1
    layers.append(torch.nn.Flatten())
    number = 1
    while f"linear{number}.weight" in weights:
        outputs, inputs = weights[f"linear{number}.weight"].shape
        fill(torch.nn.Linear(inputs, outputs), f"linear{number}")
        layers.append(torch.nn.ReLU())
        number += 1
    # No weight gradients: nobody wants them in an attack.
    return torch.nn.Sequential(*layers[:-1]).eval().requires_grad_(False)


def make(kind: str, into: Path) -> None:
    """Writes `model.safetensors` and `rows.safetensors`."""
    side, channels, hidden, rows, epsilon, epochs, contrast, noise = KINDS[kind]
    generator = torch.Generator().manual_seed(1)
    prototypes = F.interpolate(torch.rand(CLASSES, 1, 4, 4, generator=generator), size=side, mode="bilinear")
    prototypes = 0.5 + contrast * (prototypes - 0.5)

    def draw(n: int):
        y = torch.randint(CLASSES, (n,), generator=generator)
        x = prototypes[y] + noise * (torch.rand(n, 1, side, side, generator=generator) - 0.5)
        return x.clamp(0, 1), y

    torch.manual_seed(1)
    weights, inputs, width = {}, 1, side
    for number, outputs in enumerate(channels, 1):
        layer = torch.nn.Conv2d(inputs, outputs, 3, padding=1)
        weights |= {f"conv{number}.weight": layer.weight, f"conv{number}.bias": layer.bias}
        inputs, width = outputs, width // 2
    inputs *= width * width
    for number, outputs in enumerate((*hidden, CLASSES), 1):
        layer = torch.nn.Linear(inputs, outputs)
        weights |= {f"linear{number}.weight": layer.weight, f"linear{number}.bias": layer.bias}
        inputs = outputs
    weights = {name: weight.detach().numpy() for name, weight in weights.items()}
    model = network(weights).requires_grad_(True)
    x, y = draw(TRAINING_ROWS)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(100):
            optimizer.zero_grad()
            F.cross_entropy(model(_attacked(model, x[batch], y[batch], epsilon)), y[batch]).backward()
            optimizer.step()
    names = [name.rsplit(".", 1)[0] for name in weights if name.endswith(".weight")]
    layers = [layer for layer in model if hasattr(layer, "weight")]
    trained = {}
    for name, layer in zip(names, layers):
        trained |= {f"{name}.weight": layer.weight.detach().numpy(), f"{name}.bias": layer.bias.detach().numpy()}
    x, y = draw(rows)
    tensors.save(into / "model.safetensors", trained)
    tensors.save(into / "rows.safetensors", {"x": x.numpy(), "y": y.numpy()})


def _attacked(model, x, y, epsilon: float, steps: int = 5):
    """Projected gradient ascent, last iterate."""
    start = (x + epsilon * (2 * torch.rand_like(x) - 1)).clamp(0, 1)
    for _ in range(steps):
        start.requires_grad_(True)
        (gradient,) = torch.autograd.grad(F.cross_entropy(model(start), y, reduction="sum"), start)
        start = start.detach() + 0.4 * epsilon * gradient.sign()
        start = torch.minimum(torch.maximum(start, x - epsilon), x + epsilon).clamp(0, 1)
    return start
