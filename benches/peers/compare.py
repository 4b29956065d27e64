#!/usr/bin/env python3
"""Adversarial training in PyTorch and in Equipoise's own engine, side by side on this machine.

Rounds interleave: ours, then each variant of PyTorch, then ours again; of ours the mean of both counts. Ratios are taken within a round, so that
what else goes on on the machine touches both sides alike.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True  # the repository stays as it is

import machine  # noqa: E402
from workloads import WORKLOADS, Workload  # noqa: E402

HERE = Path(__file__).resolve().parent
CELLS = 8  # of a sweep
CORES = 2  # that a sweep gets
# How far people go, and which formulations go that far.
LEVELS = {
    "as tutorials write it": ("idiomatic",),
    "as good engineers write it": ("tuned",),
    "rewritten for speed": ("rewritten", "stacked"),
}


@dataclass(frozen=True)
class Variant:
    """How PyTorch goes about it: `processes` of `threads` each, `models` at once in each."""

    formulation: str
    models: int = 1
    threads: int = 1
    processes: int = 1
    preload: bool = False

    @property
    def level(self) -> str:
        return next(level for level, formulations in LEVELS.items() if self.formulation in formulations)

    def handles(self, workload: Workload) -> bool:
        return self.formulation != "stacked" or not (workload.images or workload.evaluation)


SINGLE = {
    "idiomatic": Variant("idiomatic"),
    "tuned": Variant("tuned"),
    "tuned+preload": Variant("tuned", preload=True),
    "rewritten": Variant("rewritten"),
    "rewritten+preload": Variant("rewritten", preload=True),
    "stacked": Variant("stacked", models=8),
    "stacked+preload": Variant("stacked", models=8, preload=True),
}
_SWEEP = {
    "processes": dict(formulation="tuned", processes=CORES),
    "sequential": dict(formulation="tuned", threads=CORES),
    "processes-rewritten": dict(formulation="rewritten", processes=CORES),
    "stacked": dict(formulation="stacked", models=CELLS, threads=CORES),
    "stacked-processes": dict(formulation="stacked", models=CELLS // CORES, processes=CORES),
}
SWEEP = {
    name + "+preload" * preload: Variant(**settings, preload=preload)
    for name, settings in _SWEEP.items()
    for preload in (False, True)
}
# Their scatter is small beside what they take.
FEW_ROUNDS = {("idiomatic", "c"): 2, ("idiomatic", "eb"): 2}


class Worker:
    """A PyTorch process that stays."""

    def __init__(self, python: str, variant: Variant, library: str) -> None:
        environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            environment[name] = str(variant.threads)
        if variant.preload:
            environment["LD_PRELOAD"] = " ".join(filter(None, (library, environment.get("LD_PRELOAD"))))
        command = [python, str(HERE / "worker.py"), "--formulation", variant.formulation]
        command += ["--models", str(variant.models), "--threads", str(variant.threads)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
        self.about = self.receive()
        if self.about["preloaded"] != variant.preload:
            sys.exit("the preload library did not reach a process, or reached one that should do without")

    def send(self, **command) -> None:
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def receive(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"a PyTorch process ended with code {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            sys.exit(answer["error"])
        return answer

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Team:
    """The processes of one variant, which begin together and end with the last."""

    def __init__(self, python: str, variant: Variant, library: str) -> None:
        self.variant = variant
        self.workers = [Worker(python, variant, library) for _ in range(variant.processes)]

    def prepare(self, workload: str) -> None:
        # One after the other: what a process finds fastest on its own is not disturbed by its sibling.
        for worker in self.workers:
            worker.send(prepare=workload)
            worker.receive()

    def ask_all(self, **command) -> list[dict]:
        for worker in self.workers:
            worker.send(**command)
        return [worker.receive() for worker in self.workers]

    def time(self, cells: int) -> dict:
        self.ask_all(warm=True)
        begin = time.perf_counter()
        answers = self.ask_all(time=cells // len(self.workers))
        return {
            "wall_seconds": time.perf_counter() - begin,
            "cpu_seconds": sum(a["cpu_seconds"] for a in answers),
            "note": ", ".join(dict.fromkeys(a["note"] for a in answers if a["note"])),
        }

    def close(self) -> None:
        for worker in self.workers:
            worker.close()


def time_ours(executable: str, workload: str, cells: int, threads: int) -> dict:
    command = [executable, "time", workload, "--cells", str(cells), "--threads", str(threads)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        sys.exit(f"{' '.join(command)} ended with code {done.returncode} and printed no JSON line")


def measure(names, variants, options, library, measurements, abouts) -> None:
    """All rounds of all workloads, one table each as soon as it is done."""
    cells, threads, key = (CELLS, CORES, "wall_seconds") if options.sweep else (1, 1, "cpu_seconds")
    teams: dict[str, Team] = {}
    with contextlib.ExitStack() as stack:
        for name in names:
            workload = WORKLOADS[name]
            taking_part = {v: settings for v, settings in variants.items() if settings.handles(workload)}
            for v, settings in taking_part.items():
                if v not in teams:
                    teams[v] = Team(options.python, settings, library)
                    stack.callback(teams[v].close)
                    abouts[v] = teams[v].workers[0].about
                talk(f"{name}: warming up {v}")
                teams[v].prepare(name)
            rows = []

            def record(variant: str, round_: int, answer: dict, share: int) -> None:
                kind = "sweep" if options.sweep else "single"
                # Our side knows its CPU seconds on Linux only; its wall seconds elsewhere are no fewer.
                seconds = (answer[key] or answer["wall_seconds"]) / share
                rows.append(dict(answer, workload=name, kind=kind, variant=variant, round=round_, seconds=seconds))

            for round_ in range(options.rounds):
                talk(f"{name}: round {round_ + 1} of {options.rounds}")
                before = time_ours(options.ours, name, cells, threads)
                for v, settings in taking_part.items():
                    if round_ >= FEW_ROUNDS.get((v, name), options.rounds):
                        continue
                    # Threads of whoever came before may still spin for a moment.
                    time.sleep(0.1)
                    # One cell: stacked models are computed together and share the seconds.
                    count = cells if options.sweep else settings.models
                    record(v, round_, teams[v].time(count), count // cells)
                # Ours stands at both ends of the round, so that a drift of the machine meets both sides.
                after = time_ours(options.ours, name, cells, threads)
                mean = {k: (before[k] + after[k]) / 2 for k in ("cpu_seconds", "wall_seconds") if before[k]}
                record("ours", round_, {**after, **mean}, 1)
            talk("")
            rows.sort(key=lambda row: row["variant"] != "ours")
            measurements += rows
            print_table(workload, rows, options.sweep)


def summarize(workload: Workload, rows, sweep: bool) -> list[dict]:
    """One row per variant: median, extremes, and the paired ratio to ours."""
    by_round = {row["round"]: row["seconds"] for row in rows if row["variant"] == "ours"}
    peak = statistics.median(row["peak_gflops"] for row in rows if row["variant"] == "ours")
    summary = []
    for variant in dict.fromkeys(row["variant"] for row in rows):
        own = [row for row in rows if row["variant"] == variant]
        seconds = [row["seconds"] for row in own]
        ratios = [row["seconds"] / by_round[row["round"]] for row in own]
        gflops = workload.gflop * (CELLS if sweep else 1) / statistics.median(seconds)
        summary.append(
            {
                "workload": workload.name,
                "kind": "sweep" if sweep else "single",
                "level": "" if variant == "ours" else (SWEEP if sweep else SINGLE)[variant].level,
                "variant": variant,
                "rounds": len(own),
                "median": statistics.median(seconds),
                "min": min(seconds),
                "max": max(seconds),
                "gflops": gflops,
                "of_peak": None if sweep else gflops / peak,
                "ratio": statistics.median(ratios),
                "ratio_min": min(ratios),
                "ratio_max": max(ratios),
                "note": own[-1].get("note", ""),
            }
        )
    return summary


def print_table(workload: Workload, rows, sweep: bool) -> None:
    what = f"{CELLS} cells on {CORES} cores, wall seconds" if sweep else "one cell, one thread, CPU seconds"
    print(f"\n{workload.name}: {workload.about}\n{what}; {workload.gflop:.3g} GFLOP a cell")
    header = ["", "median", "min", "max", "GF/s", "of peak", "× ours", "min", "max", "rounds", ""]
    table = [header]
    summary = summarize(workload, rows, sweep)
    levels = {0: ""}  # and the row above which each stands
    for s in summary:
        own = s["variant"] == "ours"
        if s["level"] not in levels.values():
            levels[len(table)] = s["level"]
        ratios = ["", "", ""] if own else [f"{s[k]:.2f}" for k in ("ratio", "ratio_min", "ratio_max")]
        peak = "" if s["of_peak"] is None else f"{100 * s['of_peak']:.0f} %"
        cells = [s["variant"] if own else f"  {s['variant']}", *(f"{s[k]:.4f}" for k in ("median", "min", "max")), f"{s['gflops']:.1f}", peak]
        table.append([*cells, *ratios, str(s["rounds"]), s["note"]])
    if sweep:
        table = [row[:5] + row[6:] for row in table]
    widths = [max(map(len, column)) for column in zip(*table)]
    for i, row in enumerate(table):
        if levels.get(i):
            print(levels[i])
        aligned = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:-1], widths[1:-1])), row[-1]]
        print("  ".join(aligned).rstrip())
    for level in filter(None, levels.values()):
        best = min((s for s in summary if s["level"] == level), key=lambda s: s["median"])
        print(f"PyTorch {level} takes {best['ratio']:.2f} times as long as ours ({best['variant']}).")
    ours = [row["gflop"] for row in rows if row["variant"] == "ours"][-1]
    if not sweep and abs(ours / workload.gflop - 1) > 0.02:
        print(f"NOT COMPARABLE: our side counts {ours} GFLOP for a cell of this workload.")
    sys.stdout.flush()


def talk(line: str) -> None:
    """On stderr, each line in place of the one before; nothing where nobody looks."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


