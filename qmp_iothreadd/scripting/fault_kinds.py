"""The table of faults: what each does to a message, or to a command that is about to run.

Which options a kind has stands in ``schema/scripting-x.json``, and nowhere else. A new kind is a
value of FaultKind there, and a row here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from qmp_iothreadd import errors
from qmp_iothreadd.errors import GENERIC_ERROR, QmpError
from qmp_iothreadd.scripting import delays
from qmp_iothreadd.scripting.delivery import padded, pieces_of
from qmp_iothreadd.scripting.moments import EVENT, GREETING, REPLY

if TYPE_CHECKING:
    from random import Random

    from qmp_iothreadd.scripting.delivery import Delivery
    from qmp_iothreadd.scripting.steps import Gate, Step, Wire

PIECE: Final = 64 * 1024
"""What is made up is sent in pieces of so many bytes."""

GARBAGE: Final = "{]garbage\r\n"
WRONG_ID: Final = "x-no-such-request"


class Firing(NamedTuple):
    """A fault that meets a message: its words, its random numbers, and what it holds."""

    words: Mapping[str, Any]
    random: Random
    gate: Gate
    delivery: Delivery


class Kind(NamedTuple):
    """A row: what it does, and to what.

    ``on`` are the messages that it can meet, the first unless told otherwise. ``before``: whether
    it can meet a command before that runs; ``first``: whether it does unless told otherwise.
    ``bounds`` are those of its options.
    """

    act: Callable[[Firing], None]
    on: tuple[str, ...] = (REPLY, EVENT, GREETING)
    before: bool = False
    first: bool = False
    bounds: Mapping[str, tuple[float, float]] = {}


def _drop(it: Firing) -> None:
    data = b"" if it.delivery.runs else it.delivery.data
    it.delivery.replace(data if it.words.get("after") else data[: it.words.get("at", 0)])
    it.delivery.cut()


def _lose(it: Firing) -> None:
    it.delivery.replace()


def _delay(it: Firing) -> None:
    seconds = delays.draw(it.random, it.words)
    it.delivery.before.append(lambda wire: wire.pause(seconds))


def _hold(it: Firing) -> None:
    gate, ticket = it.gate, it.gate.ticket()
    it.delivery.before.append(lambda wire: wire.hold(gate, ticket))


def _mute(it: Firing) -> None:
    gate, ticket = it.gate, it.gate.ticket()
    it.delivery.before.append(lambda wire: wire.mute(gate, ticket))


def _duplicate(it: Firing) -> None:
    it.delivery.replace(*repeat(it.delivery.data, it.words.get("copies", 2)))


def _reorder(it: Firing) -> None:
    data, others = it.delivery.data, it.words.get("by", 1)
    it.delivery.replace(lambda wire: wire.send_behind(data, others))


def _stale_id(it: Firing) -> None:
    message = {key: value for key, value in _message(it).items() if key != "id"}
    for previous in it.delivery.previous_id:
        message["id"] = previous
    it.delivery.change(message)


def _wrong_id(it: Firing) -> None:
    it.delivery.change({**_message(it), "id": it.words.get("id", WRONG_ID)})


def _split(it: Firing) -> None:
    data = it.delivery.data
    size = it.words.get("size", 1)
    if "pieces" in it.words:
        size = -(-len(data) // it.words["pieces"]) or 1
    it.delivery.replace(it.delivery.pour(pieces_of(data, size), it.words.get("pause", 0.001)))


def _merge(it: Firing) -> None:
    messages, seconds = it.words.get("messages", 2), it.words.get("seconds", 1.0)
    it.delivery.before.append(lambda wire: wire.gather(messages, seconds))


def _garbage(it: Firing) -> None:
    text: str = it.words.get("text", GARBAGE)
    it.delivery.replace(bytes.fromhex(it.words["hex"]) if "hex" in it.words else text.encode())


def _truncate(it: Firing) -> None:
    data = it.delivery.data
    it.delivery.replace(data[: it.words.get("length", len(data) // 2)])
    if it.words.get("close", True):
        it.delivery.cut()


def _oversize(it: Firing) -> None:
    pieces = padded(it.delivery.data, it.words.get("size", 16 << 20), PIECE)
    it.delivery.replace(it.delivery.pour(pieces))


def _error(it: Firing) -> None:
    given: str | None = it.words.get("error")
    error = errors.asked_for() if given is None else QmpError(given)
    error_class = it.words.get("error-class", GENERIC_ERROR)
    if it.delivery.runs:
        raise QmpError(error.desc, error_class)
    message = {"error": {"class": error_class, "desc": error.desc}}
    if "id" in _message(it):
        message["id"] = _message(it)["id"]
    it.delivery.change(message)


def _version(it: Firing) -> None:
    greeting = _message(it)["QMP"]
    numbers = [*map(int, it.words.get("version", "0").split(".")), 0, 0]
    version = {
        "qemu": dict(zip(("major", "minor", "micro"), numbers, strict=False)),
        "package": it.words.get("package", greeting["version"]["package"]),
    }
    it.delivery.change({"QMP": {**greeting, "version": version}})


def _storm(it: Firing) -> None:
    name, data = it.words.get("name", "RESUME"), it.words.get("data")
    delivery, count = it.delivery, it.words.get("events", 1000)
    one = len(delivery.event(name, data))
    at_once = max(1, PIECE // one)
    sizes = chain(repeat(at_once, count // at_once), [count % at_once])
    pieces = (b"".join([delivery.event(name, data) for _ in range(size)]) for size in sizes)
    delivery.before.append(delivery.pour(pieces))


def _unknown_event(it: Firing) -> None:
    name = it.words.get("name", "X_UNKNOWN")
    it.delivery.before.append(it.delivery.event(name, it.words.get("data")))


def _shutdown(it: Firing) -> None:
    data = {
        "guest": it.words.get("guest", False),
        "reason": it.words.get("reason", "host-signal"),
    }
    it.delivery.replace(it.delivery.event("SHUTDOWN", data))
    it.delivery.cut()


def _stop_reading(it: Firing) -> None:
    gate, ticket, seconds = it.gate, it.gate.ticket(), it.words.get("seconds")

    def stop_reading(wire: Wire) -> None:
        wire.stop_reading(gate, ticket, seconds)

    where: list[Step] = it.delivery.before if it.delivery.runs else it.delivery.after
    where.append(stop_reading)


def _reset(it: Firing) -> None:
    it.delivery.replace()
    it.delivery.after.append(lambda wire: wire.reset())


def _message(it: Firing) -> dict[str, Any]:
    assert it.delivery.message is not None
    return it.delivery.message


_SECONDS: Final = (0.0, delays.LONGEST_S)

KINDS: Final[Mapping[str, Kind]] = {
    "drop": Kind(_drop, before=True),
    "lose": Kind(_lose, before=True),
    "delay": Kind(
        _delay,
        before=True,
        bounds={
            "seconds": _SECONDS,
            "sigma": (0.0, 10.0),
            "min-seconds": _SECONDS,
            "max-seconds": _SECONDS,
        },
    ),
    "hold": Kind(_hold, before=True),
    "mute": Kind(_mute, before=True),
    "duplicate": Kind(_duplicate, bounds={"copies": (1, 1000)}),
    "reorder": Kind(_reorder, bounds={"by": (1, 1000)}),
    "stale-id": Kind(_stale_id, on=(REPLY,)),
    "wrong-id": Kind(_wrong_id, on=(REPLY,)),
    "split": Kind(_split, bounds={"size": (1, 2**32), "pieces": (1, 2**32), "pause": (0.0, 60.0)}),
    "merge": Kind(_merge, bounds={"messages": (2, 1000), "seconds": _SECONDS}),
    "garbage": Kind(_garbage, before=True),
    "truncate": Kind(_truncate),
    "oversize": Kind(_oversize, bounds={"size": (0, 1 << 30)}),
    "error": Kind(_error, on=(REPLY,), before=True, first=True),
    "version": Kind(_version, on=(GREETING,)),
    "storm": Kind(_storm, before=True, bounds={"events": (1, 10**7)}),
    "unknown-event": Kind(_unknown_event, before=True),
    "shutdown": Kind(_shutdown, before=True),
    "stop-reading": Kind(_stop_reading, before=True, bounds={"seconds": _SECONDS}),
    "refuse": Kind(_reset, on=(GREETING,)),
    "reset": Kind(_reset, before=True),
}
