"""The rules of names: which are well-formed, which are reserved, and which clash once they are
C identifiers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qmp_iothreadd.qapi.messages import QAPIError, Rule

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.source import Location

# [__RFQDN_][x-]STEM: a downstream extension is prefixed by a reversed domain name, an unstable
# name by x-.
_NAME = re.compile(r"(?:__[a-z0-9.-]+_)?(?:x-)?([a-z][a-z0-9_-]*)", re.IGNORECASE | re.ASCII)
_NOT_IN_C = re.compile(r"[^A-Za-z0-9_]")
_UPPER = re.compile(r"[A-Z0-9_]+")
_CAMEL = re.compile(r"[A-Z][A-Z0-9]*[a-z][A-Za-z0-9]*")


def c_name(name: str) -> str:
    """A name as an identifier of C, without the prefix that QEMU gives to keywords of C."""
    return _NOT_IN_C.sub("_", name)


def check_string(name: object, location: Location, source: str) -> str:
    """A name must be a string."""
    if not isinstance(name, str):
        raise QAPIError(Rule.NAME_NOT_STRING, location, source=source)
    return name


def check_name(name: str, location: Location, source: str) -> str:
    """A name must be well-formed and outside the reserved ``q_`` name space. Returns its stem,
    prefixes removed.
    """
    match = _NAME.fullmatch(name)
    if not match or name.startswith(("q_", "q-")):
        raise QAPIError(Rule.INVALID_NAME, location, source=source)
    return match[1]


def check_upper(name: str, location: Location, source: str) -> None:
    """Names of events are in upper case."""
    if not _UPPER.fullmatch(check_name(name, location, source)):
        raise QAPIError(Rule.NAME_NOT_UPPER, location, source=source)


def check_camel(name: str, location: Location, source: str) -> None:
    """Names of types are in CamelCase."""
    if not _CAMEL.fullmatch(check_name(name, location, source)):
        raise QAPIError(Rule.NAME_NOT_CAMEL, location, source=source)


def check_lower(
    name: str, location: Location, source: str, *, upper: bool = False, underscore: bool = False
) -> None:
    """Names of commands, members, values and features are in lower case with dashes, unless a
    pragma exempts them.
    """
    stem = check_name(name, location, source)
    if ("_" in stem and not underscore) or (not upper and not stem.islower()):
        raise QAPIError(Rule.NAME_NOT_LOWER, location, source=source)


def check_definition(meta: str, name: str, location: Location) -> None:
    """The name of a definition of this kind (``struct``, ``command`` …)."""
    if meta == "event":
        check_upper(name, location, meta)
    elif meta == "command":
        exempt = name in location.pragmas.exceptions["command-name-exceptions"]
        check_lower(name, location, meta, underscore=exempt)
    else:
        check_camel(name, location, meta)
    if name.endswith("List"):
        raise QAPIError(Rule.NAME_ENDS_IN_LIST, location, meta=meta)


def check_member(name: str, location: Location, source: str, *, exempt: bool) -> None:
    """The name of a member or argument; ``u`` and ``has_…`` are taken by the C code."""
    check_lower(name, location, source, upper=exempt, underscore=exempt)
    if name == "u" or name.startswith(("has-", "has_")):
        raise QAPIError(Rule.RESERVED_NAME, location, source=source)
