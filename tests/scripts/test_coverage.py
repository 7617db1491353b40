"""What scripts/coverage asks for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from coveragelib.measure import PACKAGE, Module, Rules

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.mark.parametrize(
    ("missing", "percent", "lines"),
    [((), 100, ""), ((7,), 99, "7"), ((3, 4, 5, 12, 90, 91), 97, "3-5, 12, 90-91")],
)
def test_a_share_is_rounded_down(missing: tuple[int, ...], percent: int, lines: str) -> None:
    module = Module("json/reader.py", 200, missing)
    assert module.percent == percent
    assert module.missing_lines() == lines


def test_every_room_has_tests_or_a_reason() -> None:
    rules = Rules.read()
    assert "json" in rules.rooms()
    assert not {*rules.without_tests} & {*rules.rooms()}


def test_bounds_are_of_modules_that_are_there() -> None:
    bounds = Rules.read().bounds
    assert [name for name in bounds if not (PACKAGE / name).is_file()] == []
    assert [name for name, percent in bounds.items() if not 0 <= percent < 100] == []


def test_a_module_without_a_bound_is_to_be_covered_in_full() -> None:
    rules = Rules(bounds={"a/b.py": 80}, without_tests=[], also={})
    assert rules.bound(Module("a/b.py", 10, ())) == 80
    assert rules.bound(Module("a/c.py", 10, ())) == 100


def test_an_unknown_room_is_refused() -> None:
    command = [sys.executable, "-m", "coveragelib", "nosuch"]
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 1
    assert done.stderr.startswith("error: no room with tests: nosuch; there are chardev, cli, ")
