"""A session with the human monitor, without IO: keys in, what the terminal shows out.

It is driven as ``qmp.session.Session`` is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.hmp import interpreter, messages, text
from qmp_iothreadd.hmp.completion import completions
from qmp_iothreadd.hmp.line_editor import History, LineEditor
from qmp_iothreadd.qmp.descriptor_inbox import DescriptorInbox
from qmp_iothreadd.qmp.session_protocol import IDLE

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.machine.monitors import Monitor
    from qmp_iothreadd.qmp.dispatch import Dispatcher

PROMPT: Final = b"(qemu) "

OUTPUT_LIMIT: Final = 64 * 1024
"""A step ends when it has made so many bytes of output: each key redraws its whole line."""

KEYS_AT_ONCE: Final = 512
"""A step ends after so many keys, too."""


class BaseSession:
    """What a session has however commands reach it; also the ``Context`` that commands see.

    ``monitor`` is whose client this is; lines are about the CPU ``cpu_index``.
    """

    __slots__ = ("cpu_index", "dispatcher", "eof", "inbox", "monitor", "output_size", "wake")

    plan: list[Any] | None = None

    def __init__(self, dispatcher: Dispatcher, monitor: Monitor) -> None:
        self.dispatcher = dispatcher
        self.monitor = monitor
        self.cpu_index = 0
        self.eof = False
        self.inbox = DescriptorInbox()
        self.output_size = 0
        # Never called: no event is shown.
        self.wake: Callable[[], None] = lambda: None

    def greeting(self) -> bytes:
        """The first line that the client sees."""
        version = ".".join(map(str, self.machine.version))
        return text.to_terminal(f"QEMU {version} monitor - type 'help' for more information\n")

    @property
    def machine(self) -> Machine:
        """The state that commands act on."""
        return self.dispatcher.machine

    @property
    def named_descriptors(self) -> dict[str, int]:
        """What the monitor's clients named with getfd."""
        return self.machine.descriptors.named(self.monitor.name)

    def negotiate(self, capabilities: list[str]) -> None:
        """Refuse: there are no capabilities."""
        raise errors.negotiation_complete()

    @property
    def running(self) -> bool:
        """Whether a command is still running: none takes longer than its own step."""
        return False

    def receive_eof(self) -> None:
        """Nothing more will be typed; what was is still read."""
        self.eof = True

    def fill(self) -> bool:
        """Read nothing ahead: what keys do depends on what commands before them did."""
        return False

    def execute(self, line: str) -> bytes:
        """Run a line. Returns what the terminal shows of it."""
        try:
            shown = interpreter.execute(self, line)
        except Exception as error:
            shown = messages.failure(errors.of_command(error).desc) + "\n"
        return text.to_terminal(shown)


class HMPSession(BaseSession):
    """The state of one connection: the line being typed and the output.

    ``history`` is the monitor's, from one connection to the next.
    """

    __slots__ = ("_editor", "_input", "_position")

    def __init__(
        self, dispatcher: Dispatcher, monitor: Monitor, history: History | None = None
    ) -> None:
        super().__init__(dispatcher, monitor)
        self._input = b""
        self._position = 0
        self._editor = LineEditor(PROMPT, self._complete, history)
        self._editor.output += self.greeting()
        self._editor.prompt()
        self.output_size = len(self._editor.output)

    @property
    def history(self) -> Sequence[str]:
        """The lines that were typed, the latest last; a command shows them."""
        return [text.decode(line) for line in self._editor.history.lines]

    # -- Bytes in, bytes out ----------------------------------------------------------------------

    @property
    def suspended(self) -> bool:
        """Whether nothing more should be read for now."""
        return self._position < len(self._input)

    def receive_data(self, data: bytes) -> None:
        """Take what was typed."""
        self._input = self._input[self._position :] + data
        self._position = 0

    def data_to_send(self) -> bytes:
        """All output so far; it is the caller's now."""
        data = bytes(self._editor.output)
        self._editor.output.clear()
        self.output_size = 0
        return data

    def focus_changed(self, focused: bool) -> None:
        """Leave the line that is being typed, or begin one."""
        if focused:
            self._editor.restart()
        else:
            self._editor.output += b"\r\n"
        self.output_size = len(self._editor.output)

    def close(self) -> None:
        """The connection is gone: drop what was not read."""
        self.inbox.close()
        self._input = b""
        self._position = 0
        self._editor.output.clear()
        self.output_size = 0

    # -- Work -------------------------------------------------------------------------------------

    def step(self) -> object | None:
        """Read keys, as many as a step may, up to the end of a line, and run that line.

        Returns: ``IDLE`` when all keys are read, else None.
        """
        outcome = self._read_keys()
        self.output_size = len(self._editor.output)
        return outcome

    def _read_keys(self) -> object | None:
        data, editor = self._input, self._editor
        last = self._position + KEYS_AT_ONCE
        while self._position < len(data) and not self.machine.shutting_down:
            byte = data[self._position]
            self._position += 1
            line = editor.feed(byte)
            if line is not None:
                self._run(text.decode(line))
                return None
            if len(editor.output) > OUTPUT_LIMIT or self._position == last:
                return None
        self._input = b""
        self._position = 0
        return IDLE

    def _run(self, line: str) -> None:
        self._editor.output += self.execute(line)
        if not self.machine.shutting_down:
            self._editor.prompt()

    def _complete(self, line: bytes) -> tuple[int, list[bytes]]:
        present, words = completions(self.machine, text.decode(line))
        return len(text.encode(present)), [text.encode(word) for word in words]
