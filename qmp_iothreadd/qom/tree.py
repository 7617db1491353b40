"""The tree of objects: absolute and partial paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qmp_iothreadd.qom.object import Container, Object, ObjectType
from qmp_iothreadd.qom.types import TypeRegistry


class NameIndex:
    """The objects below a root, by name: a partial path begins with one of them."""

    __slots__ = ("_named",)

    def __init__(self, root: Object) -> None:
        self._named: dict[str, dict[Object, None]] = {}
        for child in (root.children or {}).values():
            self.add(child)

    def named(self, name: str) -> Iterable[Object]:
        """The objects of this name."""
        return self._named.get(name, ())

    def add(self, top: Object) -> None:
        """An object came, with all below it."""
        for each in _walk(top):
            self._named.setdefault(each.name, {})[each] = None

    def remove(self, top: Object) -> None:
        """It is about to go."""
        for each in _walk(top):
            same = self._named[each.name]
            del same[each]
            if not same:
                del self._named[each.name]


class Root(Container):
    """The container that a tree begins with."""

    __slots__ = ("name_index",)

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.name_index: NameIndex | None = None

    def named(self, name: str) -> Iterable[Object]:
        """The objects of this name, without the root."""
        if self.name_index is None:
            # Made when somebody asks: most trees are only used by whole paths.
            self.name_index = NameIndex(self)
        return self.name_index.named(name)


class ObjectTree:
    """The root and the containers that QEMU's qom/object makes with it."""

    def __init__(self, types: TypeRegistry) -> None:
        self.types = types
        container = types.add(Container)
        self.root = Root(container)
        self.objects = Container(container)
        self.chardevs = Container(container)
        self.root.add_child("chardevs", self.chardevs)
        self.root.add_child("objects", self.objects)
        self.root.add_child("backend", Container(container))

    def resolve(self, path: str) -> tuple[Object | None, bool]:
        """The object at ``path``, and whether there is none because several answer to it.

        A path that begins with ``/`` starts at the root; any other is tried below every object,
        and must fit exactly one. Empty components are skipped, so the empty path fits everything:
        QEMU's qom/object resolves paths so.
        """
        return resolve(self.root, path)


def resolve(root: Root, path: str, type_name: str | None = None) -> tuple[Object | None, bool]:
    """What ``ObjectTree.resolve`` gives, for the tree that begins at ``root``.

    Where a type is named, there are only the objects of this type.
    """
    if path.startswith("/"):  # most do
        found = _descend(root, path.split("/"))
        fits = found is None or type_name is None or found.type.implements(type_name)
        return (found if fits else None), False
    parts = [part for part in path.split("/") if part]
    found = None
    for start in root.named(parts.pop(0)) if parts else _walk(root):
        candidate = _descend(start, parts)
        if candidate is None or not (type_name is None or candidate.type.implements(type_name)):
            continue
        if found is not None:
            return None, True
        found = candidate
    return found, False


def _descend(start: Object, parts: Iterable[str]) -> Object | None:
    current: Object | None = start
    for part in parts:
        if not part:
            continue
        if current is None or not current.children:
            return None
        current = current.children.get(part)
    return current


def _walk(start: Object) -> Iterator[Object]:
    pending = [start]
    while pending:
        current = pending.pop()
        yield current
        if current.children:
            pending.extend(current.children.values())
