"""Which keys an object of the language must have, and may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.qapi.messages import QAPIError, Rule

if TYPE_CHECKING:
    from collections.abc import Collection

    from qmp_iothreadd.qapi.source import Location


def _quoted(keys: Collection[str]) -> str:
    return ", ".join(f"'{key}'" for key in sorted(keys))


def check_keys(
    value: Collection[str],
    location: Location,
    source: str,
    required: Collection[str],
    optional: Collection[str],
) -> None:
    """Refuse an object that lacks a required key, or has one that is not allowed."""
    missing = [key for key in required if key not in value]
    if missing:
        rule = Rule.MISSES_KEYS if len(missing) > 1 else Rule.MISSES_KEY
        raise QAPIError(rule, location, source=source, keys=_quoted(missing))
    unknown = [key for key in value if key not in required and key not in optional]
    if unknown:
        rule = Rule.UNKNOWN_KEYS if len(unknown) > 1 else Rule.UNKNOWN_KEY
        raise QAPIError(
            rule,
            location,
            source=source,
            keys=_quoted(unknown),
            valid=_quoted({*required, *optional}),
        )
