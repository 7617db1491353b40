"""Runs the tests of a room and reads what they executed."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import coverage
from benchlib.errors import BenchError

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "qmp_iothreadd"
TESTS = ROOT / "tests"
CONFIG = ROOT / "pyproject.toml"


@dataclasses.dataclass(frozen=True)
class Module:
    """A file of the package, ``json/reader.py``, and the lines of statements in it."""

    name: str
    statements: int
    missing: tuple[int, ...]

    @property
    def percent(self) -> int:
        """Rounded down: 100 is all."""
        return 100 * (self.statements - len(self.missing)) // self.statements

    def missing_lines(self) -> str:
        """«3-7, 12»: neighbours joined."""
        runs: list[list[int]] = []
        for line in self.missing:
            if runs and line == runs[-1][-1] + 1:
                runs[-1] = [runs[-1][0], line]
            else:
                runs.append([line])
        return ", ".join("-".join(map(str, run)) for run in runs)


@dataclasses.dataclass(frozen=True)
class Rules:
    """What tests/coverage.toml says.

    ``bounds`` are exceptions from 100 % by module, ``also`` tests of a room that are elsewhere.
    """

    bounds: dict[str, int]
    without_tests: list[str]
    also: dict[str, list[str]]

    @classmethod
    def read(cls) -> Rules:
        return cls(**tomllib.loads((TESTS / "coverage.toml").read_text()))

    def bound(self, module: Module) -> int:
        """The percentage that is asked for."""
        return self.bounds.get(module.name, 100)

    def rooms(self) -> list[str]:
        """The folders of the package; `BenchError` where one has no tests and no excuse."""
        found = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
        found -= {*self.without_tests}
        if missing := [room for room in found if not (TESTS / room).is_dir()]:
            raise BenchError(f"no tests of {', '.join(missing)}: tests/ROOM has those of a room")
        return sorted(found)


def measure(room: str, also: Sequence[str], folder: Path) -> Iterator[Module]:
    """Run ``tests/ROOM`` and the tests ``also``, with all processes that they start.

    Raises:
        BenchError: a test fails.
    """
    folder.mkdir()
    data = folder / ".coverage"
    environment = {"COVERAGE_PROCESS_START": str(CONFIG), "COVERAGE_FILE": str(data)}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", f"tests/{room}", *also]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BenchError(f"the tests of {room} fail under coverage:\n{done.stdout[-3000:]}")
    found = coverage.Coverage(data_file=str(data), config_file=str(CONFIG))
    found.combine([str(folder)])
    for path in sorted((PACKAGE / room).rglob("*.py")):
        _, statements, _, missing, _ = found.analysis2(str(path))
        if statements:
            yield Module(str(path.relative_to(PACKAGE)), len(statements), tuple(missing))
