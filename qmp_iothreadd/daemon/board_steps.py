"""Steps of a start that a bare empty machine does not take: back ends, the board, its guest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.daemon.backends import make_disks, plug_devices, unconnected_netdevs
from qmp_iothreadd.daemon.standard_streams import say
from qmp_iothreadd.errors import located

if TYPE_CHECKING:
    from qmp_iothreadd.daemon.config import Config
    from qmp_iothreadd.machine.machine import Machine


def make_backends(config: Config, machine: Machine) -> None:
    """Make disks and the nodes in them, networks, displays, and what plays sound.

    Raises:
        LocatedError, QmpError: one of them cannot be.
    """
    from qmp_iothreadd.machine.audiodevs import Audiodevs
    from qmp_iothreadd.machine.netdevs import Netdevs
    from qmp_iothreadd.machine.remote_displays import RemoteDisplays

    displays = machine.part(RemoteDisplays)
    displays.vnc |= config.vnc
    displays.has_spice = config.spice
    machine.part(Audiodevs).audiodevs += config.audiodevs
    make_disks(machine, config.blocks, lambda text: say(f"WARNING: {text}\n", "stderr"))
    for wanted in config.netdevs:
        machine.part(Netdevs).hold(wanted)


def init_board(config: Config, machine: Machine) -> None:
    """Make the machine's memory, CPUs, chips and ports, then the devices of the command line.

    Raises:
        LocatedError: something of it cannot be had.
    """
    from qmp_iothreadd.machine.boards.board import Board

    machine.board.clock_offset = config.clock_offset
    with located(""):
        if config.cpu is not None:
            from qmp_iothreadd.machine.cpus.cpus import Cpus

            machine.part(Cpus).option = config.cpu
    if config.numa_nodes:
        _add_numa_nodes(config, machine)
    with located(""):
        machine.part(Board).init(config.memory_path, config.ports, config.cards)
    if config.devices or config.blocks:
        plug_devices(machine, config.devices)
    if config.netdevs and not machine.board.is_empty:
        for name in unconnected_netdevs(machine):
            say(config.reporter.format(f"warning: netdev {name} has no peer"))


def _add_numa_nodes(config: Config, machine: Machine) -> None:
    from qmp_iothreadd.machine.boards.numa import NumaNodes

    for location, given in config.numa_nodes:
        with located(location):
            machine.part(NumaNodes).take(given)


def boot_guest(config: Config, machine: Machine) -> None:
    """Let the guest that the command line describes boot."""
    from qmp_iothreadd.machine.guest import Guest

    guest = machine.part(Guest)
    if config.guest is not None:
        guest.behaviour = config.guest
    guest.delay_ms = config.guest_delay_ms
    guest.crashes = config.guest_crash
    guest.start()


def await_machine(uri: str, machine: Machine) -> None:
    """Let another machine come to where ``uri`` says.

    Raises:
        LocatedError: it cannot come there.
    """
    from qmp_iothreadd.machine.migration.channels import channel_of, parse_uri
    from qmp_iothreadd.machine.migration.incoming import Incoming

    with located(f"-incoming {uri}"):
        address = channel_of(uri) if uri.startswith("{") else parse_uri(uri)
        machine.part(Incoming).start(address, {}, exit_on_error=True)
