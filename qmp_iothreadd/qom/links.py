"""Properties that lead to other objects."""

from __future__ import annotations

from qmp_iothreadd import errors
from qmp_iothreadd.qom.object import Object
from qmp_iothreadd.qom.tree import Root, resolve


def resolve_link(user: Object, name: str, path: str, type_name: str) -> str:
    """The canonical path of what the property ``name`` of an object in the tree leads to.

    ``path`` may be a partial one, which has to fit a single object of the type; an empty one leads
    nowhere.

    Raises:
        QmpError: there is no such object, or it is of another type.
    """
    if not path:
        return ""
    root = user.root()
    assert isinstance(root, Root)
    found, ambiguous = resolve(root, path, type_name)
    if ambiguous:
        raise errors.link_ambiguous(path)
    if found is not None:
        return found.path
    if resolve(root, path) == (None, False):
        raise errors.device_not_found(path)
    raise errors.link_of_another_type(name, type_name)
