#!/usr/bin/env python3
"""The authors' AutoAttack and Equipoise's suite, side by side on this machine: attack by attack, one thread each.

Rounds interleave: ours, then the reference attack by attack, then ours again; of ours the mean of both counts. Ratios are taken within
a round, so that what else goes on on the machine touches both sides alike; printed are medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

try:
    import resource
except ImportError:  # on Windows
    resource = None

sys.dont_write_bytecode = True  # the repository stays as it is

import machine  # noqa: E402

HERE = Path(__file__).resolve().parent
ATTACKS = ("apgd-ce", "apgd-t", "fab-t", "square")
BATCHES = (32, 64, 125, 250, 500)
REFERENCE = ("pyautoattack==0.2.0", "numpy")


@dataclass(frozen=True)
class Case:
    """A model, its rows, and a radius. `folder` is under the reference data; without it the model is made here."""

    norm: str
    epsilon: float
    folder: str = ""
    kind: str = ""


CONFORMANCE = {
    "digits": Case("Linf", 0.1, folder="digits-at0.1"),
    "fashion-mlp": Case("Linf", 0.05, folder="fashion-mnist-mlp-at0.05"),
    "fashion-cnn": Case("Linf", 0.05, folder="fashion-mnist-cnn-at0.05"),
}
SYNTHETIC = {
    "synthetic-mlp-64": Case("Linf", 0.1, kind="mlp-64"),
    "synthetic-mlp-784": Case("Linf", 0.05, kind="mlp-784"),
    "synthetic-cnn-784": Case("Linf", 0.05, kind="cnn-784"),
}
CASES = {**CONFORMANCE, **SYNTHETIC}


class Reference:
    """A process with the reference suite that stays."""

    def __init__(self, python: str) -> None:
        environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
        pipe = subprocess.PIPE
        command = [python, str(HERE / "autoattack_worker.py")]
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
        self.about = self._receive()

    def ask(self, **command) -> dict:
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self._receive()

    def _receive(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"the reference's process ended with code {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            sys.exit(answer["error"])
        return answer

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def shared() -> Path:
    """Where the reference data would lie: as for the tests."""
    return Path(os.environ.get("EQUIPOISE_SHARED") or machine.REPOSITORY.parent / "shared") / "conformance"


def ours(program: str, folder: Path, case: Case) -> dict:
    """Attack to seconds, rows standing and passes."""
    command = [program, "attack", "--model", str(folder / "model.safetensors"), "--rows", str(folder / "rows.safetensors")]
    command += ["--suite", "individual", "--norm", case.norm.lower(), "--eps", str(case.epsilon), "--json", "--quiet"]
    before = cpu_of_children()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"{' '.join(command)} ended with code {done.returncode} and printed no JSON")
    (found,) = report["cases"]
    standing = {attack: round(share * report["rows"]) for attack, share in found["robust_accuracy"].items()}
    # Of the whole process: loading and the clean predictions are in it, which our own seconds leave out.
    cpu = cpu_of_children() - before
    return {"seconds": found["seconds"], "standing": standing, "effort": found["effort"], "cpu": cpu}


def cpu_of_children() -> float:
    """CPU seconds of all processes that have ended; NaN where the system does not say."""
    if resource is None:
        return float("nan")
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(reference: Reference, program: str, name: str, folder: Path, options) -> dict:
    """All rounds of one case."""
    case = CASES[name]
    about = reference.ask(load=str(folder), norm=case.norm, eps=case.epsilon)
    batches, tried = {}, {}
    for attack in ATTACKS:
        talk(f"{name}: the reference's best batch size for {attack}")
        answer = reference.ask(choose=attack, sizes=BATCHES)
        batches[attack], tried[attack] = answer["batch"], answer["tried"]
    rounds, theirs = [], {}
    for number in range(options.rounds):
        before = ours(program, folder, case)
        seconds, cpu = {}, 0.0
        for attack in ATTACKS:
            talk(f"{name}: round {number + 1} of {options.rounds}, {attack}")
            answer = reference.ask(attack=attack, batch=batches[attack], count=number == 0)
            seconds[attack] = answer["seconds"]
            cpu += answer["cpu"]
            # What stands and the passes are the same in every round; the first one counted.
            theirs.setdefault(attack, answer)
        after = ours(program, folder, case)
        mean = {attack: (before["seconds"][attack] + after["seconds"][attack]) / 2 for attack in ATTACKS}
        both = {"reference": cpu, "ours": (before["cpu"] + after["cpu"]) / 2}
        rounds.append({"reference": seconds, "ours": mean, "cpu": both})
    talk("")
    union = [all(flags) for flags in zip(*(theirs[attack]["flags"] for attack in ATTACKS))]
    return {
        "case": name,
        "norm": case.norm,
        "epsilon": case.epsilon,
        "rows": about["rows"],
        "right": about["right"],
        "batches": batches,
        "batches_tried": tried,
        "rounds": rounds,
        "standing": {
            "reference": {**{attack: theirs[attack]["standing"] for attack in ATTACKS}, "union": sum(union)},
            "ours": after["standing"],
        },
        "passes": {
            "reference": {a: {k: theirs[a][k] for k in ("rows", "forwards", "backwards")} for a in ATTACKS},
            "ours": {a: after["effort"][a] for a in ATTACKS},
        },
    }


def print_case(found: dict) -> None:
    print(
        f"\n{found['case']}: {found['norm']} {found['epsilon']}, {found['rows']} rows, {found['right']} of them right; "
        f"{len(found['rounds'])} rounds, one thread each"
    )
    header = ["", "reference s", "batch", "ours s", "ratio", "min", "max", "standing", "ours", "fwd/row", "ours", "bwd/row", "ours"]
    table = [header]
    for attack in (*ATTACKS, "all"):
        parts = ATTACKS if attack == "all" else (attack,)
        theirs, mine = ([sum(r[side][a] for a in parts) for r in found["rounds"]] for side in ("reference", "ours"))
        ratios = [a / b for a, b in zip(theirs, mine)]
        standing = [str(found["standing"][side]["union" if attack == "all" else attack]) for side in ("reference", "ours")]
        passes = [""] * 4
        if attack != "all":
            sides = [found["passes"][side][attack] for side in ("reference", "ours")]
            # Of rows that an attack did not take on (broken before), it needs nothing.
            passes = [f"{p[kind] / found['right']:.0f}" for kind in ("forwards", "backwards") for p in sides]
        table.append(
            [
                attack,
                f"{statistics.median(theirs):.3f}",
                str(found["batches"].get(attack, "")),
                f"{statistics.median(mine):.3f}",
                f"{statistics.median(ratios):.1f}",
                f"{min(ratios):.1f}",
                f"{max(ratios):.1f}",
                *standing,
                *passes,
            ]
        )
    widths = [max(map(len, column)) for column in zip(*table)]
    for row in table:
        print("  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))]).rstrip())
    cpu = [r["cpu"]["reference"] / r["cpu"]["ours"] for r in found["rounds"]]
    print(f"CPU seconds of all four: {statistics.median(cpu):.1f} times ours ({min(cpu):.1f} to {max(cpu):.1f}), our whole process counted.")
    sys.stdout.flush()


def check(reference: Reference, names: list[str]) -> int:
    """Whether the package finds what the stored results say, row by row: all rows in one batch, seed 0."""
    # Only the interpreter of the reference has numpy; the stored flags are bytes at the offsets that the header names.
    worst = 0
    for name in names:
        case = CASES[name]
        if case.kind:
            continue
        folder = shared() / case.folder
        reference.ask(load=str(folder), norm=case.norm, eps=case.epsilon)
        stored = _stored(folder / "reference.safetensors", f"standing/{case.norm}/{case.epsilon}/")
        union = None
        for attack in ATTACKS:
            flags = reference.ask(attack=attack, batch=0, count=False)["flags"]
            union = flags if union is None else [a & b for a, b in zip(union, flags)]
            worst = max(worst, _compare(name, attack, flags, stored[attack]))
        worst = max(worst, _compare(name, "union", union, stored["union"]))
    return 1 if worst > 2 else 0


def _compare(name: str, attack: str, flags: list[int], stored: bytes) -> int:
    differing = sum(a != b for a, b in zip(flags, stored))
    print(f"{name}  {attack:8} {sum(flags):4} rows stand, stored {sum(stored):4}; {differing} rows differ", flush=True)
    return differing


def _stored(path: Path, prefix: str) -> dict[str, bytes]:
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    found = {}
    for name, about in header.items():
        if name.startswith(prefix):
            begin, end = (8 + length + offset for offset in about["data_offsets"])
            found[name.removeprefix(prefix)] = content[begin:end]
    return found


def talk(line: str) -> None:
    """On stderr, each line in place of the one before; nothing where nobody looks."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    without = "those with reference data where that is there, else the synthetic ones"
    parser.add_argument("--cases", metavar="LIST", help=f"some of {','.join(CASES)}; {without}")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds; 3 without it")
    parser.add_argument("--ours", metavar="EXE", help="our program, which cargo builds without it")
    parser.add_argument("--python", metavar="EXE", help="an interpreter that has torch, numpy and pyautoattack; a throw-away one without it")
    parser.add_argument("--torch", metavar="REQ", default="torch", help="what pip installs there, such as torch==2.9.1")
    parser.add_argument("--json", metavar="FILE", help="writes everything there as well")
    parser.add_argument("--check", action="store_true", help="only checks that the package finds what the reference data say, row by row")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds wants at least 1")
    here = [name for name, case in CONFORMANCE.items() if (shared() / case.folder).is_dir()]
    chosen = options.cases.split(",") if options.cases else here or ([] if options.check else list(SYNTHETIC))
    for name in chosen:
        if name not in CASES:
            parser.error(f"no case {name}: choose from {','.join(CASES)}")
        if name in CONFORMANCE and name not in here:
            parser.error(f"the case {name} needs the reference data in {shared()}; set EQUIPOISE_SHARED, or choose from {','.join(SYNTHETIC)}")
    if options.check and not chosen:
        parser.error(f"--check needs the reference data in {shared()}; set EQUIPOISE_SHARED")
    options.cases = chosen
    return options


