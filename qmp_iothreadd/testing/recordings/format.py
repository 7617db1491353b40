"""A recording: what was said on the connections to a monitor, in a file of JSON lines.

The first line says what it is of, each other one what happened to one client, with ``client``, a
number from 1 on, and ``time``, seconds since the recording began::

    {"recording": 1, "of": "/run/vm0.sock", "began": "2026-11-28T12:00:00+00:00"}
    {"client": 1, "greeting": {"QMP": …}, "time": 0.0012}
    {"client": 1, "request": {"execute": "stop"}, "reply": {"return": {}}, "time": …, "took": …}
    {"client": 1, "event": {"event": "STOP", …}, "time": …}
    {"client": 1, "closed": "client", "time": …}

A line is written when it is complete: an exchange stands where its reply came, and its ``time`` is
that of the request. A member ``…_raw`` has bytes that are not the usual spelling of a value: a
string, or ``{"b64": …}`` where they are no UTF-8; ``…_size`` says that it is only the beginning.
``descriptors`` is how many came with a request. An exchange without ``reply`` was not answered, one
without ``request`` was not asked for. Members may be left out where there is nothing to say.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Literal

from qmp_iothreadd.errors import Error
from qmp_iothreadd.testing.recordings.messages import Message, is_json

VERSION: Final = 1

LINE_MAX: Final = 32 << 20
"""No line of a recording is longer, in bytes."""
ENTRIES_MAX: Final = 1_000_000

Side = Literal["client", "server", "tap"]
SIDES: Final = ("client", "server", "tap")


class RecordingError(Error):
    """A file is no recording; the text says where and why."""


@dataclass(slots=True)
class Entry:
    """What happened to one client: one of ``greeting``, ``event``, ``closed``, or an exchange.

    ``closed`` is who closed the connection. ``time`` and ``took`` are seconds.
    """

    client: int = 1
    greeting: Message | None = None
    request: Message | None = None
    reply: Message | None = None
    event: Message | None = None
    closed: Side | None = None
    descriptors: int = 0
    time: float = 0.0
    took: float = 0.0

    @property
    def command(self) -> str:
        """The name of what was asked for; empty where none was, or it is no string."""
        value = self.request.value if self.request else None
        name = (value or {}).get("execute", (value or {}).get("exec-oob"))
        return name if isinstance(name, str) else ""

    def messages(self) -> Iterator[tuple[str, Message]]:
        """What it has, by the names of the members."""
        for name in _MESSAGES:
            message = getattr(self, name)
            if message is not None:
                yield name, message


@dataclass(slots=True)
class Recording:
    """Entries in the order in which they were complete; ``of`` is what was recorded."""

    entries: list[Entry] = field(default_factory=list)
    of: str = ""
    began: str = ""

    def clients(self) -> dict[int, list[Entry]]:
        """The entries of each client."""
        found: dict[int, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.client, []).append(entry)
        return found

    def commands(self) -> set[str]:
        """The names of all commands."""
        return {entry.command for entry in self.entries} - {""}


_MESSAGES: Final = ("greeting", "request", "reply", "event")

# -- Writing ---------------------------------------------------------------------------------------


def header_line(of: str, began: str) -> str:
    """The first line of a recording."""
    return json.dumps({"recording": VERSION, "of": of, "began": began}) + "\n"


def entry_line(entry: Entry) -> str:
    """The line of an entry."""
    members: dict[str, Any] = {"client": entry.client}
    for name, message in entry.messages():
        if message.value is not None and message.size is None and is_json(message.value):
            members[name] = message.value
        if message.raw is not None:
            members[f"{name}_raw"] = _raw_text(message.raw)
        if message.size is not None:
            members[f"{name}_size"] = message.size
    if entry.closed:
        members["closed"] = entry.closed
    if entry.descriptors:
        members["descriptors"] = entry.descriptors
    members["time"] = round(entry.time, 6)
    if entry.request is not None and entry.reply is not None:
        members["took"] = round(entry.took, 6)
    return json.dumps(members) + "\n"


def _raw_text(raw: bytes) -> str | dict[str, str]:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(raw).decode()}


def write_recording(recording: Recording, file: IO[str]) -> None:
    """Write a recording whole."""
    file.write(header_line(recording.of, recording.began))
    file.writelines(map(entry_line, recording.entries))


# -- Reading ---------------------------------------------------------------------------------------


def read_recording(path: str | Path) -> Recording:
    """Read the recording in a file.

    Raises:
        OSError: it cannot be read.
        RecordingError: it is no recording; with the number of the line.
    """
    with open(path, "rb") as file:
        lines = iter(lambda: file.readline(LINE_MAX + 1), b"")
        try:
            return parse_recording(lines)
        except RecordingError as error:
            raise RecordingError(f"{path}:{error}") from None


def parse_recording(lines: Iterable[bytes]) -> Recording:
    """The recording that lines, as bytes, are.

    Raises:
        RecordingError: they are none; it begins with the number of the line.
    """
    made = Recording()
    for number, line in enumerate(lines, 1):
        try:
            _read_line(made, number, line)
        except RecordingError as error:
            raise RecordingError(f"{number}: {error}") from None
    return made


def _read_line(recording: Recording, number: int, line: bytes) -> None:
    if len(line) > LINE_MAX:
        raise RecordingError(f"a line has {LINE_MAX >> 20} MiB at most")
    if not line.strip():
        return
    if len(recording.entries) == ENTRIES_MAX:
        raise RecordingError(f"a recording has {ENTRIES_MAX} lines at most; divide it")
    try:
        members = json.loads(line, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        advice = "" if line.endswith(b"\n") else "; it is cut off, take it away to use the others"
        raise RecordingError(f"not a line of JSON ({error}){advice}") from None
    if not isinstance(members, dict):
        raise RecordingError("not an object: this is no recording of qmp-tap's")
    if number == 1 and "recording" in members:
        _read_header(recording, members)
    else:
        recording.entries.append(_Reader(members).entry())


def _finite(text: str) -> float:
    """A number of JSON's. Raises ValueError: it is infinite, or none."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not finite")
    return value


