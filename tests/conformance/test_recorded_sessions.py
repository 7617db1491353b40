"""Sessions recorded from QEMU 11.1, played against the daemon and against a session in memory."""

from __future__ import annotations

import base64
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from qmp_iothreadd.testing import MemoryClient
from tests.recordings import DOOR, SESSIONS, Scenario, recording_path, scenarios

CHECK = recording_path("conformance/check.py")

# Those of these categories are about a process: its command line, or how it ends.
OF_A_PROCESS = ("cli", "cli-error")


def categories() -> list[tuple[str, str]]:
    return sorted(
        {(corpus, found["category"]) for corpus in (SESSIONS, DOOR) for found in scenarios(corpus)}
    )


@cache
def checker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_recorded", CHECK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    limit = sys.getrecursionlimit()
    spec.loader.exec_module(module)
    module.ORDERED = True  # type: ignore[attr-defined]  # lists in QEMU's order too
    sys.setrecursionlimit(limit)  # the module raises it, for all tests that come after
    return module


FORKED = """
import runpy, subprocess, sys
from qmp_iothreadd.testing.forked_process import ForkedPopen

subprocess.Popen = ForkedPopen
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize(("corpus", "category"), categories())
def test_the_daemon_answers_as_recorded(corpus: str, category: str, tmp_path: Path) -> None:
    file = tmp_path / "corpus.jsonl"
    chosen = [scenario for scenario in scenarios(corpus) if scenario["category"] == category]
    file.write_text("".join(json.dumps(scenario) + "\n" for scenario in chosen))
    options = ["--corpus", str(file), "--jobs", "2", "--ordered"]
    server = [sys.executable, "-m", "qmp_iothreadd"]
    # Where what is compared comes after the start, not each daemon is an interpreter of its own.
    how = [] if category.endswith("cli") else ["-c", FORKED]
    done = subprocess.run(
        [sys.executable, *how, str(CHECK), *options, "--", *server],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert f"{len(chosen)} passed, 0 failed" in done.stdout, done.stdout + done.stderr


def script(scenario: Scenario) -> Iterator[tuple[bytes, list[Any], str | None]]:
    """What to send, what must come back, and how the two are compared."""
    yield b"", scenario["greeting"], None
    if scenario.get("caps", True):
        yield b'{"execute":"qmp_capabilities"}\n', [{"return": {}}], None
    for step in scenario["steps"]:
        sent = step["send"]
        data = base64.b64decode(sent["b64"]) if isinstance(sent, dict) else None
        yield (
            data if data is not None else sent.encode("utf-8", "surrogateescape"),
            step["expect"],
            step.get("match"),
        )


def in_memory() -> Iterator[Any]:
    """Each session whole; short ones byte by byte too. The reader has tests of long ones."""
    for scenario in scenarios():
        if scenario["category"] not in OF_A_PROCESS:
            yield pytest.param(scenario, None, id=f"whole-{scenario['name']}")
            if sum(len(data) for data, _, _ in script(scenario)) <= 100_000:
                yield pytest.param(scenario, 1, id=f"byte by byte-{scenario['name']}")


@pytest.mark.parametrize(("scenario", "size"), [*in_memory()])
def test_a_session_in_memory_answers_as_recorded(scenario: Scenario, size: int | None) -> None:
    check = checker()
    with MemoryClient() as client:
        ended: list[bool] = []
        client.machine.on_shutdown = lambda: ended.append(True)
        for data, expected, match in script(scenario):
            answer = b""
            for start in range(0, len(data) or 1, size or len(data) or 1):
                answer += client.feed(data[start : start + size] if size else data)
            actual = [json.loads(line) for line in answer.split(b"\r\n") if line]
            if ended:
                actual.append("EOF")  # the daemon is about to end, and closes the connection
            assert len(actual) == len(expected), (data, expected, actual)
            for wanted, got in zip(expected, actual, strict=True):
                assert check.same(wanted, got, match), (data, wanted, got)
