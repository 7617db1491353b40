"""What .ci/run says before it does anything."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

GATE = Path(__file__).parents[2] / ".ci" / "run"


@pytest.mark.parametrize("words", [["--ful"], [""], ["--full", "--full"]])
def test_words_that_it_does_not_know_are_refused(words: list[str]) -> None:
    done = subprocess.run([GATE, *words], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "usage: .ci/run [--full]\n"