def _read_header(recording: Recording, members: dict[str, Any]) -> None:
    version = members["recording"]
    if version != VERSION:
        raise RecordingError(f"version {version!r}; this program reads version {VERSION}")
    reader = _Reader(members)
    reader.take("recording", int)
    recording.of = reader.take("of", str, "")
    recording.began = reader.take("began", str, "")
    reader.nothing_left()


class _Reader:
    """The members of a line, taken one by one."""

    def __init__(self, members: dict[str, Any]) -> None:
        self._left = dict(members)

    def take(self, name: str, kind: type, default: Any = None) -> Any:
        value = self._left.pop(name, default)
        if value is not default and type(value) is not kind:
            raise RecordingError(f"'{name}' is to be of the type {kind.__name__}")
        return value

    def nothing_left(self) -> None:
        for name in self._left:
            raise RecordingError(f"'{name}' is not a member of such a line")

    def entry(self) -> Entry:
        made = Entry(
            client=self._number("client", 1, least=1),
            **{name: self._message(name) for name in _MESSAGES},
            closed=self._side(),
            descriptors=self._number("descriptors", 0),
            time=self._seconds("time"),
            took=self._seconds("took"),
        )
        self.nothing_left()
        exchange = made.request is not None or made.reply is not None
        kinds = exchange + sum(map(bool, (made.greeting, made.event, made.closed)))
        if kinds != 1:
            raise RecordingError(
                "it is to have one of 'greeting', 'request' with 'reply', 'event', and 'closed'"
            )
        return made

    def _message(self, name: str) -> Message | None:
        value = self.take(name, dict)
        raw = self._raw(f"{name}_raw")
        size = self._number(f"{name}_size", 0) or None
        if value is None and raw is None:
            return None
        return Message(value, raw, size)

    def _raw(self, name: str) -> bytes | None:
        found = self._left.pop(name, None)
        if isinstance(found, dict) and isinstance(found.get("b64"), str) and len(found) == 1:
            try:
                return base64.b64decode(found["b64"], validate=True)
            except binascii.Error:
                raise RecordingError(f"'b64' of '{name}' is not Base64") from None
        if found is not None and not isinstance(found, str):
            raise RecordingError(f"'{name}' is to be a string, or {{'b64': …}}")
        try:
            return None if found is None else found.encode()
        except UnicodeEncodeError:
            raise RecordingError(f"'{name}' has half a character; give it as 'b64'") from None

    def _side(self) -> Side | None:
        found = self._left.pop("closed", None)
        for side in SIDES:
            if found == side:
                return side
        if found is not None:
            raise RecordingError(f"'closed' is to be one of {', '.join(SIDES)}")
        return None

    def _number(self, name: str, default: int, *, least: int = 0) -> int:
        found: int = self.take(name, int, default)
        if found < least:
            raise RecordingError(f"'{name}' is to be {least} or more")
        return found

    def _seconds(self, name: str) -> float:
        found = self._left.pop(name, 0.0)
        if type(found) not in (int, float) or not 0 <= found < 1e9:
            raise RecordingError(f"'{name}' is to be a number of seconds")
        return float(found)
