"""What a comparison needs from the machine: our executable, an interpreter with torch, the preload library, a description."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BENCH = "peak"
PRELOAD = "int mkl_serv_intel_cpu_true(void) { return 1; }\n"


def our_executable() -> str:
    """The bench `peak`."""
    return _built(BENCH, "bench", "--bench", BENCH, "--no-run")


def our_program() -> str:
    """The command line."""
    return _built("equipoise", "build", "--release", "--bin", "equipoise")


def _built(target: str, *arguments: str) -> str:
    """Has cargo build the target, and asks it where that is."""
    if not shutil.which("cargo"):
        sys.exit("no cargo on the path to build our side with; give --ours EXE if you have it")
    command = ["cargo", *arguments, "--message-format=json"]
    built = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=False)
    for line in built.stdout.splitlines():
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if message.get("executable") and message.get("target", {}).get("name") == target:
            return message["executable"]
    sys.exit(f"cargo did not build {target} (exit code {built.returncode}); give --ours EXE if you have it")


def install(folder: Path, *requirements: str) -> str:
    """A fresh virtual environment with these in it; pip's own settings say from which index."""
    wanted = " ".join(requirements)
    print(f"installing {wanted} into a throw-away virtual environment (--python EXE uses your own) ...", file=sys.stderr)
    venv.create(folder, with_pip=True)
    python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir", *requirements]
    if subprocess.run(pip, stdout=sys.stderr, check=False).returncode:
        sys.exit(f"pip could not install {wanted}; --python EXE uses an interpreter that has it")
    return python


def preload_library(folder: Path) -> tuple[str, str]:
    """The library that lets MKL take its fastest path on any vendor's processor; or nothing, and why."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "", "only x86-64 Linux has a preload to try"
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        return "", "no C compiler (cc) to build the preload library with"
    library = folder / "mkl_vendor.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", str(library)]
    built = subprocess.run(command, input=PRELOAD, text=True, capture_output=True, check=False)
    if built.returncode:
        return "", f"{compiler} could not build the preload library: {built.stderr.strip()}"
    return str(library), ""


def _processor() -> dict:
    found = {"model": platform.processor() or platform.machine(), "vendor": "", "flags": set()}
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return found
    for line in text.splitlines():
        key, _, value = line.partition(":")
        key, value = key.strip(), value.strip()
        if key == "model name":
            found["model"] = value
        elif key == "vendor_id":
            found["vendor"] = value
        elif key in ("flags", "Features"):
            found["flags"] = set(value.split())
    return found


def _system() -> str:
    try:
        for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
            if line.startswith("PRETTY_NAME="):
                return f"{line.partition('=')[2].strip(chr(34))}, {platform.system()} {platform.release()}"
    except OSError:
        pass
    return platform.platform()


def load() -> list[float]:
    """Runnable tasks over 1, 5 and 15 minutes: more than the comparison's own means that others were at work."""
    return [round(v, 2) for v in os.getloadavg()] if hasattr(os, "getloadavg") else []


def describe() -> dict:
    processor = _processor()
    wanted = ("avx2", "fma", "avx512f", "asimd", "sve")
    return {
        "processor": processor["model"],
        "vendor": processor["vendor"],
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "flags": [flag for flag in wanted if flag in processor["flags"]],
        "system": _system(),
        "load_before": load(),
    }
