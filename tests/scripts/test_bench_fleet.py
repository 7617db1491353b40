"""scripts/bench-fleet, on a fleet that is small enough for a test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "fleetbench", "--runs", "1", "--idle", "0", *arguments],
        capture_output=True,
        text=True,
        cwd=SCRIPTS,
        env={"PYTHONPATH": str(SCRIPTS)},
        timeout=60,
        check=False,
    )


def test_each_figure_is_measured_and_what_is_missed_is_said() -> None:
    # What three machines may take in proportion, no process can do with.
    done = bench("--machines", "3", "--iothreads", "1", "--rounds", "2")
    head, rule, *rows = done.stdout.splitlines()
    assert head == "| 3 machines with 1 iothreads | median of 1 | wanted |"
    assert rule == "| --- | ---: | ---: |"
    values = {
        name: float(value)
        for name, value in re.findall(r"^\| (.*?) \| (\S+)", done.stdout, re.M)
        if value[0].isdigit()
    }
    assert len(values) == len(rows)
    assert values["threads"] >= 4
    assert values["resident memory, thread stacks included"] > 1
    assert done.returncode == 1
    assert "✗ missed" in done.stdout


def test_a_fleet_that_does_not_start() -> None:
    done = bench("--machines", "0")
    assert done.returncode == 2
    assert done.stderr.startswith("error: qmp-iothreadd: --fleet 0: expected a number of machines")