def print_machine(about: dict) -> None:
    print(f"Processor  {about['processor']}, {about['cores']} cores, {' '.join(about['flags']) or 'no vector flags known'}")
    print(f"System     {about['system']}, load {about['load_before']}")


def print_torch(python: str) -> dict:
    worker = Worker(python, Variant("tuned"), "")
    worker.close()
    lines = [line.strip(" -") for line in worker.about["config"].splitlines()]
    libraries = [line for line in lines if line.startswith(("Intel(R)", "OpenMP"))]
    print(f"PyTorch    {worker.about['torch']}, Python {worker.about['python']}, {worker.about['capability']}")
    for line in libraries:
        print(f"           {line}")
    return worker.about


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", metavar="LIST", help=f"some of {','.join(WORKLOADS)}; all that apply without it")
    sweep = f"{CELLS} cells on {CORES} cores instead of one cell on one thread"
    parser.add_argument("--sweep", action="store_true", help=sweep)
    parser.add_argument(
        "--variants",
        metavar="LIST",
        help=f"some of {','.join(SINGLE)}; with --sweep of {','.join(SWEEP)}; "
        "without it all",
    )
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; 5 without it")
    parser.add_argument("--ours", metavar="EXE", help="our bench's executable, which cargo builds without it")
    parser.add_argument("--python", metavar="EXE", help="an interpreter that has torch; a throw-away one without it")
    parser.add_argument("--torch", metavar="REQ", default="torch", help="what pip installs there, such as torch==2.9.1")
    parser.add_argument("--json", metavar="FILE", help="writes everything there as well")
    parser.add_argument("--check", action="store_true", help="only checks that all formulations compute the same")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds wants at least 1")
    if options.ours:
        options.ours = str(Path(options.ours).resolve())
    known = SWEEP if options.sweep else SINGLE
    fitting = [name for name, workload in WORKLOADS.items() if not (options.sweep and workload.evaluation)]
    for given, all_, what in (("workloads", fitting, "workload"), ("variants", list(known), "variant")):
        chosen = getattr(options, given)
        chosen = list(all_) if chosen is None else chosen.split(",")
        for name in chosen:
            if name not in all_:
                kind = "a sweep" if options.sweep else "single cells"
                parser.error(f"no {what} {name} for {kind}: choose from {','.join(all_)}")
        setattr(options, given, chosen)
    return options


