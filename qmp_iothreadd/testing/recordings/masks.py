"""What differs from run to run: the one table of it, and values without it.

What others are not to read is described likewise (``redaction``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

_NOTHING: Final = re.compile(r"(?!)")

# The roots of QOM and what else looks like a path and is none.
_NOT_OF_FILES: Final = r"(?!/(?:machine|objects|chardevs|backend|builtin)(?:/|\b))"
PATH_PATTERN: Final = re.compile(rf"(?<![\w./<>]){_NOT_OF_FILES}/(?:[\w.@%+~=-]+/)*[\w.@%+~=-]+")
"""The path of a file, absolute, within a text."""


@dataclass(frozen=True, slots=True)
class Mask:
    """What is hidden: all values of the ``members`` so named, ``text`` within strings."""

    name: str
    what: str
    members: re.Pattern[str] = _NOTHING
    text: re.Pattern[str] = _NOTHING


def mask_of(masks: Iterable[Mask], member: str) -> str | None:
    """The name of the first mask that hides the values of a member; None where none does."""
    return next((mask.name for mask in masks if mask.members.fullmatch(member)), None)


MASKS: Final = (
    Mask("ids", "the id of a request and its reply"),
    Mask(
        "threads",
        "the kernel's ids of threads",
        re.compile(r"thread-id"),
        re.compile(r"(?<=thread_id=)\d+"),
    ),
    Mask("pids", "ids of processes", re.compile(r"pid"), re.compile(r"(?<=\bpid )\d+")),
    Mask(
        "times",
        "dates and durations",
        re.compile(r"timestamp|(?:date|vm-clock)-n?sec|.*_time_ns|(?:total|setup|down)-?time"),
    ),
    Mask("paths", "paths of files", text=PATH_PATTERN),
    Mask(
        "ports",
        "ports of this host",
        text=re.compile(
            r"(?<=127\.0\.0\.1:)\d+|(?<=0\.0\.0\.0:)\d+|(?<=\[::1\]:)\d+|(?<=\[::\]:)\d+"
        ),
    ),
    Mask(
        "positions",
        "lines and columns of errors in requests, which are not sent again with the same spaces",
        text=re.compile(r"^\d+:\d+(?=: JSON parse error)"),
    ),
    Mask("package", "the build in QEMU's version", re.compile(r"package")),
)
"""``ids`` are those of messages alone: members of that name in values are compared."""


class Masking:
    """Some masks, and ``members`` that a user names."""

    def __init__(self, masks: Iterable[Mask] = MASKS, members: Iterable[str] = ()) -> None:
        self._masks = tuple(masks)
        self._members = frozenset(members)
        self.ids = any(mask.name == "ids" for mask in self._masks)

    def member(self, name: str) -> str | None:
        """What hides the value of a member; None where it is compared."""
        if name in self._members:
            return name
        return mask_of(self._masks, name)

    def text(self, text: str) -> str:
        """A string without what differs."""
        for mask in self._masks:
            text = mask.text.sub(f"<{mask.name}>", text)
        return text

    def apply(self, value: Any) -> Any:
        """A value without what differs; one that is hidden still says of which type it is."""
        if isinstance(value, dict):
            return {name: self._hidden(name, member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.apply(element) for element in value]
        return self.text(value) if isinstance(value, str) else value

    def _hidden(self, name: str, value: Any) -> Any:
        hidden = self.member(name)
        return self.apply(value) if hidden is None else f"<{hidden}: {type(value).__name__}>"


NO_MASKS: Final = Masking(())
