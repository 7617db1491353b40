"""QEMU's object model: objects with typed properties, in a tree with paths."""

from qmp_iothreadd.qom.object import Object, ObjectType, Property
from qmp_iothreadd.qom.tree import ObjectTree
from qmp_iothreadd.qom.types import TypeRegistry

__all__ = ["Object", "ObjectTree", "ObjectType", "Property", "TypeRegistry"]
