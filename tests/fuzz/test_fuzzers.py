"""The fuzzers run, for a moment, with every test run; for longer by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FUZZERS = sorted(Path(__file__).parent.glob("fuzz_*.py"))


@pytest.mark.parametrize("script", FUZZERS, ids=lambda path: path.stem)
def test_fuzzer_finds_nothing_in_a_moment(script: Path) -> None:
    command = [sys.executable, str(script), "--random", "--seconds", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "no fault" in done.stdout
