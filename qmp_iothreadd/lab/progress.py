"""How far a long run is, on a terminal: a bar with the time left, gone at the end."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Protocol, TextIO

# What is over sooner shows nothing, and a terminal is not told more often than eyes follow.
_SHOWN_AFTER_S = 1.0
_AGAIN_AFTER_S = 0.1


class _Drawing(Protocol):
    def draw(self, done: int, elapsed_s: float) -> None: ...

    def clear(self) -> None: ...


class Bar:
    """What ``progress`` gives: a call says how much more is done; any thread may call.

    It is drawn by those calls alone: a thread that draws would show in what is measured.
    """

    def __init__(self, total: int, words: str, stream: TextIO) -> None:
        self.total = total
        self.done = 0
        self._words = words
        self._stream = stream
        self._shown = stream.isatty()
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._next = self._began + _SHOWN_AFTER_S
        self._drawing: _Drawing | None = None

    def __call__(self, more: int = 1) -> None:
        """So many more are done."""
        with self._lock:
            self._reached(self.done + more)

    def reach(self, done: int) -> None:
        """So many are done in all."""
        with self._lock:
            self._reached(done)

    def close(self) -> None:
        """Take it from the terminal."""
        with self._lock:
            if self._drawing is not None:
                self._drawing.clear()
            self._drawing, self._shown = None, False

    def _reached(self, done: int) -> None:
        self.done = min(done, self.total)
        now = time.monotonic()
        if not self._shown or now < self._next:
            return
        self._next = now + _AGAIN_AFTER_S
        if self._drawing is None:
            self._drawing = _drawing(self.total, self._words, self._stream)
        self._drawing.draw(self.done, now - self._began)


@contextlib.contextmanager
def progress(total: int, words: str, *, stream: TextIO | None = None) -> Iterator[Bar]:
    """Show how much of a total is done, from the first second on, where errors go to a terminal.

    >>> with progress(3, "runs") as advance:
    ...     for _ in range(3):
    ...         advance(1)

    Args:
        total: how many there are to do; more than that is not shown.
        words: what they are.
        stream: where it is shown; by default standard error.
    """
    bar = Bar(total, words, sys.stderr if stream is None else stream)
    try:
        yield bar
    finally:
        bar.close()


def _drawing(total: int, words: str, stream: TextIO) -> _Drawing:
    try:
        return _Rich(total, words, stream)
    except ImportError:
        return _Plain(total, words, stream)


class _Plain:
    """A line that is written over, where rich is not installed."""

    def __init__(self, total: int, words: str, stream: TextIO) -> None:
        self._total = total
        self._words = words
        self._stream = stream

    def draw(self, done: int, elapsed_s: float) -> None:
        share = done / self._total if self._total else 1.0
        left = _left(done, self._total, elapsed_s)
        self._stream.write(f"\r{self._words}: {share:.0%} {left}\x1b[K")
        self._stream.flush()

    def clear(self) -> None:
        self._stream.write("\r\x1b[K")
        self._stream.flush()


class _Rich:
    """A bar of rich's, as wide as the terminal allows."""

    def __init__(self, total: int, words: str, stream: TextIO) -> None:
        from rich import progress
        from rich.console import Console

        self._bar = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TextColumn("{task.fields[left]}", markup=False),
            console=Console(file=stream),
            transient=True,
            auto_refresh=False,
        )
        self._task = self._bar.add_task(words, total=total, left="")
        self._bar.start()

    def draw(self, done: int, elapsed_s: float) -> None:
        left = _left(done, self._bar.tasks[0].total or 0, elapsed_s)
        self._bar.update(self._task, completed=done, left=left, refresh=True)

    def clear(self) -> None:
        self._bar.stop()


def _left(done: int, total: float, elapsed_s: float) -> str:
    """How long the rest takes if it goes on so; nothing before any is done."""
    if not done:
        return ""
    minutes, seconds = divmod(round(elapsed_s * (total - done) / done), 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{clock} left"
