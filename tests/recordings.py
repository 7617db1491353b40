"""What was recorded of QEMU 11.1: the files of `tests/data`, or newer ones.

QMP_IOTHREADD_RECORDINGS names a folder that is laid out like `tests/data`. A file that it has is
read from there, any other from here.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"

Scenario = dict[str, Any]


def recording_path(name: str) -> Path:
    """The path of a file, which is there: ``recording_path("conformance/qemu-11.1.jsonl")``."""
    newer = Path(os.environ.get("QMP_IOTHREADD_RECORDINGS", DATA), name)
    path = newer if newer.exists() else DATA / name
    assert path.exists(), f"no recording {path}"
    return path


SESSIONS = "qemu-11.1"
"""The corpus of monitor sessions, which need no option but a monitor's, and of command lines."""

DOOR = "door-11.1"
"""The corpus of what starts QEMU: command lines, devices, objects and first commands."""


@cache
def scenarios(corpus: str = SESSIONS) -> list[Scenario]:
    """What one corpus has, in the format that `check.py` beside them describes."""
    with recording_path(f"conformance/{corpus}.jsonl").open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@cache
def introspection() -> list[dict[str, Any]]:
    """What query-qmp-schema returned."""
    found: list[dict[str, Any]] = json.loads(
        recording_path("conformance/introspection-11.1.json").read_text()
    )
    return found
