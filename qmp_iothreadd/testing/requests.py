"""Commands and their replies, whichever way a client's messages go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from qmp_iothreadd.errors import QmpError

Message = dict[str, Any]


class Requests(ABC):
    """What every client can do that has a way to send a message and to receive what comes back."""

    @abstractmethod
    def take_greeting(self) -> Message:
        """The first message of the connection."""

    @abstractmethod
    def exchange(self, request: Message) -> Message:
        """Send a request and return its reply."""

    def negotiate(self, *capabilities: str) -> Message:
        """Take the greeting and end negotiation. Returns the greeting."""
        greeting = self.take_greeting()
        self.execute("qmp_capabilities", {"enable": [*capabilities]} if capabilities else None)
        return greeting

    def request(self, command: str, arguments: Message | None = None, **members: Any) -> Message:
        """Run a command and return the whole reply; ``members`` join the request (``id=1``)."""
        request: Message = {"execute": command, **members}
        if arguments is not None:
            request["arguments"] = arguments
        return self.exchange(request)

    def execute(self, command: str, arguments: Message | None = None) -> Any:
        """Run a command and return its value.

        Raises:
            QmpError: the command failed; class and text are those of the reply.
        """
        reply = self.request(command, arguments)
        if "error" in reply:
            raise QmpError(reply["error"]["desc"], reply["error"]["class"])
        return reply["return"]
