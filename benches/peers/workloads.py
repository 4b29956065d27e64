"""The workloads: what is computed, on which rows, and how many operations that takes.

Only the standard library is needed to read the table; the functions that make tensors import torch themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

EPSILON = 0.1
LEARNING_RATE = 1e-3
DATA_SEED = 20240
WEIGHT_SEED = 7


@dataclass(frozen=True)
class Workload:
    """Adversarial training of one model, or an evaluation of one model where `restarts` is set."""

    name: str
    about: str
    layers: tuple[int, ...]  # of the dense layers; the CNN's convolutions come before them
    rows: int
    steps: int
    batch: int = 0
    epochs: int = 1
    restarts: int = 0
    epsilon: float = EPSILON
    step: float = 0.25 * EPSILON
    images: bool = False

    @property
    def inputs(self) -> int:
        return 784 if self.images else self.layers[0]

    @property
    def classes(self) -> int:
        return self.layers[-1]

    @property
    def evaluation(self) -> bool:
        return self.restarts > 0

    @property
    def gflop(self) -> float:
        """Necessary operations only; a multiply-add is two, and element-wise work is not counted.

        An attack step is a forward pass and an input gradient, a training step a forward pass, the hidden
        gradients and the weight gradients.
        """
        first = self.layers[0] * self.layers[1]
        total = sum(a * b for a, b in zip(self.layers, self.layers[1:]))
        if self.images:
            first = 784 * 9 * 16
            total += first + 196 * 9 * 16 * 32
        attack = 4 * total * self.steps
        if self.evaluation:
            return self.rows * self.restarts * attack / 1e9
        return self.rows * self.epochs * (attack + 2 * (3 * total - first)) / 1e9


def _evaluation(name: str, about: str, layers: tuple[int, ...], rows: int) -> Workload:
    # So small a radius that no row falls: whoever stops at the first success does the same work as who does not.
    return Workload(name, about, layers, rows, steps=50, restarts=5, epsilon=1e-4, step=1e-5)


WORKLOADS = {
    w.name: w
    for w in (
        Workload("a64", "MLP 64-128-128-10, PGD-10, 1,437 rows, 30 epochs, batch 64", (64, 128, 128, 10), 1437, 10, 64, 30),
        Workload("b", "MLP 784-256-256-10, PGD-7, 10,000 rows, 1 epoch, batch 128", (784, 256, 256, 10), 10_000, 7, 128),
        Workload("c", "CNN 28×28, PGD-7, 2,000 rows, 1 epoch, batch 128", (1568, 128, 10), 2_000, 7, 128, images=True),
        Workload("d", "MLP 100-64-64-2, PGD-7, 45,000 rows, 1 epoch, batch 256", (100, 64, 64, 2), 45_000, 7, 256),
        _evaluation("ea", "evaluation of MLP 64-128-128-10, PGD-50 × 5 restarts, 360 rows", (64, 128, 128, 10), 360),
        _evaluation("eb", "evaluation of MLP 784-256-256-10, PGD-50 × 5 restarts, 1,000 rows", (784, 256, 256, 10), 1_000),
    )
}


def weights(workload: Workload, seed: int = WEIGHT_SEED) -> list:
    """Initial weights and biases in the order and the shapes of `torch.nn`, drawn as `torch.nn` draws them."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    shapes = [(16, 1, 3, 3), (32, 16, 3, 3)] if workload.images else []
    shapes += [(b, a) for a, b in zip(workload.layers, workload.layers[1:])]
    drawn = []
    for shape in shapes:
        weight = torch.empty(shape)
        bound = weight[0].numel() ** -0.5
        drawn.append(weight.uniform_(-bound, bound, generator=generator))
        drawn.append(torch.empty(shape[0]).uniform_(-bound, bound, generator=generator))
    return drawn


def data(workload: Workload, rows: int = 0):
    """Rows in [0, 1] and labels: of a random linear map for training, the model's own predictions for an evaluation."""
    import torch

    rows = rows or workload.rows
    generator = torch.Generator().manual_seed(DATA_SEED)
    if not workload.evaluation:
        x = torch.rand(rows, workload.inputs, generator=generator)
        map_ = torch.randn(workload.inputs, workload.classes, generator=generator)
        return x, ((x - 0.5) @ map_).argmax(1)
    # The half with the larger margins, so that no row can fall.
    x = torch.rand(2 * rows, workload.inputs, generator=generator)
    h = x
    parameters = weights(workload)
    for i in range(0, len(parameters), 2):
        h = torch.addmm(parameters[i + 1], h if i == 0 else h.relu(), parameters[i].t())
    top = h.topk(2, dim=1)
    kept = (top.values[:, 0] - top.values[:, 1]).argsort(descending=True)[:rows].sort().values
    return x[kept].contiguous(), top.indices[kept, 0].contiguous()
