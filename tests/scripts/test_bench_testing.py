"""scripts/bench-testing: its figures are of what it says, and a missed limit fails it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchlib.errors import BenchError
from benchlib.figures import Figure
from testinglib import measures

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_a_figure_keeps_its_limit_by_its_median() -> None:
    kept = Figure("kept", [1.0, 3.0, 900.0], limit=3)
    assert measures.row(kept) == ("kept", "3.00 ms", "900 ms", "≤ 3.00 ms ✓")
    assert measures.to_json(kept)["median_ms"] == 3
    missed = Figure("missed", [1500.0], limit=1000)
    assert not missed.is_met
    assert measures.row(missed) == ("missed", "1.50 s", "1.50 s", "≤ 1.00 s ✗")
    assert measures.row(Figure("free", [23.45])) == ("free", "23.4 ms", "23.4 ms", "")


@pytest.mark.parametrize("name", ["servers", "daemons", "the plugin"])
def test_each_is_measured_as_often_as_asked(name: str) -> None:
    figures = list(measures.MEASURES[name](2))
    assert all(time > 0 for figure in figures for time in figure.values)
    assert {len(figure.values) for figure in figures} <= {1, 2}


def test_a_session_is_measured_and_one_that_fails_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measures, "_SESSIONS", 1)
    kinds = {"a daemon": measures._TEST["`qmp_daemon`"], "failure": "def test_{number}(): 1 / 0\n"}
    monkeypatch.setattr(measures, "_TEST", kinds)
    sessions = measures.sessions(1)
    assert next(sessions).name == "pytest, 1 tests with a daemon each"
    with pytest.raises(BenchError, match="ZeroDivisionError"):
        next(sessions)


def test_the_script_prints_a_table_and_writes_json(tmp_path: Path) -> None:
    program = """
import sys
from testinglib import measures
measures.MEASURES.clear()
measures.MEASURES["a"] = lambda times: iter([measures.Figure("quick", [1.0] * times, limit=0.5)])
sys.argv[1:] = ["--times", "3", "--markdown", "--json", sys.argv[1]]
import testinglib.__main__
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
    assert "| quick | 1.00 ms | 1.00 ms | ≤ 0.50 ms ✗ |" in done.stdout
    assert "error: missed: quick" in done.stderr
    assert json.loads(file.read_text())["figures"][0]["times_ms"] == [1.0] * 3
