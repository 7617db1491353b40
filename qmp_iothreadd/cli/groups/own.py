"""Options that QEMU does not have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from qmp_iothreadd import errors
from qmp_iothreadd.cli.backends import CHARDEV
from qmp_iothreadd.cli.command_line import CommandLine, Finished
from qmp_iothreadd.cli.option import FILE, Option, set_field, store_text
from qmp_iothreadd.daemon.config import FaultConfig, ResponsesConfig
from qmp_iothreadd.qom import c_numbers

GUEST_DELAY_MAX_MS: Final = 60 * 60 * 1000
"""An hour: longer than any client waits."""

FLEET_MAX: Final = 100_000
"""So many machines have no place in any process."""


def _set_schema(line: CommandLine, text: str) -> None:
    line.config.schema.path = text


def _define_symbol(line: CommandLine, text: str) -> None:
    line.config.schema.defines |= {text}


def _set_qemu(line: CommandLine, text: str) -> None:
    from qmp_iothreadd.cli.qemu_version import read_qemu  # few ask for one

    line.config.schema.version = read_qemu(text)


def _set_greeting(line: CommandLine, text: str) -> None:
    from qmp_iothreadd.cli.qemu_version import read_greeting  # few ask for one

    line.config.greeting.update(read_greeting(text))


def _greeting_words() -> Iterable[str]:
    from qmp_iothreadd.cli.qemu_version import WORDS  # for a shell

    return (f"{word}=" for word in WORDS)


def _add_control(line: CommandLine, text: str) -> None:
    line.control.append((text, line.location))


def _add_responses(line: CommandLine, text: str) -> None:
    line.config.responses.append(ResponsesConfig(text, line.location))


def _add_fault(line: CommandLine, text: str) -> None:
    from qmp_iothreadd.cli.fault import read_fault  # few ask for one

    line.config.faults.append(FaultConfig(read_fault(line, text), line.location))


def _fault_kinds() -> Iterable[str]:
    from qmp_iothreadd.scripting.fault_kinds import KINDS  # for a shell

    return (*KINDS, "help")


def _fault_words() -> Iterable[str]:
    from qmp_iothreadd.cli.fault import fault_words  # for a shell

    return fault_words()


def _control_words() -> Iterable[str]:
    return ("unix:", "tcp:", CHARDEV)


def _install_links(line: CommandLine, text: str) -> None:
    from qmp_iothreadd.cli.install import install_links  # only where asked for

    raise Finished(install_links(text, line.program))


def _guest_behaviours() -> Iterable[str]:
    from qmp_iothreadd.machine.guest import BEHAVIOURS  # for a shell, or where one is named

    return BEHAVIOURS


def _set_guest(line: CommandLine, text: str) -> None:
    if text not in _guest_behaviours():
        raise errors.unaccepted_value("guest", text)
    line.config.guest = text


def _set_guest_delay(line: CommandLine, text: str) -> None:
    delay = c_numbers.uint64(text)
    if delay is None or delay > GUEST_DELAY_MAX_MS:
        most = f"a number of milliseconds up to {GUEST_DELAY_MAX_MS}"
        raise errors.invalid_parameter_value("guest-delay", most)
    line.config.guest_delay_ms = delay


def _set_fleet(line: CommandLine, text: str) -> None:
    count = c_numbers.uint64(text)
    if not count or count > FLEET_MAX:
        raise errors.not_a_fleet_size(text, FLEET_MAX)
    line.fleet = count


def _set_socket_folder(line: CommandLine, text: str) -> None:
    line.socket_folder = text


def _add_fleet_event(line: CommandLine, text: str) -> None:
    from qmp_iothreadd.cli.fleet_event import read_fleet_event  # few ask for one

    line.fleet_events.append(read_fleet_event(line, text))


OPTIONS = (
    Option(
        "schema",
        FILE,
        _set_schema,
        "serve this QAPI schema instead of its own",
        early=True,
    ),
    Option(
        "schema-define",
        "CONFIG_X",
        _define_symbol,
        "a symbol that 'if' in the schema finds defined",
        early=True,
    ),
    Option(
        "qemu",
        "VERSION",
        _set_qemu,
        "be this version of QEMU (such as 8.2), and lack what came later",
        early=True,
    ),
    Option(
        "greeting",
        "[version=VERSION][,package=TEXT][,capabilities=[NAME[:NAME]...]]",
        _set_greeting,
        "say something else in the greeting",
        words=_greeting_words,
    ),
    Option(
        "stub-missing",
        "",
        set_field("stub_missing"),
        "let commands without a function answer the least that is allowed",
    ),
    Option(
        "check-replies",
        "",
        set_field("check_replies"),
        "answer with an error instead of what does not fit the schema",
    ),
    Option("multi-client", "", set_field("multi_client"), "serve all clients of a monitor at once"),
    Option(
        "no-polling", "", set_field("polling", False), "behave as on a platform that cannot poll"
    ),
    Option(
        "guest",
        "present|absent|stubborn",
        _set_guest,
        "who runs: one that does what it is asked to, nobody, or one that does not",
        words=_guest_behaviours,
    ),
    Option("guest-delay", "MS", _set_guest_delay, "how long the guest takes to do that"),
    Option("guest-crash", "", set_field("guest_crash"), "let the guest panic after it started"),
    Option(
        "metrics", "[HOST:]PORT", store_text("metrics_address"), "serve statistics to Prometheus"
    ),
    Option(
        "fleet",
        "N",
        _set_fleet,
        "serve N machines, with the number of each where {n} stands in an option",
    ),
    Option("socket-dir", "DIR", _set_socket_folder, "where their monitors are: DIR/{n}.sock"),
    Option(
        "fleet-event",
        "EVENT,every=SECONDS",
        _add_fleet_event,
        "let each machine of a fleet send an event again and again, one after the other",
    ),
    Option(
        "respond",
        FILE,
        _add_responses,
        "answer as FILE says: JSON lines, each the arguments of an x-respond",
    ),
    Option(
        "fault",
        "KIND[,WORD=VALUE]... | JSON",
        _add_fault,
        "let something go wrong between the server and its clients ('help' lists what)",
        words=_fault_kinds,
        more=_fault_words,
    ),
    Option(
        "transcript",
        FILE,
        store_text("transcript"),
        "write to FILE what is said on the monitors, as lines to read",
    ),
    Option(
        "control",
        "DEV",
        _add_control,
        "a QMP monitor on DEV (unix:PATH) for x-respond and the like, which others have no more",
        words=_control_words,
    ),
    Option(
        "install-as",
        "FOLDER",
        _install_links,
        "link the names there that tools start QEMU by (qemu-system-x86_64, ...), and end",
    ),
)
