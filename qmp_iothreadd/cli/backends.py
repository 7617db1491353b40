"""``-chardev``, and the texts by which other options describe a character device."""

from __future__ import annotations

from collections.abc import Callable

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.options import parse_devices
from qmp_iothreadd.cli.lists import new_list
from qmp_iothreadd.daemon.config import ChardevConfig
from qmp_iothreadd.errors import LocatedError, located
from qmp_iothreadd.qom.option_lists import Options

CHARDEV = "chardev:"
"""How a text begins that names a character device instead of describing one."""


class Backends:
    """The character devices that a command line asks for."""

    def __init__(self) -> None:
        self.chardevs = new_list("chardev")

    def make_chardevs(self, made: list[ChardevConfig]) -> None:
        """Add the character devices that the options describe.

        Raises:
            LocatedError: what QEMU says when it makes them, after those before were made.
        """
        for options in self.chardevs.given:
            with located(options.location):
                made += chardev_configs(options)

    def short_chardev(
        self, label: str, text: str, location: str, failure: Callable[[], errors.QmpError]
    ) -> Options:
        """A character device that an option of something else describes: ``unix:PATH,server=on``.

        Raises:
            LocatedError: what is wrong with it, if that can be said, and then ``failure``.
        """
        from qmp_iothreadd.chardev.compat import MalformedText, read_text  # not for every start

        # An error is made only where there is one: the first loads all texts.
        try:
            return read_text(self.chardevs, label, text, location)
        except errors.QmpError as error:
            raise LocatedError(error, location, also=failure().desc) from None
        except MalformedText:
            raise LocatedError(failure(), location) from None


def chardev_configs(options: Options) -> list[ChardevConfig]:
    """The devices that an option list asks for.

    Raises:
        QmpError: what QEMU says when it makes them.
    """
    return [
        ChardevConfig(name, backend, options.location) for name, backend in parse_devices(options)
    ]
