"""``-cpu``: a model, and what is said of all its CPUs."""

from __future__ import annotations

from typing import Any, NamedTuple

from qmp_iothreadd import errors
from qmp_iothreadd.machine.cpus.models import find_cpu_model
from qmp_iothreadd.qom import c_numbers


class CpuOption(NamedTuple):
    """What ``-cpu`` says.

    ``model`` is its name; None: nobody named one. ``given`` are properties with their texts,
    ``flags`` those that ``+`` and ``-`` turn on and off, which come after the others.
    """

    model: str | None
    given: tuple[tuple[str, str], ...]
    flags: tuple[tuple[str, bool], ...]


DEFAULT_CPU = CpuOption(None, (), ())
"""The board's model, as it is."""


def parse_cpu(text: str) -> CpuOption:
    """Read ``MODEL[,PROP[=VALUE]|,+FLAG|,-FLAG]...``.

    A model has the properties or has them not: who makes the CPU finds out.

    Raises:
        QmpError: there is no such model, or a frequency is none.
    """
    model, *words = text.split(",")
    if not text:
        raise errors.empty_cpu_model()
    find_cpu_model(model)
    given, flags = [], []
    for word in words:
        if word[:1] in ("+", "-"):
            flags.append((word[1:], word[0] == "+"))
        elif word:
            name, equals, value = word.partition("=")
            given.append(_global(name.replace("_", "-"), value if equals else "on"))
    return CpuOption(model, tuple(given), tuple(flags))


def _global(name: str, text: str) -> tuple[str, str]:
    if name == "tsc-freq":
        frequency = c_numbers.size(text, 1000)
        if frequency is None:
            raise errors.bad_frequency(text)
        return "tsc-frequency", str(frequency)
    return name, text


def read_value(type_name: str, text: str, name: str) -> Any:
    """The value that a text stands for, of a property whose type is ``type_name``.

    Raises:
        QmpError: it stands for none.
    """
    if type_name == "bool":
        value: Any = c_numbers.boolean(text)
        expected = "'on' or 'off'"
    elif type_name.startswith("uint"):
        value, expected = c_numbers.uint64(text), "uint64"
    elif type_name.startswith("int"):
        value, expected = c_numbers.int64(text), "int64"
    else:
        return text
    if value is None:
        raise errors.invalid_parameter_value(name, expected)
    return value
