"""The option lists of the command line: a row for each, with the names that it takes."""

from __future__ import annotations

from typing import NamedTuple

from qmp_iothreadd.qom.option_lists import BOOL, NUMBER, SIZE, STRING, OptionList


class ListRow(NamedTuple):
    """``kinds`` maps the names that are allowed to their kinds; None where any name is.

    ``implied`` is the name of a first value that comes without one. ``merge``: all lists of the
    command line add up to one.
    """

    kinds: dict[str, str] | None
    implied: str | None = None
    merge: bool = False


def _kinds(
    strings: str = "", booleans: str = "", numbers: str = "", sizes: str = ""
) -> dict[str, str]:
    names = {STRING: strings, BOOL: booleans, NUMBER: numbers, SIZE: sizes}
    return {name: kind for kind, text in names.items() for name in text.split()}


HELP = ("help", "?")
"""What asks for help instead of being a value."""

LISTS = {
    "object": ListRow(None, implied="qom-type"),
    "mon": ListRow(_kinds("mode chardev", booleans="pretty"), implied="chardev"),
    "chardev": ListRow(
        _kinds(
            "backend path host port fd localaddr localport name chardev tls-creds tls-authz "
            "logfile input-path",
            booleans="ipv4 ipv6 wait server delay nodelay telnet tn3270 websocket signal mux "
            "append logappend abstract tight mouse clipboard",
            numbers="to reconnect reconnect-ms width height cols rows debug",
            sizes="size",
        ),
        implied="backend",
    ),
    "name": ListRow(_kinds("guest process", booleans="debug-threads"), implied="guest", merge=True),
    "msg": ListRow(_kinds(booleans="timestamp guest-name")),
    "trace": ListRow(_kinds("enable events file"), implied="enable"),
    # Read to no effect: typing errors are found.
    "memory": ListRow(_kinds(numbers="slots", sizes="size maxmem"), implied="size", merge=True),
    "rtc": ListRow(_kinds("base clock driftfix"), merge=True),
    "overcommit": ListRow(_kinds("mem-lock", booleans="cpu-pm"), merge=True),
    "action": ListRow(_kinds("reboot shutdown panic watchdog"), merge=True),
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
