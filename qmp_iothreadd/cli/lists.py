"""The option lists of the command line: a row for each, with the names that it takes."""

from __future__ import annotations

from typing import NamedTuple

from qmp_iothreadd.chardev.options import OPTION_KINDS
from qmp_iothreadd.qom.option_lists import BOOL, OptionList, option_kinds


class ListRow(NamedTuple):
    """``kinds`` maps the names that are allowed to their kinds; None where any name is.

    ``implied`` is the name of a first value that comes without one. ``merge``: all lists of the
    command line add up to one.
    """

    kinds: dict[str, str] | None
    implied: str | None = None
    merge: bool = False


HELP = ("help", "?")
"""What asks for help instead of being a value."""

LISTS = {
    "object": ListRow(None, implied="qom-type"),
    "mon": ListRow(option_kinds("mode chardev", booleans="pretty"), implied="chardev"),
    "chardev": ListRow(OPTION_KINDS, implied="backend"),
    "name": ListRow(
        option_kinds("guest process", booleans="debug-threads"), implied="guest", merge=True
    ),
    "msg": ListRow(option_kinds(booleans="timestamp guest-name")),
    "trace": ListRow(option_kinds("enable events file"), implied="enable"),
    # Read to no effect: typing errors are found.
    "memory": ListRow(
        option_kinds(numbers="slots", sizes="size maxmem"), implied="size", merge=True
    ),
    "rtc": ListRow(option_kinds("base clock driftfix"), merge=True),
    "overcommit": ListRow(option_kinds("mem-lock", booleans="cpu-pm"), merge=True),
    "action": ListRow(option_kinds("reboot shutdown panic watchdog"), merge=True),
}


def new_list(name: str) -> OptionList:
    """An empty collection of one kind of list."""
    row = LISTS[name]
    return OptionList(name, implied=row.implied, merge=row.merge, description=row.kinds)


def list_words(name: str) -> list[str]:
    """How the options of a list begin: ``path=``, ``server=on``, ``server=off``."""
    words: list[str] = []
    for key, kind in (LISTS[name].kinds or {}).items():
        words += [f"{key}=on", f"{key}=off"] if kind == BOOL else [f"{key}="]
    return words
