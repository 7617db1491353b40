"""The version of QEMU that clients see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

Version = tuple[int, int, int]

VERSION: Final[Version] = (11, 1, 3)


def dotted(version: Version) -> str:
    """The version as people write it: "8.2.0"."""
    return ".".join(map(str, version))


VERSION_TEXT: Final = dotted(VERSION)


def read_version(given: str | Sequence[int]) -> Version:
    """Major, minor and micro of "8.2", "8.2.0", (8, 2) or (8, 2, 0).

    Raises:
        ValueError: it is none of these.
    """
    parts = given.split(".") if isinstance(given, str) else list(given)
    numbers = [_number(part) for part in parts]
    if len(numbers) not in (2, 3) or None in numbers:
        raise ValueError(f'{given!r} is no version of QEMU: say "8.2", "8.2.0" or (8, 2, 0)')
    major, minor, micro = [number or 0 for number in (*numbers, 0)[:3]]
    return major, minor, micro


def _number(part: object) -> int | None:
    if isinstance(part, str):
        return int(part) if part.isascii() and part.isdigit() and len(part) < 10 else None
    return part if type(part) is int and part >= 0 else None


# Before these, the greeting offered nothing.
_CAPABILITIES_SINCE: Final = (2, 12)

#: Of older ones it is not known well enough what they lacked.
OLDEST: Final = (2, 7)


def read_known_version(given: str | Sequence[int], *, greeting: str = "version=") -> Version:
    """The same, of a version whose schema is known.

    ``greeting`` is how whoever gave it has only the greeting say another one.

    Raises:
        ValueError: it is no version, an earlier one than is known, or a later one than is served.
    """
    version = read_version(given)
    if version[:2] < OLDEST:
        raise ValueError(
            f"QEMU {given!r} is older than {OLDEST[0]}.{OLDEST[1]}, the first of which it is known"
            " what later ones added"
        )
    if version[:2] > VERSION[:2]:
        raise ValueError(
            f"QEMU {given!r} is newer than {VERSION_TEXT}, whose commands are served: take an older"
            f" one, or have only the greeting say another version, with {greeting}"
        )
    return version


def greeting_of(version: Version) -> dict[str, Any]:
    """The keywords of a Machine that greets its clients as that version does."""
    told: dict[str, Any] = {"version": version}
    return told if version[:2] >= _CAPABILITIES_SINCE else {**told, "capabilities": ()}