def main() -> int:
    options = parse()
    if options.python and not shutil.which(options.python):
        sys.exit(f"compare.py: --python: there is no interpreter {options.python}")
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        options.python = options.python or machine.install(Path(folder) / "venv", options.torch)
        if options.check:
            return subprocess.run([options.python, "-B", str(HERE / "check.py")], check=False).returncode
        options.ours = options.ours or machine.our_executable()
        about = machine.describe()
        print_machine(about)
        torch = print_torch(options.python)
        # In the order of the levels, whatever the order they were named in.
        known = SWEEP if options.sweep else SINGLE
        variants = {name: variant for name, variant in known.items() if name in options.variants}
        wanted = any(v.preload for v in variants.values())
        library, reason = machine.preload_library(Path(folder)) if wanted else ("", "")
        if wanted and not library:
            print(f"Preload    skipped: {reason}")
            variants = {name: v for name, v in variants.items() if not v.preload}
        elif wanted and about["vendor"] == "GenuineIntel":
            print("Preload    built; MKL takes its fastest path on Intel anyway, so it should change nothing here")
        measurements, abouts = [], {}
        measure(options.workloads, variants, options, library, measurements, abouts)
    about["load_after"] = machine.load()
    print(f"\n× ours: the median over rounds of PyTorch's seconds by ours of the same round. Load after: {about['load_after']}.")
    if options.json:
        summary = []
        for name in options.workloads:
            rows = [row for row in measurements if row["workload"] == name]
            summary += summarize(WORKLOADS[name], rows, options.sweep)
        threads = {name: a["threads"] for name, a in abouts.items()}
        everything = {"machine": about, "torch": torch, "threads": threads, "summary": summary, "measurements": measurements}
        Path(options.json).write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
