"""One PyTorch process that lives through a whole comparison and is told on stdin what to do, in lines of JSON.

`{"prepare": "a64"}` makes the data and computes one cell untimed; `{"warm": true}` computes a little to be warm
again after a pause; `{"time": 4}` computes four cells and answers with the seconds.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import sys
import time
import traceback
import warnings

# Without numpy torch says so on import; nothing here wants it.
warnings.filterwarnings("ignore", message=".*NumPy.*")

import torch  # noqa: E402

import rewritten_cnn  # noqa: E402
import rewritten_mlp  # noqa: E402
import tuned  # noqa: E402
from idiomatic import Idiomatic  # noqa: E402
from workloads import WEIGHT_SEED, WORKLOADS, Workload, data, weights  # noqa: E402

# An evaluation is free in its batch size: tuned and rewritten take the fastest here. So does rewritten with the block
# of rows that it attacks a CNN on.
BATCHES = (64, 128, 256, 512, 1024)
BLOCKS = (16, 32, 64, 128)
WARM_SECONDS = 0.1


class Job:
    """One formulation of one workload, ready to run."""

    def __init__(self, formulation: str, models: int, workload: Workload) -> None:
        self.workload, self.models, self.note = workload, models, ""
        x, y = data(workload)
        self.weights = weights(workload)
        if formulation == "idiomatic":
            self.model = Idiomatic(workload, x, y)
        elif formulation == "stacked":
            self.model = rewritten_mlp.Stacked(workload, x, y, models)
            self.weights = [weights(workload, WEIGHT_SEED + k) for k in range(models)]
        elif formulation == "rewritten":
            kind = rewritten_cnn.Cnn if workload.images else rewritten_mlp.Single
            self.model = kind(workload, x, y)
        else:
            self.model = tuned.Cnn(workload, x, y) if workload.images else tuned.Mlp(workload, x, y)
        self.formulation = formulation
        self.batch = 128
        self.run()
        if formulation != "idiomatic" and workload.evaluation:
            self.batch = self._fastest(BATCHES, lambda size: setattr(self, "batch", size))
            self.note = f"batches of {self.batch}"
        elif formulation == "rewritten" and workload.images:
            self.model.block = self._fastest(BLOCKS, lambda size: setattr(self.model, "block", size))
            self.note = f"attack on blocks of {self.model.block}"

    def _fastest(self, sizes, choose) -> int:
        seconds = {}
        for size in sizes:
            choose(size)
            # The CNN needs only a few batches to tell; the first call fills the buffers.
            few = 4 if self.workload.images else 0
            self.run(few)
            rounds = []
            for _ in range(2):
                begin = time.process_time()
                self.run(few)
                rounds.append(time.process_time() - begin)
            seconds[size] = min(rounds)
        best = min(sizes, key=lambda size: seconds[size])
        choose(best)
        return best

    def _noise(self, out: torch.Tensor) -> torch.Tensor:
        return out.uniform_(-self.workload.epsilon, self.workload.epsilon)

    def _order(self):
        if self.formulation == "idiomatic":
            return None
        if self.formulation == "stacked":
            return torch.stack([torch.randperm(self.workload.rows) for _ in range(self.models)])
        return torch.randperm(self.workload.rows)

    def run(self, batches: int = 0) -> None:
        """`models` cells, or only their first batches."""
        if self.workload.evaluation:
            fell, _, _ = self.model.evaluate(self.weights, self._noise, self.batch, batches)
            if fell.any():
                raise RuntimeError(f"{int(fell.sum())} rows fell, where none should")
        else:
            orders = (self._order() for _ in range(self.workload.epochs))
            self.model.train(self.weights, orders, self._noise, batches)

    def warm(self) -> dict:
        begin = time.process_time()
        while time.process_time() - begin < WARM_SECONDS:
            self.run(batches=2)
        gc.collect()
        return {}

    def time(self, cells: int) -> dict:
        begin = time.process_time()
        for _ in range(cells // self.models):
            self.run()
        return {"cpu_seconds": time.process_time() - begin, "note": self.note}


def preloaded() -> bool:
    """Whether the loader found the overriding function before torch's own."""
    try:
        return ctypes.CDLL(None).mkl_serv_intel_cpu_true() == 1
    except (AttributeError, OSError, TypeError):
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--formulation", choices=("idiomatic", "tuned", "rewritten", "stacked"), required=True)
    parser.add_argument("--models", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    # Libraries may print: answers go where only they go.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)

    def answer(content: dict) -> None:
        answers.write(json.dumps(content) + "\n")

    answer(
        {
            "python": sys.version.split()[0],
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "capability": torch.backends.cpu.get_cpu_capability(),
            "config": torch.__config__.show(),
            "preloaded": preloaded(),
        }
    )
    job = None
    for line in sys.stdin:
        try:
            command = json.loads(line)
            if "prepare" in command:
                job = None
                job = Job(arguments.formulation, arguments.models, WORKLOADS[command["prepare"]])
                answer({"note": job.note})
            elif "warm" in command:
                answer(job.warm())
            else:
                answer(job.time(command["time"]))
        except Exception:
            answer({"error": traceback.format_exc()})


if __name__ == "__main__":
    main()
