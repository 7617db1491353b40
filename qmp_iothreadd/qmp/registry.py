"""Commands are functions, found by their QMP name; the schema says what they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

CommandFunction = Callable[..., Any]
_F = TypeVar("_F", bound=CommandFunction)

COMMANDS: dict[str, CommandFunction] = {}


class Context(Protocol):
    """What a command sees of the session it was called in."""

    @property
    def machine(self) -> Machine:
        """The state to act on."""

    @property
    def monitor_id(self) -> str:
        """The id of the monitor object that the request came through."""

    def negotiate(self, capabilities: list[str]) -> None:
        """End capabilities negotiation."""


def command(name: str) -> Callable[[_F], _F]:
    """Register a function under the name that clients call.

    It is called with a ``Context`` and the arguments as keywords (``-`` spelled ``_``, absent ones
    as None); a command whose arguments are boxed gets them as one dict, ``arg``. It returns the
    value, None where there is none, or a coroutine; it fails by raising ``QmpError``.
    """

    def register(function: _F) -> _F:
        COMMANDS[name] = function
        return function

    return register
