"""A recording as a server's script: it answers what the server has no function for."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qapi.python_names import python_name
from qmp_iothreadd.testing.recordings.format import Entry, Recording, read_recording
from qmp_iothreadd.testing.recordings.messages import Message
from qmp_iothreadd.testing.recordings.player import Answers
from qmp_iothreadd.testing.recordings.scenes import Scene, clients_of

if TYPE_CHECKING:
    from qmp_iothreadd.qmp.registry import Context
    from qmp_iothreadd.scripting.script import Script


def script_recording(
    recording: Recording | str | Path, script: Script, known: Collection[str]
) -> list[str]:
    """Answer the recorded commands that are not ``known`` as was recorded. Returns: their names.

    By arguments, then by order, as ``player`` has it, of all recorded clients together; with the
    events that came between the request and the next. What is not used is not left over.

    Raises:
        OSError, RecordingError: a file cannot be read, or is no recording.
    """
    if not isinstance(recording, Recording):
        recording = read_recording(recording)
    scenes = [scene for client in clients_of(recording) for scene in client.scenes]
    scenes.sort(key=lambda scene: scene.time)
    by_command: dict[str, list[Scene]] = {}
    for scene in scenes:
        by_command.setdefault(_command(scene), []).append(scene)
    names = sorted(by_command.keys() - {"", *known})
    for name in names:
        function = _Replayed(name, by_command[name], script)
        script.responses.respond(name, function, check=False, optional=True)
    return names


def _command(scene: Scene) -> str:
    return scene.exchange.command if scene.exchange else ""


class _Replayed:
    """A command's function; its arguments are spelled as Python's are."""

    def __init__(self, name: str, scenes: Iterable[Scene], script: Script) -> None:
        self._name = name
        self._script = script
        self._scenes: dict[int, Scene] = {}
        respelled = []
        for scene in scenes:
            made = Scene(Entry(request=self._request(_arguments(scene))))
            self._scenes[id(made)] = scene
            respelled.append(made)
        self._answers = Answers(respelled)

    def __call__(self, ctx: Context, /, **arguments: Any) -> Any:
        found = self._answers.find(self._request(arguments))
        assert found is not None
        scene = self._scenes[id(found)]
        self._emit(scene.before)
        if scene.after:
            asyncio.get_running_loop().call_soon(self._emit, scene.after)
        reply = scene.exchange.reply if scene.exchange else None
        return _value(self._name, reply)

    def _request(self, arguments: dict[str, Any]) -> Message:
        given = {python_name(key): value for key, value in arguments.items() if value is not None}
        return Message({"execute": self._name, "arguments": given})

    def _emit(self, events: list[Entry]) -> None:
        for entry in events:
            value = (entry.event.value if entry.event else None) or {}
            self._script.emit(str(value.get("event")), value.get("data"), check=False)


def _arguments(scene: Scene) -> dict[str, Any]:
    value = scene.exchange.request.value if scene.exchange and scene.exchange.request else None
    found = (value or {}).get("arguments")
    return found if isinstance(found, dict) else {}


def _value(name: str, reply: Message | None) -> Any:
    """What a recorded reply returns.

    Raises:
        QmpError: it is an error, or cannot be known.
    """
    value = reply.value if reply is not None and reply.size is None else None
    error = (value or {}).get("error")
    if isinstance(error, dict):
        raise QmpError(str(error.get("desc")), str(error.get("class")))
    if value is None or "return" not in value:
        raise QmpError(f"The recording has no legible reply to '{name}'")
    return value["return"]
