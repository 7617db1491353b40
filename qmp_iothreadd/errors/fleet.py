"""Many machines in one process: what does not fit, and what they cannot share."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def not_a_fleet_size(text: str, most: int) -> QmpError:
    """--fleet with something that is not a number of machines."""
    return QmpError(f"expected a number of machines from 1 to {most}, not '{text}'")


def fleet_without_folder() -> QmpError:
    """--fleet does not say where its monitors are."""
    return QmpError(
        "--fleet needs --socket-dir DIR", hint="Machine N is then on the socket DIR/N.sock."
    )


def folder_without_fleet() -> QmpError:
    """--socket-dir where there is one machine."""
    return QmpError(
        "--socket-dir needs --fleet N", hint="One machine's socket is named by -qmp unix:PATH,..."
    )


def events_without_fleet() -> QmpError:
    """--fleet-event where there is one machine."""
    return QmpError("--fleet-event needs --fleet N")


def not_for_a_fleet(option: str) -> QmpError:
    """An option that only one machine can have."""
    return QmpError(f"{option} is for one machine, and cannot be used with --fleet")


def shared_by_fleet(option: str) -> QmpError:
    """All machines of a fleet would open the same file or socket."""
    return QmpError(
        f"'{option}' would be the same for all machines of the fleet",
        hint="Put {n} where its name is to have the machine's number.",
    )


def fleet_folder_failed(folder: str, reason: str) -> QmpError:
    """The folder of a fleet's sockets cannot be used."""
    return QmpError(f"cannot use the folder '{folder}' for sockets: {reason}")


def fleet_too_large(
    count: int, fit: int, wanted: int, most: int, name: str, remedy: str
) -> QmpError:
    """More machines than the system has room for; ``remedy`` has a place for what is needed."""
    allow = remedy.format(*[wanted] * remedy.count("{}"))
    return QmpError(
        f"{count} machines do not fit: they need {wanted} {name}, and the limit is {most}",
        hint=f"At most {fit} machines fit. To have more, raise the limit: {allow}.",
    )


def no_such_event(name: object) -> QmpError:
    """--fleet-event of what the schema does not have."""
    return QmpError(f"the schema has no event '{name}'")
