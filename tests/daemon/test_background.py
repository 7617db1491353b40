"""Going to the background: what parent and child do, without a fork. (With one: test_daemon.)"""

from __future__ import annotations

import os
from typing import Any

import pytest

from qmp_iothreadd.daemon import background


class Exited(Exception):  # noqa: N818 -- not an error
    """In place of the process's end."""


class System:
    """In place of ``os``: a process that can be parent and child."""

    devnull = os.devnull
    O_RDWR = os.O_RDWR

    def __init__(self, forks: list[int], verdict: bytes = b"") -> None:
        self.calls: list[Any] = []
        self._forks = forks
        self._verdict = verdict

    def fork(self) -> int:
        return self._forks.pop(0)

    def pipe(self) -> tuple[int, int]:
        return 10, 11

    def read(self, fd: int, size: int) -> bytes:
        return self._verdict

    def open(self, path: str, flags: int) -> int:
        return 12

    def _exit(self, status: int) -> None:
        self.calls.append(("exit", status))
        raise Exited

    def __getattr__(self, name: str) -> Any:
        return lambda *args: self.calls.append((name, *args))


@pytest.mark.parametrize(("verdict", "status"), [(b"\0", 0), (b"", 1)])
def test_the_parent_leaves_with_the_childs_verdict(
    monkeypatch: pytest.MonkeyPatch, verdict: bytes, status: int
) -> None:
    system = System([77], verdict)
    monkeypatch.setattr(background, "os", system)
    with pytest.raises(Exited):
        background.Background()
    assert system.calls == [("close", 11), ("waitpid", 77, 0), ("exit", status)]


def test_the_first_child_leaves_the_daemon_to_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System([0, 78])
    monkeypatch.setattr(background, "os", system)
    with pytest.raises(Exited):
        background.Background()
    assert system.calls == [("close", 10), ("setsid",), ("exit", 0)]


def test_the_second_child_goes_on_and_lets_go_when_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System([0, 0])
    monkeypatch.setattr(background, "os", system)
    made = background.Background()
    assert system.calls == [("close", 10), ("setsid",), ("umask", 0o027)]
    system.calls.clear()
    made.ready()
    assert system.calls == [
        ("chdir", "/"),
        *(("dup2", 12, fd) for fd in (0, 1, 2)),
        ("close", 12),
        ("write", 11, b"\0"),
        ("close", 11),
    ]
