"""The examples of docs/testing.md, and the README's of tests, run as they are printed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "testing.md"
SUPPORT = Path(__file__).parent / "documented"
RECORDING = ROOT / "tests" / "data" / "recordings" / "iothread-weights-11.1.jsonl"
# One example asks it.
EMULATOR = shutil.which("qemu-system-x86_64")
TIMEOUT_S = 120.0


def blocks(document: Path, language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(), re.M | re.S)


def named_blocks(language: str, comment: str) -> dict[str, str]:
    """Those whose first line is a comment that names their file."""
    found = {}
    for block in blocks(GUIDE, language):
        name = re.match(rf"{comment} (\S+)\n", block)
        assert name, f"a block of {language} without a name: {block[:60]!r}"
        assert name[1] not in found
        found[name[1]] = block
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of its own, with what the examples test."""
    for file in SUPPORT.glob("*.py"):
        shutil.copy(file, tmp_path)
    shutil.copy(RECORDING, tmp_path / "vm.jsonl")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nfilterwarnings =\n    error\n"
        # Of what an editable installation of this project starts Python with.
        "    ignore:Module already imported so:pytest.PytestAssertRewriteWarning\n"
        "asyncio_mode = strict\nasyncio_default_fixture_loop_scope = function\n"
    )
    return tmp_path


def run(project: Path, *command: str, env: dict[str, str] | None = None) -> str:
    """What a command printed. It and its children end here, whatever becomes of it."""
    with subprocess.Popen(
        command,
        cwd=project,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as started:
        try:
            printed, _ = started.communicate(timeout=TIMEOUT_S)
        finally:
            with contextlib.suppress(ProcessLookupError):  # usually
                os.killpg(started.pid, signal.SIGKILL)
    assert started.returncode == 0, printed
    return printed


def test_the_guides_python_runs(project: Path) -> None:
    files = named_blocks("python", "#")
    for name, text in files.items():
        (project / name).write_text(text)
    printed = run(project, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    passed = re.search(r"(\d+) passed", printed)
    assert passed
    assert int(passed[1]) >= len(files)
    skipped = re.search(r"(\d+) skipped", printed)
    assert (int(skipped[1]) if skipped else 0) == (0 if EMULATOR else 1)
    for name in files:
        assert re.search(r"^(async )?def test_|^    def test_", files[name], re.M), name


@pytest.fixture
def with_the_daemon() -> Iterator[dict[str, str]]:
    """An environment in which the daemon's command is found, and sockets have short paths."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with tempfile.TemporaryDirectory(prefix="qmp-") as folder:
        yield os.environ | {"PATH": path, "TMPDIR": folder}


def test_the_guides_suite_in_go_runs(tmp_path: Path, with_the_daemon: dict[str, str]) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no go here")
    for name, text in named_blocks("go", "//").items():
        (tmp_path / name).write_text(text)
    (tmp_path / "go.mod").write_text("module example.org/qmp\n\ngo 1.18\n")
    env = with_the_daemon | {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    assert run(tmp_path, go, "vet", "./...", env=env) == ""
    printed = run(tmp_path, go, "test", "-v", "./...", env=env)
    assert printed.count("--- PASS") == 2


def test_the_guides_suite_in_node_runs(tmp_path: Path, with_the_daemon: dict[str, str]) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node here")
    version = run(tmp_path, node, "--version").strip().removeprefix("v").split(".")
    if int(version[0]) < 18:
        pytest.skip("this node has no test runner")
    for name, text in named_blocks("js", "//").items():
        (tmp_path / name).write_text(text)
    printed = run(tmp_path, node, "--test", env=with_the_daemon)
    assert re.search(r"^. pass 3$", printed, re.M)


def test_the_readmes_python_runs(project: Path) -> None:
    tests = [block for block in blocks(ROOT / "README.md", "python") if "def test_" in block]
    for number, text in enumerate(tests):
        (project / f"test_readme{number}.py").write_text(text)
    printed = run(project, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    written = sum(len(re.findall(r"def test_", text)) for text in tests)
    assert f"{written} passed" in printed
