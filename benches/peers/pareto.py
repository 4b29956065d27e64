#!/usr/bin/env python3
"""Fronts, hypervolumes and indicators by moocore and by Equipoise, side by side on this machine.

Every side is a process that stays alive, pinned to one core, and makes the same points for itself; rounds alternate between them, and the time is the
processor's around the library's call alone (of moocore: its Python function; both sides use one thread). Values must agree, or it stops.

    python3 -m venv wheel && wheel/bin/pip install moocore==0.3.2
    python3 -m venv native && CFLAGS="-O3 -march=native" native/bin/pip install --no-binary moocore moocore==0.3.2
    python3 benches/peers/pareto.py --wheel wheel/bin/python --native native/bin/python [--ours EXECUTABLE] [--rounds 5] [--json FILE]

Without --ours, cargo builds the bench `pareto`. Needs Python 3.9 and, on the other side, moocore.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True

SHAPES = ("random", "concave", "convex")
# operation, dimension, sizes; shapes that are all. Slow ones of the other side are left out.
JOBS = [
    *[("nd", d, n) for d in (2, 3) for n in (100_000, 1_000_000)],
    *[("nd", d, n) for d in (4, 5, 6) for n in (1_000, 10_000, 100_000)],
    *[("hv", d, n) for d in (2, 3) for n in (100_000, 1_000_000)],
    *[("hv", 4, n) for n in (1_000, 10_000, 100_000)],
    ("hv", 5, 1_000),
    ("hv", 5, 10_000),
    ("hv", 6, 1_000),
    ("epsilon", 2, 100_000),
    ("epsilon", 3, 100_000),
    ("igd_plus", 2, 100_000),
    ("igd_plus", 3, 10_000),
    ("contributions", 2, 100_000),
    ("contributions", 3, 10_000),
    ("contributions", 4, 1_000),
    ("rank", 2, 100_000),
    ("rank", 3, 100_000),
    ("rank", 4, 10_000),
    ("r2", 2, 100_000),
]
SLOW = {("hv", "random", 5, 10_000), ("hv", "random", 6, 1_000)}  # mostly dominated: seconds on the other side


def worker() -> None:
    """Answers lines `OP SHAPE D N` with what moocore takes and finds."""
    import moocore
    import numpy as np

    def mix(z):
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))

    def uniform(seed, first, rows, d):
        draws = np.arange(first * d + 1, (first + rows) * d + 1, dtype=np.uint64)
        z = mix(np.uint64(seed) + draws * np.uint64(0x9E3779B97F4A7C15))
        return ((z >> np.uint64(11)).astype(float) * 2.0**-53).reshape(rows, d)

    def points(shape, d, n, seed):
        if shape == "random":
            return uniform(seed, 0, n, d)
        kept, have, first, rows = [], 0, 0, 200_000
        while have < n:
            u = uniform(seed, first, rows, d)
            first += rows
            s = u[:, 0] * u[:, 0]
            for axis in range(1, d):
                s = s + u[:, axis] * u[:, axis]
            good = (s > 0) & (s <= 1) & (u > 0).all(axis=1)
            kept.append(u[good] / np.sqrt(s[good])[:, None])
            have += int(good.sum())
        x = np.ascontiguousarray(np.concatenate(kept)[:n])
        return 1 - x if shape == "convex" else x

    name, a, b = None, None, None
    for line in sys.stdin:
        operation, shape, d, n = line.split()
        d, n = int(d), int(n)
        if name != (shape, d, n):
            name, a, b = (shape, d, n), points(shape, d, n, 1000 + d), points(shape, d, n, 1077 + d)
        ref = [1.1] * d
        call = {
            "nd": lambda: moocore.is_nondominated(a, keep_weakly=True),
            "rank": lambda: moocore.pareto_rank(a),
            "hv": lambda: moocore.hypervolume(a, ref=ref),
            "contributions": lambda: moocore.hv_contributions(a, ref=ref),
            "epsilon": lambda: moocore.epsilon_additive(a, ref=b),
            "igd_plus": lambda: moocore.igd_plus(a, ref=b),
            "r2": lambda: moocore.r2_exact(a, ref=[0.0, 0.0]),
        }[operation]
        start = time.thread_time()
        value = call()
        taken = time.thread_time() - start
        value = float({"rank": np.max}.get(operation, np.sum)(value))
        print(json.dumps({"ms": taken * 1e3, "value": value}), flush=True)


class Side:
    """One of the processes."""

    def __init__(self, title: str, command: list[str], core: int) -> None:
        self.title = title
        pinned = ["taskset", "-c", str(core), *command] if shutil.which("taskset") else command
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            pinned, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def ask(self, job: str) -> dict:
        self.process.stdin.write(job + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.title} ended at `{job}`")
        return json.loads(line)


def build() -> str:
    command = ["cargo", "bench", "--bench", "pareto", "--no-run", "--message-format", "json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message.get("target", {}).get("name") == "pareto" and message.get("executable"):
            return message["executable"]
    sys.exit("cargo names no executable")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours")
    parser.add_argument("--wheel", required=True)
    parser.add_argument("--native")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--only", help="operations, with commas; `hv:6` is one in six dimensions")
    parser.add_argument("--json")
    options = parser.parse_args()
    sides = [Side("ours", [options.ours or build(), "serve"], options.core)]
    for title in ("wheel", "native"):
        if python := getattr(options, title):
            sides.append(Side(title, [python, __file__, "worker"], options.core))
    print(f"load {os.getloadavg()[0]:.1f}; medians of at most {options.rounds} rounds, ms; ratios of medians [of the rounds' extremes]")
    print(f"{'':14}{'':8} d {'n':>8} " + "".join(f"{side.title:>11}" for side in sides) + "   ratios")
    rows = []
    for operation, d, n in JOBS:
        if options.only and not {operation, f"{operation}:{d}"} & set(options.only.split(",")):
            continue
        for shape in SHAPES:
            if (operation, shape, d, n) in SLOW or (operation == "contributions" and shape == "random"):
                continue
            job = f"{operation} {shape} {d} {n}"
            found = {side.title: [] for side in sides}
            spent = 0.0
            for number in range(options.rounds + 1):
                values = []
                for side in sides:
                    answer = side.ask(job)
                    spent += answer["ms"]
                    values.append(answer["value"])
                    if number > 0 or answer["ms"] > 3000:  # the first is a warm-up, where that is cheap
                        found[side.title].append(answer["ms"])
                if any(not math.isclose(value, values[0], rel_tol=1e-9, abs_tol=1e-12) for value in values):
                    sys.exit(f"{job}: {values} differ")
                if spent > 20_000 and min(map(len, found.values())) > 0:
                    break
            ours = found["ours"]
            text = f"{operation:14}{shape:8} {d} {n:8} "
            text += "".join(f"{statistics.median(times):11.3f}" for times in found.values()) + "  "
            ratios = {}
            for title, times in found.items():
                if title != "ours":
                    pairs = [b / a for a, b in zip(ours[-len(times) :], times[-len(ours) :])]
                    ratios[title] = statistics.median(times) / statistics.median(ours)
                    text += f" {ratios[title]:7.2f} [{min(pairs):.2f}, {max(pairs):.2f}]"
            print(text, flush=True)
            rows.append({"job": job, "ms": found, "ratios": ratios, "value": values[0]})
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    worker() if sys.argv[1:] == ["worker"] else main()
