"""``--qemu`` and ``--greeting``: which version of QEMU clients are told, and find."""

from __future__ import annotations

from typing import Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.version import Version, read_known_version, read_version
from qmp_iothreadd.qom import keyval

WORDS: Final = ("version", "package", "capabilities")
"""What ``--greeting`` has, in the words of Machine."""


def read_qemu(text: str) -> Version:
    """The version that ``--qemu`` asks for.

    Raises:
        QmpError: it is none that is known.
    """
    try:
        return read_known_version(text, greeting="--greeting version=")
    except ValueError as error:
        raise errors.not_that_version(str(error)) from None


def read_greeting(text: str) -> dict[str, Any]:
    """Machine's keywords, from ``[version=V][,package=TEXT][,capabilities=[NAME[:NAME]...]]``.

    Raises:
        QmpError: they are others, or it is no version.
    """
    values: dict[str, Any]
    values, wants_help = keyval.parse(text)
    if wants_help:
        raise errors.help_not_available()
    for name, value in values.items():
        if name not in WORDS:
            raise errors.unexpected_parameter(name)
        if not isinstance(value, str):
            raise errors.invalid_parameter_type(name, "string")
    if "version" in values:
        try:
            read_version(values["version"])
        except ValueError as error:
            raise errors.not_that_version(str(error)) from None
    if "capabilities" in values:
        values["capabilities"] = [each for each in values["capabilities"].split(":") if each]
    return values
