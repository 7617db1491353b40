"""The native core builds and holds its promises without Python (scripts/stress-engine)."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def stress(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "scripts/stress-engine", "--sanitizer", "none", *options],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_a_second_of_stress_leaves_every_counter_at_zero() -> None:
    done = stress("--seconds", "1")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "clean"
    # What is left of each kind; sentences tell of the one-shot bottom halves, and of the reader.
    counters = dict(line.split() for line in lines if line.count(" ") == 1 and ":" not in line)
    assert counters.keys() >= {"contexts", "threads", "handlers", "bottom_halves", "workloads"}
    assert set(counters.values()) == {"0"}


def test_a_hang_is_told_with_the_stacks_of_all_threads() -> None:
    done = stress("--hang")
    assert done.returncode == 1
    assert "nothing went on for 1 s" in done.stderr
    assert done.stderr.count("thread ") == 2
    assert "does not answer" not in done.stderr
    if shutil.which("addr2line") and platform.libc_ver()[0] == "glibc":
        for function in ("hang", "aio_context_stop", "thread_main", "sleep_on"):
            assert f"    {function} at " in done.stderr
