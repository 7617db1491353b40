"""How far a long run is."""

from __future__ import annotations

import io
import sys
import threading
from types import SimpleNamespace

import pytest

from qmp_iothreadd.lab import progress as module
from qmp_iothreadd.lab.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that a test sets."""
    now = [100.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


@pytest.fixture
def no_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)


def test_nothing_is_shown_in_the_first_second(clock: list[float]) -> None:
    terminal = Terminal()
    with progress(10, "runs", stream=terminal) as advance:
        clock[0] += 0.9
        advance(9)
    assert terminal.getvalue() == ""


def test_nothing_is_shown_where_nobody_looks(clock: list[float]) -> None:
    file = io.StringIO()
    with progress(10, "runs", stream=file) as advance:
        clock[0] += 60
        advance(9)
    assert file.getvalue() == ""
    assert advance.done == 9


@pytest.mark.usefixtures("no_rich")
def test_without_rich_it_is_a_line_that_is_gone_at_the_end(clock: list[float]) -> None:
    terminal = Terminal()
    with progress(10, "runs", stream=terminal) as advance:
        clock[0] += 2
        advance(0)
        clock[0] += 0.05
        advance(4)  # too soon after the last
        clock[0] += 58
        advance(1)
        clock[0] += 7200
        advance.reach(8)
        clock[0] += 1
        advance(5)
    assert terminal.getvalue().split("\x1b[K") == [
        "\rruns: 0% ",
        "\rruns: 50% 1:00 left",
        "\rruns: 80% 30:15 left",
        "\rruns: 100% 0:00 left",
        "\r",
        "",
    ]


@pytest.mark.usefixtures("no_rich")
def test_hours_are_told_and_a_total_of_none_is_all(clock: list[float]) -> None:
    terminal = Terminal()
    with progress(100, "runs", stream=terminal) as advance:
        clock[0] += 3600
        advance(20)
    with progress(0, "none", stream=terminal) as advance:
        clock[0] += 2
        advance(1)
    assert "runs: 20% 4:00:00 left" in terminal.getvalue()
    assert "none: 100% " in terminal.getvalue()


def test_with_rich_it_is_a_bar(clock: list[float]) -> None:
    terminal = Terminal()
    with progress(10, "[runs]", stream=terminal) as advance:
        clock[0] += 30
        advance(5)
        shown = terminal.getvalue()
    assert "[runs]" in shown
    assert "50%" in shown
    assert "0:30 left" in shown


def test_threads_may_tell_at_once() -> None:
    def tell() -> None:
        for _ in range(1000):
            advance()

    with progress(4000, "runs", stream=io.StringIO()) as advance:
        threads = [threading.Thread(target=tell) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert advance.done == 4000


def test_standard_error_is_where_it_is_shown_by_default(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress(2, "runs") as advance:
        clock[0] += 10
        advance()
    assert "0:10 left" in terminal.getvalue()
