"""``--fleet``: one command line for many machines, read once for each with its number in it.

Where ``{n}`` stands in an option a machine has its number there, from 0. A monitor that would be on
the same socket for all is the first machine's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine
from qmp_iothreadd.cli.option import Option
from qmp_iothreadd.cli.options import find_option
from qmp_iothreadd.daemon.config import FleetConfig
from qmp_iothreadd.daemon.fleet_names import numbered, uuid_after, uuid_of
from qmp_iothreadd.errors import LocatedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qmp_iothreadd.daemon.config import ChardevConfig, Config

Found = tuple[list[str], Option, str]
"""An option of the command line: its words, its row, its argument."""

Follow = Callable[[CommandLine, list[Found]], None]
"""Lets the options found take effect."""

FOLDER_OPTION = "socket-dir"

# Character devices of a file or terminal: of two that name the same one, one would be in vain.
_OF_ONE = frozenset({"file", "parallel", "pipe", "serial", "stdio"})


def follow_fleet(line: CommandLine, found: list[Found], follow: Follow) -> None:
    """Make ``line.config`` that of the process, with a ``fleet``; what it is asked for is checked.

    Raises:
        LocatedError: the fleet makes no sense, or its machines cannot be told apart.
        QmpError, Finished: what ``follow`` raises.
    """
    folder = next((text for _, row, text in found if row.names == FOLDER_OPTION), None)
    if folder is None:
        raise LocatedError(errors.fleet_without_folder(), "")
    fleet = FleetConfig(folder)
    monitor = find_option("qmp")
    assert monitor is not None
    place = [f"--{FOLDER_OPTION}", folder]

    def follow_one(one: CommandLine, number: int) -> Config:
        path = fleet.path(number).replace(",", ",,")
        own = (place, monitor, f"unix:{path},server=on,wait=off")
        follow(one, [own, *_numbered(found, number)])
        return one.config

    def read(number: int) -> Config:
        one = CommandLine(line.program)
        one.config.schema = line.config.schema
        try:
            return follow_one(one, number)
        except errors.QmpError as error:
            raise LocatedError(error, one.location) from None

    first, second = follow_one(line, 0), read(1)
    line.location = ""
    fleet.count = line.fleet
    fleet.events = line.fleet_events
    alone = _of_first_machine(first, second)
    names, uuids = _names(first, second), _uuids(first, second)

    def machine(number: int) -> Config:
        config = read(number)
        if number:
            config.chardevs = [each for each in config.chardevs if each.id not in alone]
            config.monitors = [each for each in config.monitors if each.chardev not in alone]
        config.name = names(config, number)
        config.uuid = uuids(config, number)
        return config

    fleet.machine = machine
    line.config.fleet = fleet


def check_alone(line: CommandLine) -> None:
    """Refuse options of a fleet where there is none.

    Raises:
        QmpError: there is one.
    """
    if line.socket_folder:
        raise errors.folder_without_fleet()
    if line.fleet_events:
        raise errors.events_without_fleet()


def _numbered(found: list[Found], number: int) -> list[Found]:
    return [
        ([numbered(word, number) for word in words], row, numbered(text, number))
        for words, row, text in found
    ]


def _of_first_machine(first: Config, second: Config) -> set[str]:
    """The character devices that only the first machine has: a monitor's where all name the same.

    Raises:
        LocatedError: machines cannot share what an option, which is named, asks for.
    """
    if first.descriptors:
        raise LocatedError(errors.not_for_a_fleet("-add-fd"), "")
    if first.transcript is not None and first.transcript == second.transcript:
        raise LocatedError(errors.shared_by_fleet(f"--transcript {first.transcript}"), "")
    monitors = {each.chardev for each in first.monitors}
    alone = set()
    for ours, theirs in zip(_chardevs(first), _chardevs(second), strict=False):
        if ours.backend == theirs.backend and _is_of_one(ours.backend):
            if ours.id not in monitors:
                raise LocatedError(errors.shared_by_fleet(ours.location), "")
            alone.add(ours.id)
    return alone


def _chardevs(config: Config) -> Iterator[ChardevConfig]:
    yield from config.chardevs
    for port in config.ports:
        yield from port.made


def _is_of_one(backend: dict[str, Any]) -> bool:
    if backend["type"] != "socket":
        return backend["type"] in _OF_ONE
    data = backend["data"]
    return bool(data.get("server", True)) or data["addr"]["type"] == "fd"


def _names(first: Config, second: Config) -> Callable[[Config, int], str]:
    """What gives each machine a name of its own."""
    if first.name is None:
        return lambda config, number: f"vm{number}"
    if first.name == second.name:
        return lambda config, number: f"{config.name}-{number}"
    return lambda config, number: str(config.name)


def _uuids(first: Config, second: Config) -> Callable[[Config, int], str]:
    """What gives each machine a UUID: those from one on, or one that its name has at each start."""
    if first.uuid is None:
        return lambda config, number: uuid_of(str(config.name))
    if first.uuid != second.uuid:
        return lambda config, number: str(config.uuid)
    start = first.uuid
    return lambda config, number: uuid_after(start, number)
