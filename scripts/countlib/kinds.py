"""What is counted: kinds of requests, each as it is sent, and how its replies begin."""

from __future__ import annotations

import dataclasses

from benchlib.client import request, with_id

WINDOW = 64

_RETURN = b'{"return"'
_ERROR = b'{"error"'
_PATH = "/objects/io0"

#: The object that requests are about, whose thread never polls: it would be counted.
ADD_IOTHREAD = request("object-add", qom_type="iothread", id="io0", poll_max_ns=0)


@dataclasses.dataclass(frozen=True)
class Kind:
    """``sent`` goes out at once, and so many ``lines`` come back, of which the first begins so.

    ``requests``: how many requests the bytes have. ``rounds``: how often they are sent for one
    count, and as often before it, so that nothing is new any more.
    """

    title: str
    sent: bytes
    lines: int = 1
    begins: bytes = _RETURN
    requests: int = 1
    rounds: int = 100


def _window(title: str, message: bytes) -> Kind:
    sent = message * WINDOW
    return Kind(f"{title}, {WINDOW} at once", sent, lines=WINDOW, requests=WINDOW, rounds=20)


_IOTHREADS = request("query-iothreads")
_IOTHREADS_WITH_ID = with_id(_IOTHREADS, 4711)
_SET = request("qom-set", path=_PATH, property="poll-grow", value=2)
_ADD_AND_DELETE = request("object-add", qom_type="iothread", id="io1", poll_max_ns=0) + request(
    "object-del", id="io1"
)

KINDS = (
    Kind("query-version", request("query-version")),
    Kind("query-iothreads", _IOTHREADS),
    Kind("query-iothreads with an id", _IOTHREADS_WITH_ID),
    _window("query-iothreads", _IOTHREADS),
    _window("query-iothreads with an id", _IOTHREADS_WITH_ID),
    Kind("qom-get", request("qom-get", path=_PATH, property="poll-grow")),
    Kind("qom-set", _SET),
    _window("qom-set", _SET),
    Kind("qom-list", request("qom-list", path=_PATH)),
    Kind("object-add and object-del", _ADD_AND_DELETE, lines=2, rounds=40),
    Kind(
        "stop and cont, with an event each",
        request("stop") + request("cont"),
        lines=4,
        rounds=40,
        begins=b"{",
    ),
    Kind("human-monitor-command", request("human-monitor-command", command_line="info status")),
    Kind("a command that is not there", request("no-such"), begins=_ERROR),
    Kind("an argument of another type", request("qom-list", path=1), begins=_ERROR),
    Kind("text that is no JSON", b'{"execute": query}\n', begins=_ERROR),
    Kind("an id of 200 KB", with_id(request("query-name"), "x" * 200_000), rounds=4),
    Kind("query-qmp-schema", request("query-qmp-schema"), rounds=4),
)
