"""How a test tells a server what to do, and asks what it was asked: a part of ``Server``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

from qmp_iothreadd import errors
from qmp_iothreadd.scripting.script import Script
from qmp_iothreadd.testing.waiting import tell, wait

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.scripting.history import Entry, History

_T = TypeVar("_T")

WAIT_S = 5.0
"""So long ``wait_for`` waits where nothing else is said."""


class Scripted:
    """What is scripted acts on live clients at once, and on those to come. Any thread may call."""

    def __init__(self, machine: Machine, *, strict: bool) -> None:
        self._script = machine.part(Script)
        self._strict = strict

    def call(self, function: Callable[..., _T], *args: Any, **keywords: Any) -> _T:
        """Call a function where the machine may be touched."""
        raise NotImplementedError

    # -- What it is to do -------------------------------------------------------------------------

    def respond(
        self,
        command: str,
        value: Any = None,
        *,
        error: str | None = None,
        error_class: str = errors.GENERIC_ERROR,
        nth: int | None = None,
        arguments: Mapping[str, Any] | None = None,
        strict: bool = False,
        check: bool = True,
        optional: bool = False,
    ) -> None:
        """Let a command answer ``value``, or fail with ``error``, instead of what it does.

        ``value`` answers each call, or with ``nth`` the nth one from now on; a list has one value a
        call, where the command returns an array a list of lists. A function is called as
        ``function(context, **arguments)``, as the package's own are: ``-`` in a name is ``_``, an
        absent argument None; it may be a coroutine function, and raises QmpError to fail. What is
        used up leaves the command to do what it does by itself; what is scripted later goes first.

        A name that the schema lacks is a command, too, unless this or the server is ``strict``;
        with ``arguments``, as in a schema (``{"name": "str", "*speed": "int"}``), those are
        validated. ``check`` holds values against the schema. One that is ``optional`` may stay
        unused.

        Raises:
            QmpError: the name is refused, or a value does not fit.
            FunctionError: the function takes other arguments than the command.
        """
        self.call(
            self._script.responses.respond,
            command,
            value,
            error=error,
            error_class=error_class,
            nth=nth,
            arguments=arguments,
            strict=strict or self._strict,
            check=check,
            optional=optional,
        )

    def emit(
        self,
        event: str,
        data: Mapping[str, Any] | None = None,
        *,
        strict: bool = False,
        check: bool = True,
    ) -> None:
        """Send an event to every client that is past negotiation.

        A name that the schema lacks is sent, too, unless this or the server is ``strict``; the data
        of one that it has is held against it, with ``check``.

        Raises:
            QmpError: the name is refused, or the data does not fit.
        """
        self.call(self._script.emit, event, data, strict=strict or self._strict, check=check)

    @cached_property
    def faults(self) -> ServerFaults:
        """What is to go wrong on the wire."""
        return ServerFaults(self)

    # -- What it was asked ------------------------------------------------------------------------

    @property
    def history(self) -> History:
        """Requests, replies and events, with times and monitors, the oldest first."""
        return self._script.history

    def requests(self, command: str) -> list[dict[str, Any]]:
        """The arguments of each request of a command, so far."""
        return self.history.requests(command)

    def wait_for(self, command: str, timeout: float | None = WAIT_S, *, count: int = 1) -> Any:
        """Wait until a command was asked for, ``count`` times in all: also before this call.

        Returns: the arguments of that request; where asyncio or trio runs, what is to be awaited
        for them.

        Raises:
            TimeoutError: that did not happen within ``timeout`` seconds.
        """
        if count < 1:
            raise ValueError(f"count={count}: requests are counted from 1 on")
        came: Future[dict[str, Any]] = Future()
        look = partial(self._look, came, command, count)
        watchers = self.history.watchers
        self.call(watchers.append, look)
        came.add_done_callback(lambda _: self.call(watchers.remove, look))
        self.call(look, None)
        return wait(came, timeout, partial(self._why_late, command, timeout, count))

    def _look(
        self, came: Future[dict[str, Any]], command: str, count: int, entry: Entry | None
    ) -> None:
        if came.done() or (entry is not None and entry.command != command):
            return
        found = self.requests(command)
        if len(found) >= count:
            tell(came, found[count - 1])

    def _why_late(self, command: str, timeout: float | None, count: int) -> str:
        seen = Counter(each.command for each in self.history if each.command is not None)
        others = ", ".join(f"{name} ({times})" for name, times in seen.items() if name != command)
        return (
            f"'{command}' came {seen[command]} of {count} times within {timeout} s; "
            f"other commands that came: {others or 'none'}"
        )


class ServerFaults:
    """The faults of a server: ``add``, ``remove`` and ``release`` them from any thread."""

    def __init__(self, server: Scripted) -> None:
        self._server = server

    def add(self, kind: str, **words: Any) -> int:
        """Let something go wrong: the words are those of ``--fault`` and ``x-fault-add``.

        Returns: the fault's number, for ``remove``.

        Raises:
            QmpError: the words are wrong.
        """
        number: int = self._server.call(self._faults.add, kind, **words)
        return number

    def remove(self, id: int) -> None:
        """Let a fault meet no more messages.

        Raises:
            QmpError: there is no such fault.
        """
        self._server.call(self._faults.remove, id)

    def release(self, id: int | None = None) -> None:
        """Let go what a fault holds, or all of them.

        Raises:
            QmpError: there is no such fault.
        """
        self._server.call(self._faults.release, id)

    def query(self) -> list[dict[str, Any]]:
        """What there is, as ``x-query-faults`` says it."""
        found: list[dict[str, Any]] = self._server.call(self._faults.query)
        return found

    @property
    def _faults(self) -> Any:
        return self._server._script.faults
