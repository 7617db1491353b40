"""What a recording answers: by command and arguments, then by order. No IO.

A client is given what the recorded one of its number was given (those who come after the last, what
the last was given). The answers of one command with the same arguments come in their order, and the
last of them again and again. Arguments that were not recorded get the command's next answer that
nobody had yet; so names that a client makes up anew in each run do no harm.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from qmp_iothreadd import errors
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing.recordings.format import Entry, Recording
from qmp_iothreadd.testing.recordings.messages import Message, Value, id_of
from qmp_iothreadd.testing.recordings.scenes import Client, Scene, clients_of

_NEGOTIATION: Final = "qmp_capabilities"


@dataclass(frozen=True, slots=True)
class Step:
    """Send ``data``, or close the connection where it is None, ``delay`` seconds after the last."""

    delay: float
    data: bytes | None


class Player:
    """The answers of one recording. ``exact``: to recorded arguments alone.

    Raises:
        ValueError: there is no client in it.
    """

    def __init__(self, recording: Recording, *, exact: bool = False) -> None:
        self._clients = clients_of(recording)
        self._exact = exact
        self._came = 0
        if not self._clients:
            raise ValueError("the recording is empty")

    def connect(self) -> PlayedConnection:
        """The next client's connection."""
        client = self._clients[min(self._came, len(self._clients) - 1)]
        self._came += 1
        return PlayedConnection(client, exact=self._exact)


class PlayedConnection:
    """What one client is told."""

    def __init__(self, client: Client, *, exact: bool) -> None:
        self._client = client
        self._answers = Answers(client.scenes, exact=exact)

    def opening(self) -> list[Step]:
        """What comes before a request."""
        greeting, opening = self._client.greeting, self._client.opening
        steps = []
        if greeting is not None and greeting.greeting is not None:
            steps.append(Step(0.0, greeting.greeting.sent_by_server()))
        steps += _events(opening.after, greeting.time if greeting else 0.0)
        if opening.closes:
            steps.append(Step(0.0, None))
        return steps

    def answer(self, message: Message) -> list[Step]:
        """What a request gets."""
        try:
            scene = self._answers.find(message)
        except QmpError as error:
            return [Step(0.0, _reply_bytes(message, _error_reply(error)))]
        if scene is None:
            return [Step(0.0, _reply_bytes(message, {"return": {}}))]
        return _steps(scene, message)


def _steps(scene: Scene, message: Message) -> list[Step]:
    steps = _events(scene.before, scene.time)
    exchange = scene.exchange
    if exchange is not None and exchange.reply is not None:
        last = scene.before[-1].time if scene.before else scene.time
        data = _recorded_reply(exchange, message)
        steps.append(Step(max(0.0, scene.replied - last), data))
    steps += _events(scene.after, scene.replied)
    if scene.closes:
        steps.append(Step(0.0, None))
    return steps


def _events(events: list[Entry], since: float) -> list[Step]:
    steps = []
    for entry in events:
        if entry.event is not None:
            steps.append(Step(max(0.0, entry.time - since), entry.event.sent_by_server()))
        since = entry.time
    return steps


def _recorded_reply(exchange: Entry, message: Message) -> bytes:
    """The recorded reply, with the id of today's request."""
    reply, recorded = exchange.reply, exchange.request
    assert reply is not None
    if reply.size is not None:
        what = f"The recording has only the beginning of this reply of {reply.size} bytes"
        return _reply_bytes(message, _error_reply(QmpError(what)))
    if reply.value is None or (
        recorded is not None and id_of(recorded.value) == id_of(message.value)
    ):
        return reply.sent_by_server()
    return _reply_bytes(message, {k: v for k, v in reply.value.items() if k != "id"})


def _reply_bytes(message: Message, reply: Value) -> bytes:
    if message.value is not None and "id" in message.value:
        reply = {**reply, "id": message.value["id"]}
    return Message(reply).sent_by_server()


def _error_reply(error: QmpError) -> Value:
    return {"error": {"class": error.error_class, "desc": error.desc}}


# -- Finding an answer -----------------------------------------------------------------------------


@dataclass(slots=True)
class _Known:
    """The scenes of a command with some arguments, those that nobody had yet, and the last."""

    fresh: deque[Scene] = field(default_factory=deque)
    last: Scene | None = None

    def take(self) -> Scene | None:
        """The next; the last one again where there is none."""
        if self.fresh:
            self.last = self.fresh.popleft()
        return self.last


class Answers:
    """Scenes by command and arguments."""

    def __init__(self, scenes: list[Scene], *, exact: bool = False) -> None:
        self._exact = exact
        self._by_request: dict[bytes, _Known] = {}
        self._by_command: dict[str, deque[_Known]] = {}
        for scene in scenes:
            self._add(scene)

    def _add(self, scene: Scene) -> None:
        exchange = scene.exchange
        if exchange is None or exchange.request is None:
            return
        key = _key(exchange.request)
        known = self._by_request.get(key)
        if known is None:
            known = self._by_request[key] = _Known()
        known.fresh.append(scene)
        if exchange.command:
            self._by_command.setdefault(exchange.command, deque()).append(known)

    def find(self, message: Message) -> Scene | None:
        """The scene of a request; None where negotiation, which was not recorded, just succeeds.

        Raises:
            QmpError: there is none.
        """
        known = self._by_request.get(_key(message))
        if known is not None:
            return known.take()
        name = command_name(message)
        others = self._by_command.get(name)
        if others is None:
            if name == _NEGOTIATION:
                return None
            raise errors.command_not_found(name)
        while others and not others[0].fresh:
            others.popleft()
        if self._exact or not others:
            raise QmpError(f"The recording has no '{name}' with these arguments")
        return others[0].take()


def command_name(message: Message) -> str:
    """The command that a request names.

    Raises:
        QmpError: it is no request; in QEMU's words.
    """
    if message.error is not None:
        raise message.error
    if message.value is None:
        raise errors.input_not_object()
    from qmp_iothreadd.qmp.session import check_envelope  # a recording alone has no session

    name, _ = check_envelope(message.value, allow_oob=True)
    return name


def _key(message: Message) -> bytes:
    """Equal for requests that are to have the same answer."""
    value = message.value
    if value is None:
        return b"raw " + (message.raw or b"").strip()
    asked = {name: member for name, member in value.items() if name != "id"}
    if not asked.get("arguments", True):
        del asked["arguments"]  # empty
    try:
        return json.dumps(asked, sort_keys=True).encode()
    except RecursionError:
        return b"raw " + (message.raw or b"").strip()
