"""scripts/count-instructions: what takes more fails, and what is counted is what is said.

Nothing is counted here but in what stands in for valgrind: the gate does that.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchlib.errors import BenchError
from countlib import builds, cli, counting
from countlib.kinds import ADD_IOTHREAD, KINDS

from qmp_iothreadd.testing import MemoryClient


def test_what_takes_more_than_it_may_is_named() -> None:
    before = {"a": 1000, "b": 1000, "gone": 1}
    now = {"a": 1030, "b": 1031, "new": 10**9}
    assert cli.exceeding(before, now, 3) == ["b"]
    assert cli.exceeding(before, now, 4) == []
    assert cli.exceeding({}, now, 3) == []


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand-ins for what builds and counts; they note what they are asked for."""
    asked: list[str] = []
    counts = {"old": {"start": 100, "x": 50}, "new": {"start": 101, "x": 60}}

    def count(folder: Path) -> counting.Counts:
        asked.append(f"count {folder.name}")
        return counts[folder.name]

    def install(source: Path, folder: Path) -> None:
        asked.append(f"install {folder.name}")

    monkeypatch.setattr(counting, "count", count)
    monkeypatch.setattr(builds, "install", install)
    monkeypatch.setattr(builds, "check_out", lambda revision, folder: asked.append(revision))
    return asked


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["count-instructions", *arguments])
    return cli.main()


def test_both_are_built_alike_and_counted(
    counted: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "counts.json"
    assert run(monkeypatch, "--base", "v1", "--markdown", "--json", str(file)) == 1
    said = capsys.readouterr()
    assert "| x | 50 | 60 | +20.0 % |" in said.out
    assert said.err == "error: more than 3 % more: x\n"
    assert counted == ["v1", "install old", "count old", "install new", "count new"]
    assert json.loads(file.read_text())["before"] == {"start": 100, "x": 50}
    assert run(monkeypatch, "--base", "v1", "--allowed", "20") == 0


def test_alone_it_compares_with_nothing_and_writes_the_table(
    counted: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "table.md"
    assert run(monkeypatch, "--alone", "--write", str(file)) == 0
    assert counted == ["install new", "count new"]
    assert file.read_text().startswith("# Instructions a request\n")
    assert "| x | 60 |" in file.read_text()
    assert run(monkeypatch, "--alone", "--write", str(tmp_path)) == 1


def test_a_revision_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="no revision no-such"):
        builds.check_out("no-such", tmp_path / "source")


def test_without_valgrind_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchError, match="apt-get install valgrind"):
        counting.count(tmp_path)


def test_each_kind_answers_as_it_says() -> None:
    """So that nothing is counted which is refused, and no reply is left for the next."""
    assert len({kind.title for kind in KINDS}) == len(KINDS) >= 12
    with MemoryClient() as client:
        client.negotiate()
        client.feed(ADD_IOTHREAD)
        for kind in KINDS:
            lines = client.feed(kind.sent).splitlines()
            assert len(lines) == kind.lines, kind.title
            assert lines[0].startswith(kind.begins), kind.title
