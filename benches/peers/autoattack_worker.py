"""One process with the authors' AutoAttack that lives through a whole comparison and is told on stdin what to do, in lines of JSON.

`{"make": "mlp-64", "into": DIR}` trains a small model on synthetic rows; `{"load": DIR, "norm": "Linf", "eps": 0.1}`
takes model and rows; `{"choose": "square", "sizes": [...]}` finds its fastest batch size; `{"attack": "square"}` attacks and answers
with the seconds, the rows still standing, and the passes.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
import traceback
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from pyautoattack import AutoAttack

import synthetic
import tensors

# To tell batch sizes apart, a share of the work is enough: it is the same in every iteration.
FEW = {"iterations": 10, "targets": 2, "queries": 200}
ATTACKS = ("apgd-ce", "apgd-t", "fab-t", "square")


class Passes(torch.nn.Module):
    """A model that counts the rows which go through it, forward and back."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model, self.counting = model, False
        self.reset()

    def reset(self) -> None:
        self.forwards = self.backwards = 0

    def _back(self, gradient: torch.Tensor) -> None:
        self.backwards += gradient.shape[0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = self.model(x)
        if self.counting:
            self.forwards += x.shape[0]
            if logits.requires_grad:
                logits.register_hook(self._back)
        return logits


class Case:
    """A model, rows and a threat model."""

    def __init__(self, folder: str, norm: str, epsilon: float) -> None:
        weights = tensors.load(Path(folder) / "model.safetensors")
        rows = tensors.load(Path(folder) / "rows.safetensors")
        self.model = Passes(synthetic.network(weights))
        self.x, self.y = torch.tensor(rows["x"]), torch.tensor(rows["y"])
        self.norm, self.epsilon = norm, epsilon
        with torch.no_grad():
            right = self.model(self.x).argmax(1) == self.y
        # AutoAttack itself attacks the rows that are right; so that batches are full, it is given these alone.
        self.right = right.nonzero().squeeze(1)
        self.n = int(len(right))

    def suite(self) -> AutoAttack:
        """The suite with the authors' settings, and what belongs to the version `standard`."""
        suite = AutoAttack(self.model, norm=self.norm, eps=self.epsilon, seed=0, version="standard")
        suite.verbose = False
        return suite

    def few(self) -> AutoAttack:
        suite = self.suite()
        for part in (suite.apgd, suite.apgd_targeted, suite.fab):
            part.n_iter = FEW["iterations"]
        suite.apgd_targeted.n_target_classes = suite.fab.n_target_classes = FEW["targets"]
        suite.square.n_queries = FEW["queries"]
        return suite

    def run(self, suite: AutoAttack, attack: str, batch: int) -> tuple[float, float, torch.Tensor]:
        """Seconds and CPU seconds inside the attack's own `perturb`, and which of the right rows stand."""
        part = {"apgd-ce": suite.apgd, "apgd-t": suite.apgd_targeted, "fab-t": suite.fab, "square": suite.square}[attack]
        perturb, seconds, cpu = part.perturb, 0.0, 0.0

        def timed(*arguments, **named):
            nonlocal seconds, cpu
            begin, begin_cpu = time.perf_counter(), time.process_time()
            self.model.counting = self.wanted
            answer = perturb(*arguments, **named)
            self.model.counting = False
            seconds += time.perf_counter() - begin
            cpu += time.process_time() - begin_cpu
            return answer

        part.perturb = timed
        suite.attacks_to_run = [attack]
        x, y = self.x[self.right], self.y[self.right]
        found, _ = suite.run_standard_evaluation(x, y, batch_size=batch)
        with torch.no_grad():
            standing = self.model(found).argmax(1) == y
        return seconds, cpu, standing

    wanted = False

    def choose(self, attack: str, sizes: list[int]) -> dict:
        """The fastest batch size; those beyond the rows are one."""
        sizes = sorted({min(size, len(self.right)) for size in sizes})
        taken = {size: min(self.run(self.few(), attack, size)[1] for _ in range(3)) for size in sizes}
        return {"batch": min(sizes, key=lambda size: taken[size]), "tried": {str(s): taken[s] for s in sizes}}

    def attack(self, attack: str, batch: int, count: bool) -> dict:
        self.model.reset()
        self.wanted = count
        seconds, cpu, standing = self.run(self.suite(), attack, batch or len(self.right))
        self.wanted = False
        answer = {"seconds": seconds, "cpu": cpu, "standing": int(standing.sum()), "rows": int(len(self.right))}
        if count:
            answer.update(forwards=self.model.forwards, backwards=self.model.backwards)
        flags = np.zeros(self.n, dtype=np.uint8)
        flags[self.right.numpy()] = standing.numpy()
        return dict(answer, flags=flags.tolist())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    # Libraries may print: answers go where only they go.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    logging.disable(logging.WARNING)
    torch.set_num_threads(arguments.threads)

    def answer(content: dict) -> None:
        answers.write(json.dumps(content) + "\n")

    answer(
        {
            "python": sys.version.split()[0],
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "capability": torch.backends.cpu.get_cpu_capability(),
            "package": f"pyautoattack {metadata.version('pyautoattack')}",
        }
    )
    case = None
    for line in sys.stdin:
        try:
            command = json.loads(line)
            if "make" in command:
                synthetic.make(command["make"], Path(command["into"]))
                answer({})
            elif "load" in command:
                case = Case(command["load"], command["norm"], command["eps"])
                answer({"rows": case.n, "right": int(len(case.right))})
            elif "choose" in command:
                answer(case.choose(command["choose"], command["sizes"]))
            else:
                answer(case.attack(command["attack"], command["batch"], command["count"]))
        except Exception:
            answer({"error": traceback.format_exc()})


if __name__ == "__main__":
    main()
