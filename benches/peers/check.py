"""Whether all formulations compute the same: from the same weights, rows, order and random starts.

In double precision they must agree to 1e-4 (they agree to rounding). In single precision, which is what is
timed, the sign of a gradient next to zero may turn out otherwise, and everything after it differs a little; there
the mean distance must be small beside how far the weights moved.
"""

from __future__ import annotations

import dataclasses
import sys

import torch

import rewritten_cnn
import rewritten_mlp
import tuned
from idiomatic import Idiomatic
from workloads import WORKLOADS, data, weights

LARGEST_DISTANCE = 1e-4
MEAN_SHARE = 0.2
BATCHES = 4
# At which some rows fall and others stand.
RADII = {"ea": 0.08, "eb": 0.03}


class Starts:
    """The same random starts to whoever asks, row by row; one stream for each stacked model."""

    def __init__(self, epsilon: float, inputs: int, *seeds: int) -> None:
        self.epsilon, self.inputs, self.position = epsilon, inputs, 0
        self.generators = [torch.Generator().manual_seed(s) for s in seeds]

    def __call__(self, out: torch.Tensor) -> torch.Tensor:
        n = out.numel() // (len(self.generators) * self.inputs)
        drawn = torch.stack([torch.rand(n, self.inputs, generator=g) for g in self.generators])
        return out.copy_(drawn.mul_(2 * self.epsilon).sub_(self.epsilon).view(out.shape))


def _joined(tensors) -> torch.Tensor:
    return torch.cat([t.reshape(-1) for t in tensors])


def training(name: str):
    """Yields what was compared with what: two sets of weights, and where they came from."""
    workload = WORKLOADS[name]
    # The last batch of an epoch is a partial one, and the next epoch begins after it.
    rows = workload.batch * (BATCHES - 2) + 17
    x, y = data(workload, rows)

    def settings(seed):
        generator = torch.Generator().manual_seed(seed)
        orders = [torch.randperm(rows, generator=generator) for _ in range(2)]
        return weights(workload, seed), orders, Starts(workload.epsilon, workload.inputs, seed)

    before = [_joined(weights(workload, seed)) for seed in (1, 2)]
    plain = [_joined(Idiomatic(workload, x, y).train(*settings(seed), BATCHES)) for seed in (1, 2)]
    if workload.images:
        others = {"tuned": tuned.Cnn(workload, x, y)}
        for block in (32, workload.batch):
            others[f"rewritten, blocks of {block}"] = rewritten_cnn.Cnn(workload, x, y, block)
    else:
        others = {"tuned": tuned.Mlp(workload, x, y), "rewritten": rewritten_mlp.Single(workload, x, y)}
    for what, other in others.items():
        yield what, plain[0], _joined(other.train(*settings(1), BATCHES)), before[0]
    if workload.images:
        return
    own, orders, _ = zip(*(settings(seed) for seed in (1, 2)))
    starts = Starts(workload.epsilon, workload.inputs, 1, 2)
    stacked = rewritten_mlp.Stacked(workload, x, y, 2)
    trained = stacked.train(own, [torch.stack(pair) for pair in zip(*orders)], starts, BATCHES)
    yield "stacked", torch.cat(plain), _joined(_joined(model) for model in trained), torch.cat(before)


def evaluation(name: str):
    """The same for evaluations: the largest loss of each row, and at its kept point, and whether it fell."""
    epsilon = RADII[name]
    workload = dataclasses.replace(WORKLOADS[name], epsilon=epsilon, step=epsilon / 10)
    x, y = data(workload, 100)
    own = weights(workload)

    def loss_at(points):
        for i in range(0, len(own), 2):
            points = torch.addmm(own[i + 1], points if i == 0 else points.relu(), own[i].t())
        return torch.nn.functional.cross_entropy(points, y, reduction="none")

    def starts():
        return Starts(epsilon, workload.inputs, 3)

    fell, loss, point = Idiomatic(workload, x, y).evaluate(own, starts(), batch=len(x))
    assert 0 < fell.sum() < len(fell), "a radius at which some rows fall and some stand is wanted"
    plain, before = torch.cat([loss, loss_at(point), fell.to(loss)]), loss_at(x)
    before = torch.cat([before, before, torch.zeros_like(before)])
    for what, kind in (("tuned", tuned.Mlp), ("rewritten", rewritten_mlp.Single)):
        for batch in (64, len(x) * workload.restarts):
            fell, loss, point = kind(workload, x, y).evaluate(own, starts(), batch)
            other = torch.cat([loss, loss_at(point), fell.to(loss)])
            yield f"{what}, batches of {batch}", plain, other, before


def main() -> int:
    torch.set_num_threads(1)
    failed = False
    for kind in (torch.float64, torch.float32):
        torch.set_default_dtype(kind)
        for name, workload in WORKLOADS.items():
            for what, plain, other, before in evaluation(name) if workload.evaluation else training(name):
                largest = (plain - other).abs().max().item()
                share = ((plain - other).abs().mean() / (plain - before).abs().mean()).item()
                good = largest <= LARGEST_DISTANCE if kind == torch.float64 else share <= MEAN_SHARE
                failed |= not good
                print(
                    f"{name:4} {str(kind)[6:]}  idiomatic and {what:25} largest distance {largest:.0e},"
                    f" mean distance {share:.0e} of the way moved: {'same' if good else 'DIFFERENT'}",
                    flush=True,
                )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
