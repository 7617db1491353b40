"""What tells the machines of a fleet apart."""

from __future__ import annotations

import uuid

NUMBER = "{n}"
"""Where this stands in a text, a machine has its number, from 0."""


def numbered(text: str, number: int) -> str:
    """The text for one machine."""
    return text.replace(NUMBER, str(number))


def uuid_of(name: str) -> str:
    """A UUID that a machine of this name has at each start, and no other has."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def uuid_after(start: str, number: int) -> str:
    """The UUID so many places after another."""
    return str(uuid.UUID(int=(int(uuid.UUID(start)) + number) % (1 << 128)))
