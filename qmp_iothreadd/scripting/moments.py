"""What a message is, and when faults meet it: FaultMessage and FaultTime of the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from qmp_iothreadd.qmp.session_script import Message

REPLY: Final = "reply"
EVENT: Final = "event"
GREETING: Final = "greeting"

BEFORE: Final = "before"
AFTER: Final = "after"


def kind_of(message: Message) -> str:
    """Which of them a message of the server's is."""
    if "event" in message:
        return EVENT
    return GREETING if "QMP" in message else REPLY


def command_of(request: object) -> str | None:
    """The command that a request names, None where it names none."""
    if not isinstance(request, dict):
        return None
    name = request.get("execute", request.get("exec-oob"))
    return name if isinstance(name, str) else None
