"""A request's envelope, negotiation and dispatch."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import COMMAND_NOT_FOUND, QmpError


def input_not_object() -> QmpError:
    """The request is JSON, but not an object."""
    return QmpError("QMP input must be a JSON object")


def input_member_not_string(name: str) -> QmpError:
    """``execute`` or ``exec-oob`` is not a string."""
    return QmpError(f"QMP input member '{name}' must be a string")


def input_member_not_object(name: str) -> QmpError:
    """``arguments`` is not an object."""
    return QmpError(f"QMP input member '{name}' must be an object")


def input_member_clash(name: str, other: str) -> QmpError:
    """Both ``execute`` and ``exec-oob`` are there."""
    return QmpError(f"QMP input member '{name}' clashes with '{other}'")


def input_member_unexpected(name: str) -> QmpError:
    """A member that no request has, or ``exec-oob`` while OOB is off."""
    return QmpError(f"QMP input member '{name}' is unexpected")


def input_lacks_execute() -> QmpError:
    """No member says which command to run."""
    return QmpError("QMP input lacks member 'execute'")


def command_not_found(name: str) -> QmpError:
    """No such command."""
    return QmpError(f"The command {name} has not been found", COMMAND_NOT_FOUND)


def negotiation_expected() -> QmpError:
    """A command before capabilities were negotiated."""
    return QmpError("Expecting capabilities negotiation with 'qmp_capabilities'", COMMAND_NOT_FOUND)


def negotiation_complete() -> QmpError:
    """A second negotiation."""
    return QmpError(
        "Capabilities negotiation is already complete, command ignored", COMMAND_NOT_FOUND
    )


def capabilities_unavailable(names: str) -> QmpError:
    """Negotiation asks for what the greeting did not offer."""
    return QmpError(f"Capability {names} not available")


def oob_unsupported(name: str) -> QmpError:
    """The command exists but may not be run out of band."""
    return QmpError(f"The command {name} does not support OOB")


def disabled_by_policy(kind: str, what: str, name: str, error_class: str) -> QmpError:
    """-compat refuses a command, parameter or value that is deprecated or unstable."""
    return QmpError(f"{kind.capitalize()} {what} {name} disabled by policy", error_class)


def stub_too_large(type: str, limit: int) -> QmpError:
    """--stub-missing of a command whose return type asks for a very large value."""
    return QmpError(f"the least value of type '{type}' has more than {limit} parts")
