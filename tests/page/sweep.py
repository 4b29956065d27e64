"""Writes a folder for `equipoise import`: 200 cells (four defenses, ten strengths, five seeds), 500 test rows, five classes, one attack at three radii.

Its report has some 20 metrics of all rows. BENCHMARKS.md states how long it takes and how large its page is. What the models say is drawn at random
around a trade-off: with strength, margins under attack grow and clean ones shrink.

    python3 tests/page/sweep.py FOLDER
"""

import json
import pathlib
import sys

import numpy as np

DEFENSES, STRENGTHS, SEEDS, ROWS, CLASSES = 4, 10, 5, 500, 5
EPSILONS = [0.05, 0.1, 0.2]

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
draw = np.random.default_rng(20261129)
labels = draw.integers(0, CLASSES, ROWS)
np.savez(out / "test.npz", labels=labels)
difficulty = draw.normal(0, 1, ROWS)  # of each row, shared by all models

cells = []
for defense in range(DEFENSES):
    for step in range(STRENGTHS):
        strength = step / (STRENGTHS - 1)
        for seed in range(SEEDS):
            margin = 1.9 - (0.6 + 0.2 * defense) * strength - 0.8 * difficulty + draw.normal(0, 0.25, ROWS)
            logits = draw.normal(0, 0.3, (ROWS, CLASSES))
            logits[np.arange(ROWS), labels] += margin
            predictions = logits.argmax(1)
            others = np.where(np.arange(CLASSES) == labels[:, None], -np.inf, logits).max(1)
            right = logits[np.arange(ROWS), labels] - others
            reach = right / (9 * (1.1 - strength + 0.05 * defense))  # the radius at which a row falls
            standing = np.stack([(predictions == labels) & (reach > epsilon) for epsilon in EPSILONS])
            name = f"d{defense}-{step}-{seed}.npz"
            np.savez_compressed(out / name, predictions=predictions, logits=logits.astype(np.float32), **{"attack/standing": standing})
            coordinates = {"defense": f"defense-{'abcd'[defense]}", "strength": round(strength, 3)}
            cells.append({"coordinates": coordinates, "seed": seed, "test": name})

description = {
    "schema": 1,
    "name": "sweep",
    "question": "How long does a report of 200 cells take, and how large is its page?",
    "data": {"name": "random rows", "classes": [f"class {c}" for c in range(CLASSES)], "test": "test.npz"},
    "attacks": [{"name": "attack", "norm": "linf", "epsilons": EPSILONS}],
    "threat": {"norm": "linf", "epsilon": 0.1},
    "cells": cells,
}
(out / "import.json").write_text(json.dumps(description, indent=1) + "\n")
