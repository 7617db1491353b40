"""What QEMU's monitor/hmp says of a line that it cannot run, each text without its LF.

Failures of a command that runs are ``QmpError``s, as in QMP, with their texts in
``qmp_iothreadd.errors``.
"""

from __future__ import annotations

from qmp_iothreadd.errors import Error

NUL = "\0"
"""Stands where QEMU prints the end of a line as a character: there its message ends."""

CORRUPTED = "corrupted command"
"""What a monitor without a line editor says of what does not end in a NUL byte."""


class ArgumentError(Error):
    """The arguments are not the command's; the message is what the monitor says."""


def unknown_command(name: str) -> str:
    """No such command; ``name`` is the line as far as it was read."""
    return f"unknown command: '{name}'"


def not_before_machine(name: str) -> str:
    """A command between -preconfig and exit_preconfig that wants a machine."""
    return f"Command '{name}' not available until machine initialization has completed."


def try_help(name: str) -> str:
    """Where to read about a command whose arguments were refused."""
    return f'Try "help {name}" for more information'


def failure(description: str) -> str:
    """A command failed."""
    return f"Error: {description}"


def expected(command: str, kind: str) -> ArgumentError:
    """An argument is missing, or a text in quotes does not end or has an unknown escape."""
    return ArgumentError(f"{command}: {kind} expected")


def extraneous(command: str) -> ArgumentError:
    """More than the command takes."""
    return ArgumentError(f"{command}: extraneous characters at the end of line")


def unsupported_option(command: str, letter: str) -> ArgumentError:
    """A flag that the command does not have."""
    return ArgumentError(f"{command}: unsupported option -{letter}")


def invalid_format(letter: str) -> ArgumentError:
    """``/`` is followed by what is no format."""
    return ArgumentError(f"invalid char in format: '{letter}'")


def switch_expected() -> ArgumentError:
    """Something else than ``on`` or ``off``."""
    return ArgumentError("Expected 'on' or 'off'")


def invalid_size() -> ArgumentError:
    """Something that is no number of bytes."""
    return ArgumentError("invalid size")


# -- Expressions ----------------------------------------------------------------------------------


def expression_ends_early() -> ArgumentError:
    """An operand is missing at the end."""
    return ArgumentError("unexpected end of expression")


def invalid_in_expression(char: str) -> ArgumentError:
    """Where an operand should be there is something else."""
    return ArgumentError(f"invalid char '{char}' in expression")


def parenthesis_expected() -> ArgumentError:
    """A parenthesis is not closed."""
    return ArgumentError("')' expected")


def character_expected() -> ArgumentError:
    """Nothing follows a single quote."""
    return ArgumentError("character constant expected")


def character_unterminated() -> ArgumentError:
    """The second single quote is missing."""
    return ArgumentError("missing terminating ' character")


def unknown_register() -> ArgumentError:
    """Registers belong to a CPU, and there is none."""
    return ArgumentError("unknown register")


def number_too_large() -> ArgumentError:
    """A number beyond 64 bits."""
    return ArgumentError("number too large")


def not_of_32_bits(command: str) -> ArgumentError:
    """A number beyond the 32 bits that the command takes."""
    return ArgumentError(f"'{command}' has failed: integer is for 32-bit values")


def division_by_zero() -> ArgumentError:
    """By 0, or modulo 0."""
    return ArgumentError("division by zero")


# -- Answers --------------------------------------------------------------------------------------


def path_unresolved(path: str) -> str:
    """``info qom-tree`` of an object that is not there, or of several."""
    return f"Path '{path}' could not be resolved."
