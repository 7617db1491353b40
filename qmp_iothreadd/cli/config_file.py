"""``-readconfig`` and ``-set``: option lists from a file, and changes of those given.

A file has groups, each an option list with a name of its own: ``[chardev "c0"]`` and lines
``backend = "null"`` below it. The part of QEMU that shows the language is util/qemu-config.
"""

from __future__ import annotations

import re
from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.bounded_file import read_bounded
from qmp_iothreadd.cli.command_line import CommandLine
from qmp_iothreadd.cli.lists import LISTS
from qmp_iothreadd.daemon.config import ObjectConfig
from qmp_iothreadd.errors import LocatedError, QmpError
from qmp_iothreadd.errors.tree import FilePlace
from qmp_iothreadd.qom import keyval
from qmp_iothreadd.qom.option_lists import OptionList

# As much of a line as QEMU looks at.
_WITH_ID = re.compile(r'\[\s*(\S{1,63}?) +"([^"]{1,63})"?')
_GROUP = re.compile(r"\[([^\]]{1,63})")
_VALUE = re.compile(r'\s*(\S{1,63})(?:\s*=\s*"([^"]{0,1023})"?)?')

# Groups that are no option lists once they are read.
_MACHINE_PARTS = {"smp-opts": "smp", "boot-opts": "boot"}
_DICTIONARIES = ("object", "audiodev", "machine", *_MACHINE_PARTS)

Pairs = list[tuple[str, str]]


def read_config_file(line: CommandLine, path: str) -> None:
    """Take over what a file says.

    Raises:
        QmpError: it cannot be opened.
        LocatedError: a line of it makes no sense.
    """
    try:
        text = read_bounded(path, regular=False).decode(errors="surrogateescape")
    except OSError as error:
        raise errors.cannot_open(path, error.strerror or str(error)) from None
    group, pairs = "", list[tuple[str, str]]()
    place = ""
    outer = line.location
    try:
        for number, words in enumerate(text.split("\n"), 1):
            if not words or words.startswith("#"):
                continue
            place = line.location = FilePlace(f"{path}:{number}")
            if words.startswith("["):
                if group:
                    _add_group(line, group, pairs)
                group, pairs = _read_group(words)
            else:
                pairs.append(_read_value(words, group))
        if group:
            _add_group(line, group, pairs)
    except QmpError as error:
        # What QEMU adds on the command line it does not add here.
        raise LocatedError(QmpError(error.desc, error.error_class), place) from None
    line.location = outer


def _read_group(words: str) -> tuple[str, Pairs]:
    """The group that a line begins, and its id, if it has one, as the first of its pairs."""
    if found := _WITH_ID.match(words):
        return found[1], [("id", found[2])]
    if found := _GROUP.match(f"{words}\n"):  # a name that does not end has the newline
        return found[1], []
    raise errors.config_malformed()


def _read_value(words: str, group: str) -> tuple[str, str]:
    found = _VALUE.match(words)
    if found is None:
        raise errors.config_malformed()
    if not group:
        raise errors.config_without_group()
    return found[1], found[2] or ""


def _add_group(line: CommandLine, group: str, pairs: Pairs) -> None:
    if group in _DICTIONARIES:
        _add_dictionary(line, group, _nested(pairs))
        return
    found = _find_list(line, group)
    values = dict(pairs)
    options = found.create(values.pop("id", None), line.location)
    for name, value in values.items():
        found.set(options, name, value)


def _nested(pairs: Pairs) -> dict[str, Any]:
    """Pairs with dotted keys as keyval has them."""
    if any(name.partition(".")[0].isdecimal() for name, _ in pairs):
        raise errors.config_section_is_list()
    text = ",".join(f"{name}={value.replace(',', ',,')}" for name, value in dict(pairs).items())
    return keyval.parse(text)[0]


def _add_dictionary(line: CommandLine, group: str, values: dict[str, Any]) -> None:
    if group == "machine":
        line.machine_options.merge(values)
    elif group in _MACHINE_PARTS:
        line.machine_options.merge({_MACHINE_PARTS[group]: values})
    elif group == "object":
        from qmp_iothreadd.qom.input_visitor import from_keyval

        union = line.config.schema.models().schema.types["ObjectOptions"]
        line.config.objects.append(ObjectConfig(from_keyval(union, values), line.location))
    else:
        from qmp_iothreadd.cli.described import from_nested  # few have one
        from qmp_iothreadd.cli.groups.displays import take_audiodev

        take_audiodev(line, from_nested(line, "Audiodev", values))


def _find_list(line: CommandLine, group: str) -> OptionList:
    if group == "chardev":
        return line.backends.chardevs
    if group == "mon":
        return line.monitors.options
    if group not in LISTS or group in ("memory-opts", "smp-opts", "boot-opts"):
        raise errors.option_group_unknown(group)
    return line.list_of(group)


def set_option(line: CommandLine, text: str) -> None:
    """``-set GROUP.ID.NAME=VALUE``.

    Raises:
        QmpError: there is no such list, or it refuses.
    """
    found = re.match(r"([^.]{1,63})\.([^.]{1,63})\.([^=]{1,63})=(.*)", text, re.DOTALL)
    if found is None:
        raise errors.option_set_malformed(text)
    group, identifier, name, value = found.groups()
    if group in _DICTIONARIES:
        raise errors.option_set_unsupported(group)
    which = _find_list(line, group)
    options = next((each for each in which.given if each.id == identifier), None)
    if options is None:
        raise errors.option_list_undefined(group, identifier)
    which.set(options, name, value)