def main() -> int:
    options = parse()
    if options.python and not shutil.which(options.python):
        sys.exit(f"attacks.py: --python: there is no interpreter {options.python}")
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        options.python = options.python or machine.install(Path(folder) / "venv", options.torch, *REFERENCE)
        reference = Reference(options.python)
        try:
            if options.check:
                return check(reference, options.cases)
            program = str(Path(options.ours).resolve()) if options.ours else machine.our_program()
            about = machine.describe()
            print(f"Processor  {about['processor']}, {about['cores']} cores, {' '.join(about['flags'])}")
            print(f"System     {about['system']}, load {about['load_before']}")
            their = reference.about
            print(f"Reference  {their['package']}, PyTorch {their['torch']}, Python {their['python']}, {their['capability']}, {their['threads']} thread")
            version = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
            print(f"Ours       {' '.join(version.split())}", flush=True)
            found = []
            for name in options.cases:
                place = shared() / CASES[name].folder
                if CASES[name].kind:
                    place = Path(folder) / name
                    place.mkdir()
                    talk(f"{name}: training")
                    reference.ask(make=CASES[name].kind, into=str(place))
                found.append(measure(reference, program, name, place, options))
                print_case(found[-1])
        finally:
            reference.close()
    about["load_after"] = machine.load()
    print(
        "\nSeconds: inside the attacks alone, on the rows that are right. Ratio: the reference's seconds by ours of the same round. Standing:\n"
        f"rows that stand, union in the last line. Passes: rows through the model, by rows that are right. Load after: {about['load_after']}."
    )
    if options.json:
        everything = {"machine": about, "reference": their, "ours": version, "cases": found}
        Path(options.json).write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
