"""Names that differ on the wire, but would be the same in C, which QEMU generates from a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .messages import QAPIError, Rule
from .names import c_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .declarations import FeatureDecl, MemberDecl
    from .source import Location


def check_collisions(
    members: Iterable[MemberDecl],
    location: Location,
    seen: dict[str, MemberDecl] | None = None,
) -> dict[str, MemberDecl]:
    """Refuse members with the same C name, among themselves and with those seen. Returns all by
    C name.
    """
    seen = dict(seen) if seen else {}
    for member in members:
        other = seen.setdefault(c_name(member.name), member)
        if other is not member:
            raise QAPIError(
                Rule.COLLISION,
                location,
                what=member.describe(location),
                other=other.describe(location),
            )
    return seen


def check_feature_collisions(features: Iterable[FeatureDecl], location: Location) -> None:
    """Refuse features of one definition or member with the same C name."""
    seen: dict[str, str] = {}
    for feature in features:
        name = c_name(feature.name)
        if name in seen:
            what, other = f"feature '{feature.name}'", f"feature '{seen[name]}'"
            raise QAPIError(Rule.COLLISION, location, what=what, other=other)
        seen[name] = feature.name
