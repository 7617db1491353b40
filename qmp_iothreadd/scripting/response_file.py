"""A file of responses: JSON lines, each the arguments of an x-respond."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.bounded_file import read_bounded
from qmp_iothreadd.errors import LocatedError, QmpError
from qmp_iothreadd.errors.tree import FilePlace
from qmp_iothreadd.errors.unforeseen import of_system
from qmp_iothreadd.json.reader import parse_one
from qmp_iothreadd.qapi.shipped import shipped_models
from qmp_iothreadd.scripting.script import Script

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

_COMMAND: Final = "x-respond"


def respond_from_file(machine: Machine, path: str) -> None:
    """Script the responses that a file has; empty lines and those that begin with # are none.

    Raises:
        QmpError: the file cannot be read.
        LocatedError: a line makes no sense: which, and why.
    """
    try:
        lines = read_bounded(path, regular=False).splitlines()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else of_system(error)
        raise errors.cannot_open(path, str(reason or error)) from None
    script = machine.part(Script)
    # The served schema may have no such command, and no monitor where it could be given.
    own = shipped_models(machine.models)
    validate = own.arguments(own.schema.commands[_COMMAND])
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith(b"#"):
            try:
                value = parse_one(line)
                if not isinstance(value, dict):
                    raise errors.response_line_malformed()
                script.responses.respond(**given(validate(value)))
            except QmpError as error:
                raise LocatedError(error, FilePlace(f"{path}:{number}")) from None


def given(arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a command without those that are absent: Python has its own defaults."""
    return {name: value for name, value in arguments.items() if value is not None}
