"""What the program says on standard error, in the form that ``-msg`` asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.daemon.standard_streams import say
from qmp_iothreadd.errors import LocatedError, QmpError
from qmp_iothreadd.errors.tree import FilePlace

if TYPE_CHECKING:
    from qmp_iothreadd.errors import Error

PROGRAM = "qmp-iothreadd"
"""The program's name: in messages where it was started by no other, of its files and pages."""


class Reporter:
    """Writes messages as QEMU's util/error-report.c: ``[TIME ][GUEST ]PROGRAM: [LOCATION: ]TEXT``.

    ``location`` is the option that a message is about. ``hint`` is what follows it on lines of its
    own.
    """

    def __init__(
        self,
        program: str = PROGRAM,
        *,
        guest_name: str | None = None,
        timestamp: bool = False,
        with_guest_name: bool = False,
    ) -> None:
        self.program = program
        self.guest_name = guest_name
        self.timestamp = timestamp
        self.with_guest_name = with_guest_name

    def format(self, text: str, location: str = "", hint: str | None = None) -> str:
        """A message, ended by a newline."""
        prefix = f"{self.program}: {location}: " if location else f"{self.program}: "
        if isinstance(location, FilePlace):
            prefix = f"{self.program}:{location}: "
        if self.with_guest_name and self.guest_name:
            prefix = f"{self.guest_name} {prefix}"
        if self.timestamp:
            prefix = f"{_now_iso8601()} {prefix}"
        return f"{prefix}{text}\n" + (f"{hint}\n" if hint else "")

    def format_error(self, error: Error, location: str = "") -> str:
        """The message of an error, with its hint.

        An error that says itself what it is about (a schema's does) has no prefix.
        """
        if isinstance(error, LocatedError):
            about = self.about_file(error.file) if error.file else self
            text = about.format_error(error.error, error.location)
            return text + (about.format(error.also, error.location) if error.also else "")
        if isinstance(error, QmpError):
            return self.format(error.desc, location, error.hint)
        return f"{error}\n"

    def say(self, text: str, location: str = "") -> None:
        """Write a message."""
        say(self.format(text, location))

    def about_file(self, place: str) -> Reporter:
        """A reporter of messages about a file: its name stands right after the program's."""
        return Reporter(
            f"{self.program}:{place}",
            guest_name=self.guest_name,
            timestamp=self.timestamp,
            with_guest_name=self.with_guest_name,
        )


def _now_iso8601() -> str:
    from datetime import UTC, datetime  # only where messages are to carry the time

    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
