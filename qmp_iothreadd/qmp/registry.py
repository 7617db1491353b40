"""Commands are functions, found by their QMP name; the schema says what they take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from qmp_iothreadd import errors

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.machine.monitors import Monitor
    from qmp_iothreadd.qmp.descriptor_inbox import DescriptorInbox

CommandFunction = Callable[..., Any]
_F = TypeVar("_F", bound=CommandFunction)


class NotPreparedError(Exception):
    """A command did a part of what its first call has to do once, and is to be called again.

    Others have their turns between; nothing of the command itself has happened.
    """


class CommandTable(Mapping[str, CommandFunction]):
    """Functions by the name that clients call.

    ``soon`` and ``later``: modules that register more. They are imported one after the other until
    a name is found, or all of them where all are asked for: most clients call few commands, and the
    greeting waits for none of these. Those of ``soon`` are imported by a daemon that serves.
    """

    def __init__(self) -> None:
        self.soon: list[str] = []
        self.later: list[str] = []
        self._functions: dict[str, CommandFunction] = {}

    def register(self, name: str, function: CommandFunction) -> None:
        """Add a function, or replace the one of this name."""
        self._functions[name] = function

    def __getitem__(self, name: str) -> CommandFunction:
        while name not in self._functions and (self.soon or self.later):
            self._load_next()
        return self._functions[name]

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(self._functions)

    def __len__(self) -> int:
        self._load()
        return len(self._functions)

    def loading_soon(self) -> Iterator[None]:
        """Import the modules of ``soon``, one as the next is asked for."""
        while self.soon:
            self._load_next()
            yield

    def _load(self) -> None:
        while self.soon or self.later:
            self._load_next()

    def _load_next(self) -> None:
        modules = self.soon or self.later
        name = modules.pop(0)
        try:
            errors.import_late(name)
        except BaseException:
            modules.insert(0, name)
            raise


COMMANDS: Final = CommandTable()


class Context(Protocol):
    """What a command sees of the session it was called in."""

    @property
    def machine(self) -> Machine:
        """The state to act on."""

    @property
    def monitor(self) -> Monitor:
        """The monitor that the request came through."""

    @property
    def inbox(self) -> DescriptorInbox:
        """The descriptors that came with the client's requests."""

    @property
    def named_descriptors(self) -> dict[str, int]:
        """Those that the monitor's clients named with getfd."""

    def negotiate(self, capabilities: list[str]) -> None:
        """End capabilities negotiation."""


def command(name: str) -> Callable[[_F], _F]:
    """Register a function under the name that clients call.

    It is called with a ``Context`` and the arguments as keywords (``-`` spelled ``_``, absent ones
    as None); a command whose arguments are boxed gets them as one dict, ``arg``. It returns the
    value, None where there is none, or a coroutine; it fails by raising ``QmpError``.
    """

    def register(function: _F) -> _F:
        COMMANDS.register(name, function)
        return function

    return register
