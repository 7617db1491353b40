"""Types that only the served schema has: an extension's, which nothing is written for yet.

Their objects can be created, listed, set, read and deleted, and do nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.qapi.shipped import shipped_schema
from qmp_iothreadd.qom.configurable import ConfigurableObject
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qmp_iothreadd.qapi.schema import ObjectType, Schema


def object_branches(schema: Schema) -> dict[str, ObjectType]:
    """The types that object-add takes, each with the struct of its properties."""
    variants = getattr(schema.types.get("ObjectOptions"), "variants", None)
    return variants.cases if variants else {}


def described_types(served: Schema) -> Iterator[tuple[type[ConfigurableObject], ObjectType]]:
    """A class and the struct of its properties for each type that the shipped schema lacks.

    The shipped schema names all of QEMU's types; those that are not built in are refused, as by a
    QEMU that lacks them.
    """
    shipped = object_branches(shipped_schema(served))
    for name, struct in object_branches(served).items():
        if name not in shipped:
            members = {"__slots__": (), "qom_name": name, "interfaces": (USER_CREATABLE,)}
            yield type(name, (ConfigurableObject,), members), struct
