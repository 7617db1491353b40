"""One client's session with a monitor, without IO: bytes in, bytes out.

An adapter feeds what it reads (``receive_data``, ``receive_eof``), calls ``step`` until it is
``IDLE``, and writes what ``data_to_send`` gives. Requests that come out of band run while bytes
are read; all others wait for ``step``.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.json.order import qdict_order
from qmp_iothreadd.json.reader import PENDING, JSONReader
from qmp_iothreadd.qmp.descriptor_inbox import DescriptorInbox
from qmp_iothreadd.qmp.registry import NotPreparedError
from qmp_iothreadd.qmp.session_protocol import IDLE

if TYPE_CHECKING:
    from qmp_iothreadd.machine.monitors import MonitorQMP
    from qmp_iothreadd.qmp.dispatch import BoundCommand, Dispatcher
    from qmp_iothreadd.qmp.session_script import SessionScript

# With OOB, so many requests wait in band before reading stops (QMP_REQ_QUEUE_LEN_MAX of QEMU's
# monitor/); without, one.
QUEUE_LENGTH: Final = 8

# A step reads no more of a message at once (in tokens, or 64 KiB of one), so that others have their
# turn; a value that is large is made in steps of 65,536, which are some 2 ms.
TOKENS_AT_ONCE: Final = 1024

OOB: Final = "oob"

_NEGOTIATION: Final = "qmp_capabilities"
_NO_ARGUMENTS: Final[dict[str, Any]] = {}


class Session:
    """The state of one connection: reader, negotiation, queue, replies.

    A schema without ``qmp_capabilities`` is served without greeting and negotiation. ``monitor`` is
    whose client this is. ``script`` has a say in what is read, run and sent, where there is one.

    Also the ``Context`` that commands see.
    """

    __slots__ = (
        "_output",
        "_queue",
        "_reader",
        "_running",
        "dispatcher",
        "eof",
        "inbox",
        "machine",
        "monitor",
        "negotiated",
        "oob",
        "output_size",
        "plan",
        "script",
        "wake",
    )

    def __init__(self, dispatcher: Dispatcher, monitor: MonitorQMP) -> None:
        self.dispatcher = dispatcher
        self.machine = dispatcher.machine  # the state that commands act on
        self.monitor = monitor
        self.negotiated = False
        self.oob = False
        self.eof = False
        self.inbox = DescriptorInbox()
        self.output_size = 0
        # What a script lets go out otherwise than at once: who carries the session takes it.
        self.plan: list[Any] | None = None
        # Called when there is output that no call of the adapter's asked for: an event.
        self.wake: Callable[[], None] = lambda: None
        self._reader = JSONReader()
        self._queue: deque[object] = deque()
        self._output: list[bytes] = []
        self._running = False
        self.script: SessionScript | None = None
        if dispatcher.machine.script is not None:
            self.script = dispatcher.machine.script.join(self)
        if dispatcher.machine.negotiates:
            version = self.machine.version_info()
            self._send({"QMP": {"version": version, "capabilities": self._offered()}})
        else:
            self.negotiated = True
        dispatcher.machine.listeners.append(self.notify)
        dispatcher.machine.sessions.append(self)

    def focus_changed(self, focused: bool) -> None:
        """Go on: replies and events go out with the keyboard and without."""

    def close(self) -> None:
        """The connection is gone: drop what is queued, hear no more events."""
        self.inbox.close()
        self._queue.clear()
        self._output.clear()
        self.output_size = 0
        self.plan = None
        self.dispatcher.machine.listeners.remove(self.notify)
        self.dispatcher.machine.sessions.remove(self)
        if self.script is not None:
            self.script.close()
            if not self._running:
                self.script = None  # which knows this session

    # -- What commands see ------------------------------------------------------------------------

    @property
    def named_descriptors(self) -> dict[str, int]:
        """What the monitor's clients named with getfd."""
        return self.machine.descriptors.named(self.monitor.name)

    def _offered(self) -> list[str]:
        """The capabilities that a client may ask for."""
        offered = self.machine.capabilities
        if offered is None:
            offered = [OOB] if self.monitor.offers_oob else []
        return offered

    def negotiate(self, capabilities: list[str]) -> None:
        """End negotiation with these capabilities enabled.

        Raises:
            QmpError: it is over, or one of them was not offered.
        """
        if self.negotiated:
            raise errors.negotiation_complete()
        lacking = [each for each in capabilities if each not in self._offered()]
        if lacking:
            raise errors.capabilities_unavailable(", ".join(lacking))
        self.negotiated = True
        self.oob = OOB in capabilities

    # -- Bytes in, bytes out ----------------------------------------------------------------------

    def receive_data(self, data: bytes) -> None:
        """Take what the client sent."""
        self._reader.feed(data)

    def receive_eof(self) -> None:
        """The client will send nothing more; what it sent is still answered."""
        self.eof = True

    def data_to_send(self) -> bytes:
        """All output so far; it is the caller's now."""
        data = b"".join(self._output)
        self._output.clear()
        self.output_size = 0
        return data

    @property
    def suspended(self) -> bool:
        """Whether nothing more should be read for now."""
        if self.oob:
            return len(self._queue) >= QUEUE_LENGTH
        return self._running or bool(self._queue)

    @property
    def running(self) -> bool:
        """Whether a command of this session is under way."""
        return self._running

    def notify(self, event: dict[str, Any]) -> None:
        """Send an event, if negotiation is over."""
        if self.negotiated:
            self._send(event)
            self.wake()

    # -- Work -------------------------------------------------------------------------------------

    def step(self) -> Coroutine[Any, Any, None] | object | None:
        """Read some input, or run the next request that is in band.

        Returns: ``IDLE`` when there is nothing to do; a coroutine, to be awaited before the next
        step, when the command takes its time; else None.
        """
        if self._running:  # a script holds a request back
            return None if self.fill() else IDLE
        if self._queue:
            item = self._queue.popleft()
            if type(item) is tuple:  # no request is one
                self._go_on(*item)
                return None
        else:
            item = self._read()
            if item is PENDING:
                return None if self._reader.pending_bytes else IDLE
        return self._execute(item, oob=False)

    def fill(self) -> bool:
        """Read some input ahead while another command runs; what is out of band runs at once.

        Returns: whether there is more to read, and it may be read now.
        """
        if not self.suspended:
            item = self._read()
            if item is not PENDING:
                self._queue.append(item)
        return bool(self._reader.pending_bytes) and not self.suspended

    def _read(self) -> object:
        """The next request that is in band, as a value or as the error that it is.

        PENDING where none is complete yet, a piece of a long message was read, or a request out of
        band was run.
        """
        try:
            value = self._reader.next(TOKENS_AT_ONCE)
        except QmpError as error:
            return error
        if type(value) is dict and "exec-oob" in value and "execute" not in value:
            self._execute(value, oob=True)
            return PENDING
        return value

    def _execute(self, request: object, *, oob: bool) -> Coroutine[Any, Any, None] | None:
        script = self.script
        try:
            if script is not None and not script.incoming(request):
                return None
            if type(request) is not dict:
                raise request if isinstance(request, QmpError) else errors.input_not_object()
            name = request.get("execute")
            arguments = request.get("arguments", _NO_ARGUMENTS)
            known = 1 + (arguments is not _NO_ARGUMENTS) + ("id" in request)
            if type(name) is not str or type(arguments) is not dict or len(request) != known:
                name, arguments = check_envelope(request, allow_oob=self.oob)
            if script is None:
                command = self.dispatcher.ready.get(name) or self.dispatcher.find(name)
            else:
                command = script.find(name)
            if oob and not command.allow_oob:
                raise errors.oob_unsupported(name)
            if not self.negotiated and name != _NEGOTIATION:
                raise errors.command_not_found(name)
            result = command.call(self, arguments)
            if type(result) is CoroutineType:
                return self._begin(request, result, command, oob=oob)
            if command.success_response:
                self._reply(request, result)
        except NotPreparedError:  # in band: what is out of band has nothing to prepare
            self._queue.appendleft((request, command, arguments))
        except Exception as error:
            self._reply_error(request, error)
        return None

    def _go_on(self, request: object, command: BoundCommand, arguments: dict[str, Any]) -> None:
        """Call a command again that others were let pass: it answers at once when it has all."""
        try:
            self._reply(request, command.call(self, arguments))
        except NotPreparedError:
            self._queue.appendleft((request, command, arguments))
        except Exception as error:
            self._reply_error(request, error)

    def _begin(
        self,
        request: object,
        coroutine: CoroutineType[Any, Any, Any],
        command: BoundCommand,
        *,
        oob: bool,
    ) -> Coroutine[Any, Any, None]:
        if oob:
            from qmp_iothreadd.qmp.signatures import FunctionError, coroutine_out_of_band

            coroutine.close()
            raise FunctionError(coroutine_out_of_band(command.name))
        self._running = True
        return self._finish(request, coroutine, command)

    async def _finish(
        self, request: object, coroutine: CoroutineType[Any, Any, Any], command: BoundCommand
    ) -> None:
        try:
            value = await coroutine
            if command.outgoing is not None:
                value = command.outgoing(value)
            if command.success_response:
                self._reply(request, value)
        except Exception as error:
            self._reply_error(request, error)
        finally:
            self._running = False

    # -- Replies ----------------------------------------------------------------------------------

    def _reply(self, request: Any, value: Any) -> None:
        identified = "id" in request
        unscripted = self.script is None and self.plan is None
        if unscripted and value is None and not identified:
            data = self.monitor.done
        else:
            reply = {"return": {} if value is None else value}
            if identified:
                reply["id"] = request["id"]
            if not unscripted:
                self._send(reply, request)
                return
            data = self.monitor.encode(reply)
        self._output.append(data)
        self.output_size += len(data)

    def _reply_error(self, request: object, error: Exception) -> None:
        error = errors.of_command(error)
        if error.error_class == errors.COMMAND_NOT_FOUND and not self.negotiated:
            error = errors.negotiation_expected()
        reply: dict[str, Any] = {"error": {"class": error.error_class, "desc": error.desc}}
        if type(request) is dict and "id" in request:
            reply["id"] = request["id"]
        self._send(reply, request)

    def _send(self, message: dict[str, Any], request: object | None = None) -> None:
        """Send a message, the reply to ``request`` where that is not None."""
        script = self.script
        data = self.monitor.encode(message) if script is None else script.outgoing(message, request)
        if data is not None:
            self.put(data)

    def put(self, data: bytes) -> None:
        """Send bytes as they are; who is not within ``step`` or ``notify`` calls ``wake``."""
        (self._output if self.plan is None else self.plan).append(data)
        self.output_size += len(data)

    # -- What a script does with it ---------------------------------------------------------------

    def put_steps(self, steps: Sequence[Any]) -> None:
        """Send what goes out otherwise than at once, and all that follows after it."""
        if self.plan is None:
            self.plan, self._output = list(self._output), []
        self.plan += steps
        # More than may wait: they may end the connection, and then the next request does not run.
        self.output_size = sys.maxsize

    def hold_back(self, request: object) -> None:
        """Run nothing in band until this request is given back."""
        self._running |= not _is_oob(request)

    def give_back(self, request: object) -> None:
        """Run this request next."""
        self._running &= _is_oob(request)
        self._queue.appendleft(request)


def _is_oob(request: object) -> bool:
    return isinstance(request, dict) and "exec-oob" in request and "execute" not in request


def check_envelope(request: dict[str, Any], *, allow_oob: bool) -> tuple[str, dict[str, Any]]:
    """The command's name and its arguments; members are checked in QEMU's order.

    The rules and the order, that of the dictionary, are those of qapi/qmp-dispatch.c.

    Raises:
        QmpError: the first member that does not belong there, or none says what to execute.
    """
    name_key = None
    for key in qdict_order(request):
        value = request[key]
        if key == "execute" or (key == "exec-oob" and allow_oob):
            if type(value) is not str:
                raise errors.input_member_not_string(key)
            if name_key is not None:
                raise errors.input_member_clash(key, name_key)
            name_key = key
        elif key == "arguments":
            if type(value) is not dict:
                raise errors.input_member_not_object(key)
        elif key != "id":
            raise errors.input_member_unexpected(key)
    if name_key is None:
        raise errors.input_lacks_execute()
    return request[name_key], request.get("arguments", _NO_ARGUMENTS)
