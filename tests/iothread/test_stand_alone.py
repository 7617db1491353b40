"""The native core builds and holds its promises without Python (scripts/stress-engine)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_second_of_stress_leaves_every_counter_at_zero() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/stress-engine", "--sanitizer", "none", "--seconds", "1"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "clean"
    counters = dict(line.rsplit(" ", 1) for line in lines[1:-2])
    assert counters.keys() >= {"contexts", "threads", "handlers", "bottom_halves", "workloads"}
    assert set(counters.values()) == {"0"}
