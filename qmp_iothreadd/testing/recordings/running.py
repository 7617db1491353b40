"""What the commands of ``qmp-tap`` do."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import signal
import sys
from collections.abc import Callable, Iterator
from typing import IO

from qmp_iothreadd.testing.recordings.addresses import listening, parse_address
from qmp_iothreadd.testing.recordings.format import (
    Entry,
    Recording,
    RecordingError,
    entry_line,
    header_line,
    read_recording,
    write_recording,
)
from qmp_iothreadd.testing.recordings.masks import Masking
from qmp_iothreadd.testing.recordings.saying import DIFFERENT, say, show_progress


def record(upstream: str, listen: str, out: str, *, once: bool, force: bool) -> int:
    """Record until a signal comes, or if ``once`` until a client has left. Returns 0."""
    from qmp_iothreadd.testing.recordings.tap import Tap

    source, address = parse_address(upstream), parse_address(listen)
    with listening(address) as listener, _output(out, force=force) as file:
        began = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        file.write(header_line(str(source), began))
        file.flush()
        counts = _Counts()

        def write(entry: Entry) -> None:
            file.write(entry_line(entry))
            file.flush()
            counts.add(entry)

        tap = Tap(source, write, say, once=once)
        say(f"listens on {address}, for {source}; Ctrl-C ends it")
        asyncio.run(_until_signal(tap.serve(listener), tap.stop))
    say(f"recorded {counts}")
    return 0


def replay(path: str, listen: str, *, timing: bool, exact: bool, once: bool) -> int:
    """Serve a recording until a signal comes, or if ``once`` until a client has left. Returns 0."""
    from qmp_iothreadd.testing.recordings.player import Player
    from qmp_iothreadd.testing.recordings.serving import ReplayServer

    address = parse_address(listen)
    player = Player(_read(path), exact=exact)

    async def serve() -> ReplayServer:
        server = ReplayServer(player, timing=timing, once=once)
        await _until_signal(server.serve(listener), server.stop)
        return server

    with listening(address) as listener:
        say(f"listens on {address}; Ctrl-C ends it")
        served = asyncio.run(serve())
    say(f"answered {_count(served.requests, 'request')} of {_count(served.clients, 'client')}")
    return 0


def diff(path: str, other: str | None, against: str | None, args: list[str], masks: Masking) -> int:
    """Print what differs. Returns: 1 if anything does."""
    from qmp_iothreadd.testing.recordings.comparison import differences, shown

    recording = _read(path)
    if other is not None:
        answers, name = _read(other), other
    else:
        answers, name = _answers(recording, against or "", args), against or ""
    found = differences(recording, answers, masks)
    if found:
        print(f"--- {path}\n+++ {name}")
    where = ""
    for each in found:
        if each.where != where:
            where = each.where
            print(where)
        print(f"-   {each.path}: {shown(each.a)}\n+   {each.path}: {shown(each.b)}")
    return DIFFERENT if found else 0


def redact(path: str, out: str, members: list[str], *, paths: bool, force: bool) -> int:
    """Write a recording without secrets. Returns 0."""
    from qmp_iothreadd.testing.recordings.redaction import Redaction

    redaction = Redaction(members, paths=paths)
    redacted = redaction.apply(_read(path))
    with _output(out, force=force) as file:
        write_recording(redacted, file)
    say(f"took out {_count(redaction.count, 'secret')}; read the result before you give it away")
    return 0


def import_log(path: str, out: str, *, force: bool) -> int:
    """Write a recording of what a log tells. Returns 0."""
    from qmp_iothreadd.testing.recordings.logs import read_log

    recording, illegible = read_log(path)
    with _output(out, force=force) as file:
        write_recording(recording, file)
    counts = _Counts()
    for entry in recording.entries:
        counts.add(entry)
    say(f"found {counts}")
    if illegible:
        say(f"left out {_count(illegible, 'message')} that cannot be read; logs cut off long ones")
    return 0


# -- Parts of it -----------------------------------------------------------------------------------


def _read(path: str) -> Recording:
    """A recording with something in it."""
    recording = read_recording(path)
    if not recording.entries:
        raise RecordingError(f"{path}: the recording is empty")
    return recording


def _answers(recording: Recording, against: str, args: list[str]) -> Recording:
    total = len(recording.entries)

    def progress(count: int) -> None:
        show_progress(f"{count} of {total} …")

    if against == "daemon":
        from qmp_iothreadd.testing.recordings.daemon import answers_of_daemon

        return answers_of_daemon(recording, *args, progress=progress)
    from qmp_iothreadd.testing.recordings.asking import ask, connector

    return ask(recording, connector(parse_address(against)), progress)


async def _until_signal(serving: object, stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    await serving  # type: ignore[misc]


@contextlib.contextmanager
def _output(path: str, *, force: bool) -> Iterator[IO[str]]:
    """A file to write, which is not to be there already; ``-`` is standard output."""
    if path == "-":
        yield sys.stdout
        return
    try:
        file = open(path, "w" if force else "x", encoding="utf-8")  # noqa: SIM115 -- below
    except FileExistsError:
        raise RecordingError(f"{path} is there already: name another, or give --force") from None
    with file:
        yield file


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


class _Counts:
    """How much was recorded."""

    def __init__(self) -> None:
        self._exchanges = 0
        self._events = 0
        self._clients: set[int] = set()

    def add(self, entry: Entry) -> None:
        """Count it, and show it."""
        self._clients.add(entry.client)
        self._exchanges += entry.request is not None
        self._events += entry.event is not None
        show_progress(f"{self} …")

    def __str__(self) -> str:
        exchanges, events = _count(self._exchanges, "exchange"), _count(self._events, "event")
        return f"{exchanges} and {events} of {_count(len(self._clients), 'client')}"
