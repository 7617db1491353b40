"""A monitor that the lab speaks to: what fails is told as who runs a command wants to know it."""

from __future__ import annotations

import socket
from typing import Any, Self

from qmp_iothreadd.testing.client import Client
from qmp_iothreadd.testing.requests import Message


class Monitor(Client):
    """A client whose errors are ValueErrors, and say of which address.

    Args:
        connected: a socket, connected to ``address``.
        timeout: how many seconds an answer may take.
    """

    def __init__(self, connected: socket.socket, address: str, timeout: float) -> None:
        super().__init__(connected, timeout=timeout)
        self._address, self._timeout = address, timeout

    def __enter__(self) -> Self:
        return self

    def take_greeting(self) -> Message:
        """Raises ValueError: it hangs up, is silent, or says something else."""
        greeting = self._said("the monitor hung up: it may serve another client")
        if "QMP" not in greeting:
            raise ValueError(f"{self._address}: no QMP monitor: it does not greet as one")
        return greeting

    def exchange(self, request: Message) -> Message:
        """Raises ValueError: the server goes, is silent, or says what is no reply."""
        try:
            self.send(request)
        except ConnectionError:
            raise self._gone("the server has gone") from None
        while "event" in (reply := self._said("the server has gone")):
            pass
        if "return" not in reply and "error" not in reply:
            raise ValueError(f"{self._address}: no QMP monitor: what it says is no reply")
        return reply

    def returned(self, command: str, arguments: Message | None = None) -> Any:
        """What a command returns. Raises ValueError: it is refused; and as `exchange`."""
        return self.accepted(self.request(command, arguments))

    @staticmethod
    def accepted(reply: Message) -> Any:
        """What a reply returns. Raises ValueError: it is an error."""
        if "error" in reply:
            raise ValueError(f"the monitor refuses: {reply['error']['desc']}")
        return reply["return"]

    def _said(self, gone: str) -> Message:
        try:
            return self.receive()
        except EOFError:
            raise self._gone(gone) from None
        except TimeoutError:
            raise self._gone(
                f"no answer in {self._timeout:g} s: a monitor serves one client at a time, so give"
                " it one of its own"
            ) from None
        except ValueError as error:
            raise self._gone(f"no QMP monitor: {error}") from None

    def _gone(self, why: str) -> ValueError:
        return ValueError(f"{self._address}: {why}")
