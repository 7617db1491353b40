"""Compiles the C programs and runs them; each prints one JSON object."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence

from benchlib.errors import BenchError

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE = ROOT / "qmp_iothreadd" / "iothread" / "native"
SOURCES = pathlib.Path(__file__).parent / "native"

RUN_TIMEOUT_S = 120
# Programs open two descriptors per context.
DESCRIPTORS = 8192

Figures = dict[str, float]


@dataclasses.dataclass(frozen=True)
class Programs:
    """Paths: the bare limit, the core, and the core without tracing compiled in."""

    bare: pathlib.Path
    engine: pathlib.Path
    untraced: pathlib.Path


def compiler() -> list[str]:
    """$CC, else cc or gcc; raises `BenchError` where there is none."""
    command = shlex.split(os.environ.get("CC", "")) or ["cc"]
    found = shutil.which(command[0]) or shutil.which("gcc")
    if found is None:
        raise BenchError("a C compiler is needed (Debian, Ubuntu: apt-get install gcc libc6-dev)")
    return [found, *command[1:]]


def compile_program(
    output: pathlib.Path, sources: Sequence[pathlib.Path], *options: str
) -> pathlib.Path:
    """Build one C program; raises `BenchError` with what the compiler said."""
    command = [
        *compiler(),
        "-std=gnu11",
        "-Wall",
        "-Wextra",
        f"-I{CORE}",
        *options,
        *map(str, sources),
        "-o",
        str(output),
        "-pthread",
        "-lm",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{shlex.join(command)}\n{done.stderr}")
    return output


@contextlib.contextmanager
def programs() -> Iterator[Programs]:
    """Build all of them into a folder that is removed afterwards."""
    core = sorted(CORE.glob("*.c"))
    with tempfile.TemporaryDirectory(prefix="bench-engine-") as name:
        folder = pathlib.Path(name)
        engine = [SOURCES / "measured.c", *core]
        yield Programs(
            compile_program(folder / "bare", [SOURCES / "bare.c"], "-O2"),
            compile_program(folder / "engine", engine, "-O2"),
            compile_program(folder / "untraced", engine, "-O2", "-DAIO_NO_TRACES"),
        )


def run(program: pathlib.Path, *arguments: object) -> Figures:
    """Run it once. Raises `BenchError` when it fails or takes more than two minutes."""
    command = ["prlimit", f"--nofile={DESCRIPTORS}", str(program), *map(str, arguments)]
    if shutil.which("prlimit") is None:
        del command[:2]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"{shlex.join(command)}\ntook more than {RUN_TIMEOUT_S} s") from None
    if done.returncode:
        raise BenchError(f"{shlex.join(command)}\nended with {done.returncode}\n{done.stderr}")
    figures: Figures = json.loads(done.stdout)
    return figures
