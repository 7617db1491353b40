"""What cannot be scripted: responses, events, and what a script is asked for."""

from __future__ import annotations

from collections.abc import Iterable

from qmp_iothreadd.errors.tree import QmpError


def arguments_malformed(command: str, reason: str) -> QmpError:
    """Arguments of a scripted command that are not described as a schema would."""
    return QmpError(f"The arguments of '{command}' are not in QAPI notation: {reason}")


def arguments_of_schema(command: str) -> QmpError:
    """Arguments for a command that the schema describes."""
    return QmpError(f"The schema has the command '{command}' with its arguments: leave them out")


def scripted_name_unknown(meta: str, name: str, similar: Iterable[str]) -> QmpError:
    """A command or event that the schema lacks, scripted strictly."""
    found = [f"'{each}'" for each in similar]
    hint = f"; did you mean {' or '.join(found)}?" if found else ""
    return QmpError(f"The schema has no {meta} '{name}'{hint}")


def scripted_name_malformed(meta: str) -> QmpError:
    """A name that is none."""
    return QmpError(f"The name of a scripted {meta} is a text that is not empty")


def scripted_value_unfit(meta: str, name: str, reason: str) -> QmpError:
    """A value for a command, or the data of an event, that the schema does not allow."""
    return QmpError(f"What is scripted for the {meta} '{name}' does not fit the schema: {reason}")


def scripted_value_not_json(meta: str, name: str, reason: str) -> QmpError:
    """A value that cannot be sent."""
    return QmpError(f"What is scripted for the {meta} '{name}' is not a JSON value: {reason}")


def response_twice(command: str) -> QmpError:
    """A response that is a value and an error."""
    return QmpError(f"The response to '{command}' is either a value or an error, not both")


def response_error_malformed(command: str) -> QmpError:
    """An error whose class or text is none."""
    return QmpError(f"The class and the text of an error of '{command}' are texts")


def response_nth_malformed(command: str) -> QmpError:
    """A response to no call at all."""
    return QmpError(f"The 'nth' call of '{command}' that is answered is a number from 1 on")


def control_command_scripted(command: str) -> QmpError:
    """A response to a command that scripts."""
    return QmpError(f"The command '{command}' controls scripts, and cannot be scripted itself")


def too_many_responses(limit: int) -> QmpError:
    """More responses than a machine keeps."""
    return QmpError(f"A machine has at most {limit} scripted responses")


def scripted_function_failed(command: str, reason: str) -> QmpError:
    """A function raised what is no error of QMP's."""
    return QmpError(f"The function that is scripted for '{command}' failed: {reason}")


def event_data_malformed(event: str) -> QmpError:
    """Data that is no object."""
    return QmpError(f"The data of the event '{event}' is an object, of names and values")


def response_line_malformed() -> QmpError:
    """A line of such a file that is no object."""
    return QmpError('A response is an object, such as {"command": "stop", "error": "busy"}')


def control_without_commands(path: str) -> QmpError:
    """--control with a schema that has nothing for it; ``path`` is the file that has."""
    return QmpError(f"The schema has no commands that control scripts: let it include '{path}'")


def control_malformed(text: str) -> QmpError:
    """--control with what describes no character device."""
    return QmpError(f"'{text}' is no place for a monitor: unix:PATH is one, or chardev:ID")
