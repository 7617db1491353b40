"""scripts/bench-session: each step of a request is timed, and together they are the whole."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from sessionbench import __main__ as cli, steps


@pytest.mark.parametrize("name", steps.REQUESTS)
def test_each_step_takes_some_time(name: str) -> None:
    times = steps.measure(name, 1, with_id=True)
    assert sorted(times) == sorted(steps.STEPS)
    assert all(times[step] > 0 for step in steps.STEPS if step != "between")
    parts = sum(times[step] for step in steps.STEPS[:6])
    assert parts == pytest.approx(times["session"])


def test_the_table_has_a_row_for_each_with_and_without_an_id(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "figures.json"
    monkeypatch.setattr(cli, "REQUESTS", {"query-version": {}})
    monkeypatch.setattr(
        sys, "argv", ["bench-session", "--repeats", "1", "--markdown", "--json", str(file)]
    )
    assert cli.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| ns each, 64 at once | read |")
    assert [line.split(" | ")[0] for line in lines[2:4]] == [
        "| query-version",
        "| query-version, with an id",
    ]
    assert list(json.loads(file.read_text())["figures"]) == [
        "query-version",
        "query-version, with an id",
    ]
