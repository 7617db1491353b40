"""scripts/bench-lab: its figures are of what it says, and a missed limit fails it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchlib.figures import Figure
from lablib import measures

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_a_rate_keeps_its_limit_from_above() -> None:
    kept = Figure("kept", [90.0, 110.0, 100.0], "M/s", 100, at_least=True)
    assert measures.row(kept) == ("kept", "100 M/s", "90 M/s", "≥ 100 M/s ✓")
    missed = Figure("missed", [99.0], "M/s", 100, at_least=True)
    assert measures.row(missed)[-1] == "≥ 100 M/s ✗"
    assert measures.row(Figure("time", [1.0, 3.0], "s", 1.5))[1:] == ("2 s", "3 s", "≤ 1.5 s ✗")


@pytest.mark.parametrize("name", measures.MEASURES)
def test_each_is_measured_as_often_as_asked(name: str) -> None:
    figures = list(measures.MEASURES[name](2, 20_000, 3))
    assert all(value > 0 for figure in figures for value in figure.values)
    assert {len(figure.values) for figure in figures} <= {1, 2}


def test_the_script_prints_a_table_and_writes_json(tmp_path: Path) -> None:
    program = """
import sys
from lablib import measures
measures.MEASURES.clear()
measures.MEASURES["a"] = lambda times, steps, sets: iter(
    [measures.Figure("slow", [1.0] * times, "M/s", 80, at_least=True)])
sys.argv[1:] = ["--times", "3", "--markdown", "--json", sys.argv[1]]
import lablib.__main__
"""
    file = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-c", program, str(file)],
        env={"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "| slow | 1 M/s | 1 M/s | ≥ 80 M/s ✗ |" in done.stdout
    assert "error: missed: slow" in done.stderr
    assert json.loads(file.read_text())["figures"][0]["values"] == [1.0] * 3
