"""Names that differ on the wire, but would be the same in C, which QEMU generates from a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.qapi.messages import QAPIError, Rule
from qmp_iothreadd.qapi.names import c_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qmp_iothreadd.qapi.declarations import FeatureDecl, MemberDecl
    from qmp_iothreadd.qapi.source import Location


def collision(member: MemberDecl, other: MemberDecl, location: Location) -> QAPIError:
    """The error for two members of one object whose names are the same in C."""
    what, rest = member.describe(location), other.describe(location)
    return QAPIError(Rule.COLLISION, location, what=what, other=rest)


def check_collisions(
    members: Iterable[MemberDecl],
    location: Location,
    seen: dict[str, MemberDecl] | None = None,
) -> dict[str, MemberDecl]:
    """Refuse members with the same C name, also as one of those seen. Returns all by C name."""
    seen = dict(seen) if seen else {}
    for member in members:
        other = seen.setdefault(c_name(member.name), member)
        if other is not member:
            raise collision(member, other, location)
    return seen


def check_feature_collisions(
    features: Iterable[FeatureDecl], location: Location, owner: str
) -> None:
    """Refuse features of one definition or member, which ``owner`` names, with the same C name."""
    # QEMU's schema.py says "of type" where the owner is a member, too.
    of_owner = f" of type '{owner}'" if owner != location.name else ""
    seen: dict[str, str] = {}
    for feature in features:
        name = c_name(feature.name)
        what = f"feature '{feature.name}'{of_owner}"
        if name in seen:
            raise QAPIError(Rule.COLLISION, location, what=what, other=seen[name])
        seen[name] = what
